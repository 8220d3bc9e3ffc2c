"""Runs tests: follows each request, and compares its outcomes with what the test expects."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Origin
from meshcompile.errors import MeshcompileError, UnknownProxy
from meshcompile.explain.explanation import explanation
from meshcompile.explain.journey import Journey
from meshcompile.explain.trace import Trace
from meshcompile.explain.walk import journeys
from meshcompile.explain.world import World
from meshcompile.mesh import Mesh
from meshcompile.testing.comparing import TOLERANCE, has_weights
from meshcompile.testing.facts import ALL_FACTS, HOP, OUTCOME, Fact, percent, weights
from meshcompile.testing.hops import ObservedHop, clients
from meshcompile.testing.shape import fault
from meshcompile.testing.suites import Holds, MeshTest


class Mismatch(Struct, frozen=True):
    """A fact that a test expects and that does not hold. `origin` is the place of the expectation."""

    fact: str
    wanted: Any
    got: Any
    origin: Origin

    def to_dict(self) -> dict[str, Any]:
        """The mismatch as plain data."""
        place = {"file": self.origin.file, "line": self.origin.line}
        return {"fact": self.fact, "wanted": self.wanted, "got": self.got, **place}


class Verdict(Struct, frozen=True):
    """What became of a test. `trace` explains a failed one; `problem` says why a test could not be run."""

    test: MeshTest
    mismatches: tuple[Mismatch, ...] = ()
    trace: Trace | None = None
    problem: Diagnostic | None = None
    journeys: tuple[Journey, ...] = ()

    @property
    def result(self) -> str:
        """`passed`, `failed` or `error`."""
        return "error" if self.problem is not None else "failed" if self.mismatches else "passed"

    @property
    def passed(self) -> bool:
        return self.result == "passed"

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data, as `meshcompile test -o json` prints it."""
        return {
            "name": self.test.name,
            "file": self.test.origin.file,
            "line": self.test.origin.line,
            "result": self.result,
            "request": self.test.request.to_dict(),
            "mismatches": [each.to_dict() for each in self.mismatches],
            "problem": self.problem.message if self.problem is not None else None,
            "trace": self.trace.to_dict() if self.trace is not None else None,
        }


class Judge:
    """Runs tests of one mesh. The proxies that requests meet are compiled once."""

    def __init__(self, mesh: Mesh) -> None:
        self.mesh = mesh
        self.world = World(mesh)

    def verdicts(self, tests: Iterable[MeshTest]) -> Iterator[Verdict]:
        """The verdicts of tests, in order."""
        return map(self.verdict, tests)

    def verdict(self, test: MeshTest) -> Verdict:
        """The verdict of one test."""
        try:
            found = journeys(self.world, test.request)
        except MeshcompileError as error:
            return Verdict(test, problem=_not_run(test, error))
        mismatches = tuple(_judged(self._observed(found), test))
        trace = explanation(self.world, test.request) if mismatches else None
        return Verdict(test, mismatches, trace, journeys=found)

    def _observed(self, found: Sequence[Journey]) -> list["ObservedOutcome"]:
        return [ObservedOutcome(each, clients(self.world, each)) for each in found]


class ObservedOutcome(Struct, frozen=True):
    """A way that the request can take, and the proxies that route it."""

    journey: Journey
    hops: tuple[ObservedHop, ...]


def _not_run(test: MeshTest, error: MeshcompileError) -> Diagnostic:
    names = error.candidates if isinstance(error, UnknownProxy) else ()
    place = test.origin.at("from") if isinstance(error, UnknownProxy) else test.origin
    return fault(place, str(error).partition(";")[0], f"write {' or '.join(names)}" if names else "")


