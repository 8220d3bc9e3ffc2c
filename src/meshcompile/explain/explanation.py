"""Explains a request: follows it through the mesh, and says which lines decide."""

from collections.abc import Iterator, Sequence

from msgspec import structs

from meshcompile.explain.blame import blamed, near_misses
from meshcompile.explain.evidence import Evidence, places
from meshcompile.explain.journey import Journey, Passage
from meshcompile.explain.request import Request
from meshcompile.explain.say import sentence
from meshcompile.explain.trace import BlamedLine, Hop, Trace, TraceOutcome, TraceStep
from meshcompile.explain.walk import journeys
from meshcompile.explain.world import World
from meshcompile.explain.ztunnel import ZtunnelDecision
from meshcompile.simulate import NearMiss
from meshcompile.simulate.outcomes import Step


def explanation(world: World, request: Request) -> Trace:
    """The explanation of a request."""
    found = journeys(world, request)
    evidence = Evidence(world, request, found[0])
    blame = blamed(evidence)
    known = {(line.origin.file, line.origin.line) for line in blame[:1]}
    close = tuple(each for each in near_misses(evidence) if (each.origin.file, each.origin.line) not in known)
    outcomes = tuple(_outcome(world, each, blame if each is found[0] else ()) for each in found)
    answering = _equally_likely(found)
    return Trace(
        request=request.to_dict(),
        outcome=outcomes[0] if len(answering) < 2 else _by_chance(world, found[0], blame, answering),
        hops=tuple(_hops(world, found[0])),
        blame=blame,
        near_misses=close,
        outcomes=outcomes,
    )


def _equally_likely(found: Sequence[Journey]) -> tuple[str, ...]:
    """Who answers in the most likely journeys, if several that end alike are equally likely."""
    ends = [(each.share, each.status, each.flags) for each in found]
    alike = (each.answered_by for each, end in zip(found, ends, strict=True) if end == ends[0])
    return tuple(dict.fromkeys(name for name in alike if name is not None))


def _by_chance(
    world: World, journey: Journey, blame: tuple[BlamedLine, ...], answering: tuple[str, ...]
) -> TraceOutcome:
    """The outcome of a journey that could equally well end at others."""
    said = sentence(world, structs.replace(journey, answered_by=" or ".join(answering)), blame)
    return structs.replace(_outcome(world, journey, blame), answered_by=None, say=said)


def _outcome(world: World, journey: Journey, blame: tuple[BlamedLine, ...]) -> TraceOutcome:
    decided = journey.decided_by
    return TraceOutcome(
        status=journey.status,
        flags=journey.flags,
        cluster=journey.cluster,
        proxy=world.name(decided.proxy) if decided is not None else None,
        answered_by=journey.answered_by,
        say=sentence(world, journey, blame),
        share=round(float(journey.share) * 100, 2),
        depends_on=journey.depends_on,
    )


def _hops(world: World, journey: Journey) -> Iterator[Hop]:
    """The proxies on the way, with the ztunnels between them."""
    for index in range(len(journey.passages) + 1):
        yield from (_ztunnel(decision) for before, decision in journey.ztunnels if before == index)
        yield from (_hop(world, passage) for passage in journey.passages[index : index + 1])


def _ztunnel(decision: ZtunnelDecision) -> Hop:
    places = (decision.origin,) if decision.origin.file else ()
    return Hop(f"ztunnel of {decision.workload}", "ztunnel", (TraceStep("connection", "", decision.why, places),))


def _hop(world: World, passage: Passage) -> Hop:
    steps = tuple(_step(passage, step) for step in passage.outcome.steps)
    return Hop(world.name(passage.proxy), passage.direction, steps)


def _step(passage: Passage, step: Step) -> TraceStep:
    close = tuple(line for miss in step.near_misses for line in _near_miss(passage, miss))
    return TraceStep(step.what, step.name, step.decision, places(passage.config, step.pointer), close)


def _near_miss(passage: Passage, miss: NearMiss) -> tuple[BlamedLine, ...]:
    """The first condition that failed, if it comes from the input."""
    failed = miss.failed[:1]
    return tuple(
        BlamedLine(origin, str(check)) for check in failed for origin in places(passage.config, check.pointer)[:1]
    )
