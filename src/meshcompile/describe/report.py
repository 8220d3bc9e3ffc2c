"""A description as text for a terminal, at most 100 columns wide."""

from collections.abc import Iterator
from textwrap import wrap

from meshcompile.describe.description import DescribedFact, Description
from meshcompile.diagnostics import Severity
from meshcompile.documents import Origin
from meshcompile.findings.colours import BOLD, SEVERITIES, Paint

WIDTH = 100
MARK = "! "


def description_report(description: Description, paint: Paint) -> str:
    """The text of a description. Problems have a mark."""
    return "\n".join(_lines(description, paint)) + "\n"


def _lines(description: Description, paint: Paint) -> Iterator[str]:
    name = f"{description.name}.{description.namespace}" if description.namespace else description.name
    yield paint(f"{description.kind} {name}", BOLD) + _at(description.origin)
    for section in description.sections:
        yield ""
        yield paint(section.title, BOLD)
        for fact in section.facts:
            yield from _fact(fact, "  ", paint)
    problems = len(description.problems)
    if problems:
        yield ""
        yield paint(f"{problems} problem{'' if problems == 1 else 's'}, marked with !", SEVERITIES[Severity.WARNING])


def _fact(fact: DescribedFact, indent: str, paint: Paint) -> Iterator[str]:
    text = f"{fact.say}{_at(fact.origin)}"
    begin = f"{indent[:-2]}{MARK}" if fact.problem else indent
    lines = wrap(
        text,
        WIDTH,
        initial_indent=begin,
        subsequent_indent=f"{indent}  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    yield from (paint(line, SEVERITIES[Severity.WARNING]) if fact.problem else line for line in lines)
    for detail in fact.details:
        yield from _fact(detail, f"{indent}  ", paint)


def _at(origin: Origin | None) -> str:
    return f" ({origin.file}:{origin.line})" if origin is not None and origin.file else ""