def _judged(outcomes: Sequence["ObservedOutcome"], test: MeshTest) -> Iterable[Mismatch]:
    match test.holds:
        case Holds.ALWAYS:
            return _mismatches(outcomes, test.expected, test.wanted)
        case Holds.SOMETIMES:
            return min((list(_of_all([each], test.expected, test.wanted)) for each in outcomes), key=len)
        case Holds.NEVER:
            held = not list(_of_all(outcomes, test.expected, test.wanted))
            return [Mismatch("not", test.expected, test.expected, test.wanted)] if held else []


def _mismatches(outcomes: Sequence[ObservedOutcome], expected: Any, origin: Origin) -> Iterator[Mismatch]:
    if isinstance(expected, Mapping):
        yield from _of_all(outcomes, expected, origin)
        return
    matched: set[int] = set()
    for index, entry in enumerate(expected):
        fitting = [at for at, outcome in enumerate(outcomes) if not list(_of_outcome(outcome, entry, origin))]
        matched.update(fitting)
        yield from _of_share([outcomes[at] for at in fitting], outcomes, entry, origin.at(index))
    for at, outcome in enumerate(outcomes):
        if at not in matched:
            yield Mismatch("outcome", "one of the entries", _summary(outcome), origin)


def _of_all(outcomes: Sequence[ObservedOutcome], expected: Mapping[str, Any], origin: Origin) -> Iterator[Mismatch]:
    """What does not hold for every outcome. What is wrong with several outcomes is one mismatch."""
    found: dict[str, Mismatch] = {}
    for outcome in outcomes:
        for each in _of_outcome(outcome, expected, origin):
            found.setdefault(each.fact, each)
    yield from found.values()
    if (wanted := expected.get("weights")) is not None:
        got = weights([(each.hops[0], percent(each.journey)) for each in outcomes])
        if not has_weights(wanted, got):
            yield Mismatch("weights", wanted, got, origin.at("weights"))


def _of_share(
    fitting: Sequence[ObservedOutcome], outcomes: Sequence[ObservedOutcome], entry: Mapping[str, Any], origin: Origin
) -> Iterator[Mismatch]:
    share = sum(percent(each.journey) for each in fitting)
    wanted = entry.get("share")
    if not fitting and wanted != 0:
        shown = {key: value for key, value in entry.items() if key != "share"}
        yield Mismatch("outcome", shown, [_summary(each) for each in outcomes], origin)
    elif wanted is not None and abs(share - wanted) >= TOLERANCE:
        yield Mismatch("share", wanted, round(share, 2), origin.at("share"))


def _summary(outcome: ObservedOutcome) -> dict[str, Any]:
    """What a message says about an outcome."""
    hop = outcome.hops[0]
    named = {name: ALL_FACTS[name].found(hop) for name in ("status", "host", "subset")}
    return {
        "share": round(percent(outcome.journey), 2),
        **{key: each for key, each in named.items() if each is not None},
    }


def _of_outcome(outcome: ObservedOutcome, expected: Mapping[str, Any], origin: Origin) -> Iterator[Mismatch]:
    hop = outcome.hops[0]
    yield from _failing(OUTCOME, hop, expected, origin)
    yield from min((list(_failing(HOP, each, expected, origin)) for each in outcome.hops), key=len)
    for name, wanted in expected.get("not", {}).items():
        fact = ALL_FACTS[name]
        hops = outcome.hops if name in HOP else outcome.hops[:1]
        held = next((each for each in hops if fact.holds(wanted, fact.found(each))), None)
        if held is not None:
            yield Mismatch(f"not {name}", wanted, fact.shown(wanted, fact.found(held)), origin.at("not", name))


def _failing(
    facts: Mapping[str, Fact], hop: ObservedHop, expected: Mapping[str, Any], origin: Origin
) -> Iterator[Mismatch]:
    """The facts of a table that do not hold."""
    for name, wanted in expected.items():
        fact = facts.get(name)
        if fact is not None and not fact.holds(wanted, found := fact.found(hop)):
            yield Mismatch(name, wanted, fact.shown(wanted, found), origin.at(name))
