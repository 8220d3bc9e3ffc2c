"""A trace as text for a terminal: the way first, and the outcome with the lines to blame last."""

from collections.abc import Iterator

from meshcompile.explain.trace import BlamedLine, Hop, Trace, TraceStep
from meshcompile.findings.colours import BOLD, Paint

MOST_MISSES = 3
INDENT = "  "


def report(trace: Trace, paint: Paint) -> str:
    """The text of a trace."""
    return "\n".join(_lines(trace, paint)) + "\n"


def _lines(trace: Trace, paint: Paint) -> Iterator[str]:
    asked = trace.request
    yield f"{asked.get('method', 'GET')} {asked['url']} from {asked['from']}"
    for hop in trace.hops:
        yield ""
        yield from _hop(hop)
    if len(trace.outcomes) > 1:
        yield ""
        yield "outcomes:"
        yield from (f"{INDENT}{each.share:g}%  {each.say}" for each in trace.outcomes)
    yield ""
    yield from _blame("change first", trace.blame)
    yield from _blame("near misses", trace.near_misses[:MOST_MISSES])
    yield paint(trace.outcome.say, BOLD)


def _hop(hop: Hop) -> Iterator[str]:
    yield f"{hop.proxy} ({hop.direction})"
    for step in hop.steps:
        yield from _step(step)


def _step(step: TraceStep) -> Iterator[str]:
    name = f" {step.name}" if step.name else ""
    place = next((f"  ({origin.file}:{origin.line})" for origin in step.places), "")
    yield f"{INDENT}{step.what}{name}: {step.decision}{place}"


def _blame(title: str, lines: tuple[BlamedLine, ...]) -> Iterator[str]:
    if not lines:
        return
    yield f"{title}:"
    for each in lines:
        yield f"{INDENT}{each.origin.file}:{each.origin.line}  {each.origin.field}"
        yield f"{INDENT * 2}{each.why}"
    yield ""
