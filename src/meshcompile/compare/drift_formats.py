"""A drift for pull requests, browsers and GitHub Actions."""

from collections.abc import Iterator
from html import escape

from meshcompile.compare.drift import Drift, DriftedField, DriftedResource
from meshcompile.compare.drift_report import SAYS, drift_text, head, places, shown
from meshcompile.compare.page import STYLE
from meshcompile.compare.report import escaped
from meshcompile.compare.resources import ChangeKind
from meshcompile.documents import Origin


def drift_as(drift: Drift, form: str) -> str:
    """The drift as `markdown`, `html` or `github`; as text for any other form."""
    match form:
        case "markdown":
            return "\n".join(_markdown(drift)) + "\n"
        case "html":
            return _page(drift)
        case "github":
            return "".join(f"{line}\n" for each in drift.resources for line in _annotations(each))
        case _:
            return drift_text(drift)


def _markdown(drift: Drift) -> Iterator[str]:
    """A table with a row for each field that differs, and for each resource that one side has."""
    yield f"**meshcompile drift**: {head(drift)}"
    if drift.resources:
        yield ""
        yield "| resource | field | running | files | places |"
        yield "|---|---|---|---|---|"
    for resource in drift.resources:
        name = _code(f"{resource.type} {resource.name}")
        if resource.change is not ChangeKind.CHANGED:
            yield f"| {name} | {SAYS[resource.change]} | | | {_code(places(resource.places))} |"
        for field in resource.fields:
            values = f"{_code(shown(field.running))} | {_code(shown(field.wanted))}"
            yield f"| {name} | {_code(field.pointer)} | {values} | {_code(places(field.places))} |"


def _code(text: str) -> str:
    """Code in a cell of a table. A backtick would end it."""
    return f"`{text.replace('|', '&#124;').replace('`', chr(39))}`" if text else ""


def _page(drift: Drift) -> str:
    start = '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>meshcompile drift</title>'
    content = "\n".join((f"<p>{escape(head(drift))}</p>", *map(_section, drift.resources)))
    return f"{start}\n<style>{STYLE}</style></head><body><h1>meshcompile drift</h1>{content}\n</body></html>\n"


def _section(resource: DriftedResource) -> str:
    says = "" if resource.change is ChangeKind.CHANGED else SAYS[resource.change]
    fields = "".join(map(_items, resource.fields)) or _item("places", places(resource.places))
    title = escape(f"{resource.type} {resource.name} {says}".rstrip())
    return f"<section><h2>{title}</h2><dl>{fields}</dl></section>"


def _items(field: DriftedField) -> str:
    return "".join(
        (
            _item("field", field.pointer),
            _item("running", shown(field.running), "before"),
            _item("files", shown(field.wanted), "after"),
            _item("places", places(field.places)),
        )
    )


def _item(name: str, value: str, kind: str = "") -> str:
    return f'<dt>{name}</dt><dd><code class="{kind}">{escape(value)}</code></dd>' if value else ""


def _annotations(resource: DriftedResource) -> Iterator[str]:
    """A warning at each place of the files; without a place if the files do not have the resource."""
    name = f"{resource.type} {resource.name}"
    if resource.change is not ChangeKind.CHANGED:
        yield _annotation(f"{name} {SAYS[resource.change]}", *resource.places[:1])
    for field in resource.fields:
        values = f"running: {shown(field.running)}, files: {shown(field.wanted)}"
        yield _annotation(f"{name} {field.pointer}: {values}", *field.places[:1])


def _annotation(message: str, place: Origin | None = None) -> str:
    at = f"file={place.file},line={place.line}," if place else ""
    return f"::warning {at}title=meshcompile drift::{escaped(message)}"
