"""A plan as text for people: on a terminal, and in Markdown for a pull request."""

from collections.abc import Iterator, Sequence

from meshcompile.compare import report
from meshcompile.rollout.footprint import Size
from meshcompile.rollout.order import OrderVerdict
from meshcompile.rollout.plan import MOST_EDITS, Plan
from meshcompile.rollout.savings import Savings
from meshcompile.rollout.steps import PlanStep
from meshcompile.words import counted

UNITS = ((1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB"))
MOST_LINES = 10
"""The number of connections, problems and workloads that are listed."""


def summary(plan: Plan) -> str:
    """The plan in one sentence."""
    if plan.is_empty:
        return "nothing to apply: the inputs say the same"
    return f"{counted(_edited(plan), 'object', ',')} to apply, {_verdict(plan)}"


def _edited(plan: Plan) -> int:
    return len({step.edit.id for step in plan.steps}) + len(plan.blocked)


def _verdict(plan: Plan) -> str:
    match plan.verdict:
        case OrderVerdict.SAFE if plan.needs_two_phases:
            return f"safe in {counted(len(plan.steps), 'step', ',')}, with a version that neither side has"
        case OrderVerdict.SAFE:
            return f"safe in {counted(len(plan.steps), 'step', ',')}"
        case OrderVerdict.IMPOSSIBLE:
            return "and no order is safe"
        case OrderVerdict.UNKNOWN:
            return "and no order was found"


def text(plan: Plan) -> str:
    """The report for a terminal."""
    parts = (
        list(fleet_lines(plan)),
        list(order_lines(plan)),
        list(drain_lines(plan)),
        list(saving_lines(plan.savings)),
    )
    blocks = ["\n".join(lines) for lines in parts if lines and not plan.is_empty]
    return "\n\n".join((summary(plan), *blocks, report.text(plan.diff)))


def fleet_lines(plan: Plan) -> Iterator[str]:
    """What is pushed to how many proxies, and the sizes."""
    before, after = plan.sizes
    changed = sum(bool(each.types) for each in plan.footprints)
    yield f"fleet: {changed} of {counted(len(plan.footprints), 'proxy', ',')} get something new"
    for name, workloads in plan.pushes.items():
        if workloads:
            count = sum(name in each.types for each in plan.footprints)
            yield f"  {name:<4} {counted(count, 'proxy', ',')}: {report.names(workloads)}"
    yield f"  size {_size(before)} before, {_size(after)} after"


def order_lines(plan: Plan) -> Iterator[str]:
    """The steps, and what cannot be applied."""
    if plan.steps:
        checked = f"checked at {counted(plan.checked, 'proxy', ',')} after each step"
        yield f"steps: make before break, {checked}"
    for number, step in enumerate(plan.steps, 1):
        yield f"  {number}. {step_line(step)}"
        yield f"     {step.reason}{_pushes(step)}"
    if plan.blocked:
        yield "no safe order for:"
    for name, problems in plan.blocked[:MOST_LINES]:
        yield f"  {name}"
        yield from (f"     now {problem}" for problem in problems[:MOST_LINES])
    if plan.verdict is OrderVerdict.IMPOSSIBLE:
        yield "  change them in two phases: let the old and the new exist together, move the routes, and then clean up"
    if plan.verdict is OrderVerdict.UNKNOWN:
        yield f"  orders are looked for up to {MOST_EDITS} objects, and given up after some hundred meshes"


def step_line(step: PlanStep) -> str:
    """`apply VirtualService shop/catalog (mesh.yaml:3)`."""
    place = (
        "a version with both, see -o json"
        if step.edit.is_transitional
        else f"{step.edit.place.file}:{step.edit.place.line}"
    )
    return f"{step.action} {step.edit.name} ({place})"


def _pushes(step: PlanStep) -> str:
    pushes = ", ".join(f"{name} {count}" for name, count in step.pushes.items())
    drained = "; closes connections" if step.drains else ""
    return f" [{pushes}{drained}]" if pushes else " [nothing is pushed]"


def drain_lines(plan: Plan) -> Iterator[str]:
    """The connections that close."""
    if plan.drains:
        yield "connections that close:"
    yield from (f"  {drain}" for drain in plan.drains[:MOST_LINES])
    if len(plan.drains) > MOST_LINES:
        yield f"  and {len(plan.drains) - MOST_LINES} more"


def saving_lines(savings: Savings) -> Iterator[str]:
    """What narrower scopes would save."""
    narrow = savings.with_sidecar
    if narrow is not None and narrow.bytes < savings.sidecars.bytes:
        saved = savings.sidecars.bytes - narrow.bytes
        yield f"could be saved: {_bytes(saved)} of {_bytes(savings.sidecars.bytes)} of all sidecars, by a Sidecar"
        yield "  that imports ./* and the root namespace only"
        for each in savings.exports:
            yield f"  {_bytes(each.bytes)} by exportTo: [.] on the Services of {each.namespace}"


def _size(size: Size) -> str:
    return f"{_bytes(size.bytes)} in {counted(size.resources, 'resource', ',')}"


def _bytes(number: int) -> str:
    """`1.5 MB`."""
    return next((f"{number / unit:.1f} {name}" for unit, name in UNITS if number >= unit), f"{number} bytes")


def markdown(plan: Plan) -> str:
    """The report as a comment of a pull request: the steps as a list, and the rest folded."""
    return "\n".join(_markdown(plan)) + "\n"


def _markdown(plan: Plan) -> Iterator[str]:
    yield f"**meshcompile plan**: {summary(plan)}"
    if plan.steps:
        yield ""
    for number, step in enumerate(plan.steps, 1):
        yield f"{number}. {step_line(step)}: {step.reason}{_pushes(step)}"
    for name, problems in plan.blocked:
        yield f"- ⚠️ no safe order for {name}: {'; '.join(problems[:MOST_LINES])}"
    for title, lines in _folded(plan):
        yield from report.details(title, lines)
    yield from ("", report.markdown(plan.diff).rstrip())


def _folded(plan: Plan) -> Iterator[tuple[str, Sequence[str]]]:
    parts = (list(fleet_lines(plan)), list(drain_lines(plan)), list(saving_lines(plan.savings)))
    for title, lines in zip(("fleet", "connections that close", "what could be saved"), parts, strict=True):
        if lines and not plan.is_empty:
            yield title, lines[1:] if lines[0] == f"{title}:" else lines
