"""The registry of diagnostic codes, with one module per area. An area is imported only when all codes are requested.

`examples/` has two inputs for the page of each code: `CODE.bad.yaml` has the finding at the lines that end in `# CODE`,
and `CODE.good.yaml`, a near miss, does not have it.
"""

from importlib import import_module

from msgspec import Struct

from meshcompile.diagnostics import Code

PAGE = """\
{advice}

Bad:

```yaml
{bad}```

Good:

```yaml
{good}```"""


class Examples(Struct, frozen=True):
    """An input that has the finding, and a similar one that does not."""

    bad: str
    good: str


def areas() -> tuple[str, ...]:
    """The module names of this package, ordered by their lowest code id."""
    from pkgutil import iter_modules  # here for a fast start

    return tuple(sorted((module.name for module in iter_modules(__path__)), key=lambda area: codes_of(area)[0].id))


def codes_of(area: str) -> tuple[Code, ...]:
    """The codes that one module declares, ordered by id."""
    values = vars(import_module(f"{__name__}.{area}")).values()
    return tuple(sorted((value for value in values if isinstance(value, Code)), key=lambda code: code.id))


def every_code() -> tuple[Code, ...]:
    """All codes, ordered by area and then by id."""
    return tuple(code for area in areas() for code in codes_of(area))


def examples(code: Code) -> Examples | None:
    """The examples on the page of a code; None if it has none."""
    from importlib.resources import files  # here for a fast start

    folder = files(__package__).joinpath("examples")
    bad, good = (folder.joinpath(f"{code.id}.{side}.yaml") for side in Examples.__struct_fields__)
    return Examples(bad.read_text("utf-8"), good.read_text("utf-8")) if bad.is_file() else None


def page(code: Code) -> str:
    """The text of the page of a code, as Markdown: the problem and the fix, and the examples."""
    shown = examples(code)
    return code.advice if shown is None else PAGE.format(advice=code.advice, bad=shown.bad, good=shown.good)
