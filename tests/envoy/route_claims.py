"""Unreachable routes and differences of route tables against the real Envoy.

    python -m tests.envoy.route_claims --tables 20000 --requests 1000000

Of each random table and of an edited one, every route is asked about. No aimed request may reach a route that is
called unreachable, a witness must reach its route, and a table must not route differently than sets of requests say.
The two are compared: a witness must be routed as said by both, and where nothing differs, no request is routed
differently.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from random import Random
from typing import Any

from meshcompile.envoy.config.route import Route, RouteConfiguration
from meshcompile.envoy.message import replaced, source_map, to_json
from meshcompile.simulate import HttpRequest
from meshcompile.simulate.header_map import HeaderMap
from meshcompile.simulate.http_syntax import METHODS
from meshcompile.spaces import Answer, Proved, Refuted, Row, Undecided, Unknown
from meshcompile.symbolic.comparison import RouteDifference, UndecidedHosts, route_action, route_differences
from meshcompile.symbolic.conditions import UNKNOWN
from meshcompile.symbolic.host_table import HostTable
from meshcompile.symbolic.paths import visible_paths
from meshcompile.symbolic.requests import http_request
from meshcompile.unreachable.parts import unreachable_parts
from tests.envoy.boundary_requests import Aim
from tests.envoy.random_tables import changed_table, compiled_config, random_table
from tests.envoy.remembered import remember_automata
from tests.envoy.table_oracle import UNROUTED, TableOracle, table_oracle

Place = tuple[int, int]
"""The indexes of a virtual host and of its route."""
AT_A_TIME = 100
"""The tables of one Envoy."""


@dataclass(slots=True)
class RouteTally:
    """What was asked and sent so far, and what Envoy does otherwise."""

    tables: int = 0
    requests: int = 0
    aimed: int = 0
    """The requests that were made for a route that is called unreachable."""
    answers: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)

    @property
    def decided(self) -> float:
        """The share of questions about routes and tables with an answer."""
        questions = self.answers["reached"] + self.answers["unreachable"] + self.answers["unknown"]
        questions += self.answers["same"] + self.answers["differ"] + self.answers["not compared"]
        unknown = self.answers["unknown"] + self.answers["not compared"]
        return 1 - unknown / questions if questions else 1.0

    def unknown(self, kind: str, reason: str) -> None:
        self.answers[kind] += 1
        self.reasons[reason[:70]] += 1


@dataclass(frozen=True)
class AskedTable:
    """A table, and what is said about its routes. `rules` has the places in the input of unreachable rules."""

    message: RouteConfiguration
    rules: frozenset[Any] = frozenset()

    @cached_property
    def hosts(self) -> Sequence[HostTable]:
        return [HostTable(host, self.message) for host in self.message.virtual_hosts]

    @cached_property
    def aims(self) -> Sequence[Aim]:
        return [Aim(h, self.message, t) for h, t in zip(self.message.virtual_hosts, self.hosts, strict=True)]

    @cached_property
    def answers(self) -> Mapping[Place, Answer]:
        return {
            (at, index): table.unreachable(index)
            for at, table in enumerate(self.hosts)
            for index in range(len(table.host.routes))
        }

    def route(self, choice: str) -> Route | None:
        """The route that the oracle names."""
        if "/" not in choice:
            return None
        at, index = _place(choice)
        return self.message.virtual_hosts[at].routes[index]

    def witnesses(self) -> Iterator[tuple[Place, HttpRequest]]:
        """The witness of each route that is reached."""
        for place, answer in self.answers.items():
            hosts = self.aims[place[0]].hosts
            if isinstance(answer, Refuted) and hosts:
                request = http_request(answer.witness, hosts[0])
                if request.method in METHODS:  # HTTP/2 has others, too
                    yield place, request

    @cached_property
    def unreachable(self) -> Sequence[Place]:
        """The routes that are called unreachable, and that match anything."""
        proved = (place for place, answer in self.answers.items() if isinstance(answer, Proved))
        return [(at, index) for at, index in proved if self.aims[at].can_match(index)]

    def aimed(self, random: Random, count: int) -> list[HttpRequest]:
        """Requests for the routes that are called unreachable."""
        return self._requests(random, self.unreachable, count)

    def others(self, random: Random, count: int) -> list[HttpRequest]:
        """Requests for any of the routes."""
        return self._requests(random, list(self.answers), count)

    def _requests(self, random: Random, places: Sequence[Place], count: int) -> list[HttpRequest]:
        chosen = random.choices(places, k=count) if places else []
        made = (self.aims[at].at(random, index) for at, index in chosen)
        return [each for each in made if each is not None]

    @cached_property
    def _is_expressed(self) -> Sequence[bool]:
        """Whether all conditions of each virtual host are expressed."""
        return [all(map(_is_expressed, each.table.rows)) for each in self.hosts]

    def expected(self, request: HttpRequest, choice: str) -> str | None:
        """The route of the virtual host that Envoy has chosen, as sets of requests say; None if they say nothing."""
        at = int(choice.partition("/")[0]) if "/" in choice else None
        if at is None or not self._is_expressed[at] or not visible_paths().accepts(request.path.partition("?")[0]):
            return None
        try:
            hit = self.hosts[at].table.hit(dimensions(request))
        except Undecided:
            return None
        return UNROUTED if hit is None else f"{at}/{hit}"


def _place(choice: str) -> Place:
    at, _, index = choice.partition("/")
    return int(at), int(index)


def _is_expressed(row: Row) -> bool:
    names = {name for cube in row.certain.cubes for name, _ in cube.conditions}
    return row.unknown is None and not any(name.startswith(UNKNOWN) for name in names)


def dimensions(request: HttpRequest) -> dict[str, Any]:
    """A request by dimension."""
    path, _, query = request.path.partition("?")
    lines = HeaderMap.of(request.headers).lines
    found: dict[str, Any] = {f"header:{name}": ",".join(values) for name, values in lines.items()}
    for name, _, value in (part.partition("=") for part in query.split("&") if query):
        found.setdefault(f"query:{name}", value)
    scheme = found.get("header:x-forwarded-proto", "http")
    plain = {"path": path, "method": request.method, "authority": request.authority, "scheme": scheme}
    return {**found, **plain, "connect": request.method == "CONNECT"}


@dataclass(frozen=True, slots=True)
class TablePair:
    """A table before and after an edit, and the differences that are found."""

    before: AskedTable
    after: AskedTable
    differences: Sequence[RouteDifference]
    undecided: Sequence[UndecidedHosts]

    def differ(self, choices: tuple[str, str]) -> bool:
        """Whether two routes, before and after, do something else."""
        routes = self.before.route(choices[0]), self.after.route(choices[1])
        was, now = (None if each is None else route_action(each) for each in routes)
        return was != now


def pair_of(random: Random) -> TablePair:
    """A random table and an edited one."""
    rules: frozenset[Any] = frozenset()
    config = compiled_config(random) if random.random() < 0.5 else None
    if config is None or not any(host.routes for each in config.routes for host in each.virtual_hosts):
        table = random_table(random)
    else:
        table = max(config.routes, key=lambda each: sum(len(host.routes) for host in each.virtual_hosts))
        rules = frozenset(each.places[0] for each in unreachable_parts([config]))
    edited = changed_table(random, table)
    found = list(route_differences(table, edited))
    differences = [each for each in found if isinstance(each, RouteDifference)]
    undecided = [each for each in found if isinstance(each, UndecidedHosts)]
    return TablePair(AskedTable(table, rules), AskedTable(edited), differences, undecided)


def judged_table(table: AskedTable, index: int, oracle: TableOracle, requests: Sequence[HttpRequest]) -> Iterator[str]:
    """What a table does otherwise than is said about it."""
    witnesses = list(table.witnesses())
    sent = [request for _, request in witnesses]
    for (place, request), choice in zip(witnesses, oracle.choices(index, sent), strict=True):
        if choice != "{}/{}".format(*place):
            yield f"the witness of route {place} takes {choice}: {request}"
    for request, choice in zip(requests, oracle.choices(index, requests), strict=True):
        route = table.route(choice)
        if route is None:
            continue
        if isinstance(table.answers[_place(choice)], Proved):
            yield f"route {choice} is called unreachable, and is reached: {request}"
        if table.rules.intersection(sorted(source_map(route).get("", ()), key=lambda each: -len(each.path))[:1]):
            yield f"the rule of route {choice} is called unreachable, and is reached: {request}"
        if (expected := table.expected(request, choice)) not in (None, choice):
            yield f"{expected} should take what {choice} takes: {request}"


def judged_pair(
    pair: TablePair, indexes: tuple[int, int], oracle: TableOracle, requests: Sequence[HttpRequest]
) -> Iterator[str]:
    """What two tables do otherwise than is said about their differences."""
    made = [(each, http_request(each.witness, each.group.authority)) for each in pair.differences]
    found = [(each, request) for each, request in made if request.method in METHODS]
    witnesses = [request for _, request in found]
    for (each, request), *choices in zip(found, *(oracle.choices(index, witnesses) for index in indexes), strict=True):
        routes = pair.before.route(choices[0]), pair.after.route(choices[1])
        if routes != (each.before, each.after):
            yield f"the witness of a difference takes {choices}: {request}"
    for request, *choices in zip(requests, *(oracle.choices(index, requests) for index in indexes), strict=True):
        was, now = choices
        if "" in choices or not (was == now == UNROUTED or "/" in was + now) or not pair.differ((was, now)):
            continue
        if not pair.undecided and not pair.differences:
            yield f"nothing differs, and a request takes {choices}: {request}"


def judge(seeds: Sequence[int], count: int, tally: RouteTally) -> None:
    """Judge the tables of some seeds, with `count` requests for the unreachable routes of each, and some more."""
    pairs = [(seed, pair_of(Random(f"tables {seed}"))) for seed in seeds]
    with table_oracle([side.message for _, pair in pairs for side in (pair.before, pair.after)]) as oracle:
        for index, (seed, pair) in enumerate(pairs):
            found = list(_judged(pair, 2 * index, oracle, Random(f"requests {seed}"), count, tally))
            tally.problems += [f"--seed {seed}: {each}\n{_shown(pair)}" for each in found]


def _judged(
    pair: TablePair, index: int, oracle: TableOracle, random: Random, count: int, tally: RouteTally
) -> Iterator[str]:
    both: list[HttpRequest] = []
    for at, side in ((index, pair.before), (index + 1, pair.after)):
        aimed, others = side.aimed(random, count), side.others(random, count // 4)
        tally.aimed += len(aimed)
        tally.requests += len(aimed) + len(others)
        both += [*others, *aimed[: count // 4]]
        _count(side, tally)
        yield from judged_table(side, at, oracle, [*aimed, *others])
    tally.requests += 2 * len(both)
    _count_differences(pair, tally)
    yield from judged_pair(pair, (index, index + 1), oracle, both)


def _count(table: AskedTable, tally: RouteTally) -> None:
    tally.tables += 1
    for answer in table.answers.values():
        match answer:
            case Proved():
                tally.answers["unreachable"] += 1
            case Refuted():
                tally.answers["reached"] += 1
            case Unknown(reason):
                tally.unknown("unknown", reason)


def _count_differences(pair: TablePair, tally: RouteTally) -> None:
    tally.answers["differ"] += len(pair.differences)
    tally.answers["same"] += not pair.differences and not pair.undecided
    for each in pair.undecided:
        tally.unknown("not compared", each.reason)


def _shown(pair: TablePair) -> str:
    return f"before: {matches_only(pair.before.message)}\nafter: {matches_only(pair.after.message)}"


def matches_only(table: RouteConfiguration) -> str:
    """What a table matches, as JSON."""
    hosts = [
        replaced(host, routes=tuple(Route(match=route.match, route=route.route) for route in host.routes))
        for host in table.virtual_hosts
    ]
    return to_json(replaced(table, virtual_hosts=tuple(hosts)), indent=0)


def main() -> int:
    """Judge random tables, and print what Envoy does otherwise."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", type=int, default=200, help="each is compared with an edited one")
    parser.add_argument("--requests", type=int, default=10_000, help="for unreachable routes, of all tables together")
    parser.add_argument("--seed", type=int, default=0, help="the seed of the first table; a run can go on from any")
    parser.add_argument("--show", type=int, default=3, help="how many problems are printed")
    arguments = parser.parse_args()
    remember_automata()
    tally, started = RouteTally(), time.monotonic()
    each = -(-arguments.requests * 5 // (4 * max(arguments.tables, 1)))  # some tables have no such routes
    last = arguments.seed + arguments.tables
    for first in range(arguments.seed, last, AT_A_TIME):
        before = len(tally.problems)
        judge(range(first, min(first + AT_A_TIME, last)), each, tally)
        print(*tally.problems[before:][: arguments.show], sep="\n", end="")
        print(f"{min(first + AT_A_TIME, last)} {summary(tally)}, {time.monotonic() - started:.0f} s", flush=True)
    print(*tally.reasons.most_common(8), sep="\n")
    return bool(tally.problems)


def summary(tally: RouteTally) -> str:
    """The figures of a run in one line."""
    answers = ", ".join(f"{count} {name}" for name, count in tally.answers.most_common())
    decided = f"{100 * tally.decided:.2f}% decided"
    requests = f"{tally.requests} requests, {tally.aimed} of them for unreachable routes"
    return f"{tally.tables} tables, {requests}, {answers}, {decided}, {len(tally.problems)} problems"


if __name__ == "__main__":
    sys.exit(main())
