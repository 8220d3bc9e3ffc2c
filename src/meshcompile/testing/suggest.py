"""Suggests a test for each part of the input that no test reaches.

A rule of a route is reached by a witness of its match: `meshcompile.symbolic` solves it against the rules in front of
it. Requests for other parts are guessed from their fields. Each request is followed; a suggestion is made only if it
does reach the part, and it expects what happens now.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import Any

from msgspec import Struct

from meshcompile.documents import Path
from meshcompile.errors import MeshcompileError
from meshcompile.explain.journey import Journey
from meshcompile.explain.request import Request
from meshcompile.explain.walk import journeys
from meshcompile.testing.coverage import Coverage, CoverageTarget, document_key, reached
from meshcompile.testing.facts import ALL_FACTS, percent, weights
from meshcompile.testing.guesses import guesses
from meshcompile.testing.hops import clients
from meshcompile.testing.judge import Judge
from meshcompile.testing.witnesses import RouteWitnesses

MOST_TRIES = 40
"""The number of requests that are tried for a part."""
SINGLE = ("host", "subset", "virtual_service", "denied_by")
"""The facts of a single outcome that a suggestion expects if they are there."""


class Suggestion(Struct, frozen=True):
    """A test for a part of the input, or None if no request is found."""

    target: CoverageTarget
    test: Mapping[str, Any] | None


def suggestions(judge: Judge, coverage: Coverage) -> Iterator[Suggestion]:
    """A test for each part that is not reached, unless the test of another part reaches it."""
    witnesses = RouteWitnesses(judge.world, coverage.missed)
    known: set[tuple[tuple[Any, ...], Path]] = set()
    for target in coverage.missed:
        if _place(target) in known:
            continue
        found = _first(judge, _place(target), chain(witnesses.requests(target), guesses(judge.world, target)))
        if found is not None:
            request, outcomes = found
            known.update(reached(outcomes))
            yield Suggestion(target, _test(judge, target, request, outcomes))
    yield from (Suggestion(target, None) for target in coverage.missed if _place(target) not in known)


def _place(target: CoverageTarget) -> tuple[tuple[Any, ...], Path]:
    return document_key(target.origin.document), target.origin.path


def _first(
    judge: Judge, place: tuple[tuple[Any, ...], Path], requests: Iterable[Request]
) -> tuple[Request, tuple[Journey, ...]] | None:
    """The first request that reaches a part, and its outcomes."""
    for request in islice(requests, MOST_TRIES):
        try:
            outcomes = journeys(judge.world, request)
        except MeshcompileError:
            continue
        if place in set(reached(outcomes)):
            return request, outcomes
    return None


def _test(judge: Judge, target: CoverageTarget, request: Request, outcomes: tuple[Journey, ...]) -> Mapping[str, Any]:
    asked = request.to_dict()
    sender = asked.pop("from")
    return {
        "name": target.name,
        "from": sender,
        "request": asked,
        "expect": _expected(judge, outcomes),
    }


def _expected(judge: Judge, outcomes: tuple[Journey, ...]) -> Mapping[str, Any]:
    """What happens now, as facts."""
    hops = [(clients(judge.world, each)[0], percent(each)) for each in outcomes]
    statuses = list(dict.fromkeys(each.status if each.status is not None else "closed" for each in outcomes))
    expected: dict[str, Any] = {"status": statuses[0] if len(statuses) == 1 else statuses}
    if len(outcomes) > 1:
        shares = weights(hops)
        return {**expected, **({"weights": shares} if abs(sum(shares.values()) - 100) < 1 else {})}
    hop = hops[0][0]
    found = {name: ALL_FACTS[name].found(hop) for name in SINGLE}
    expected |= {name: each[0] if isinstance(each, list) else each for name, each in found.items() if each}
    redirect = ALL_FACTS["redirect"].found(hop)
    return {**expected, **({"redirect": redirect["location"]} if redirect else {})}
