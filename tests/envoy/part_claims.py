"""Parts of random meshes that are called unreachable, judged by the real Envoy: `python -m tests.envoy.part_claims`.

Envoy counts the connections of each cluster, says which route takes a request, and counts the requests of each rule of
a policy. Of several rules that match it counts the first by name, so rules that are called unreachable get the last
names. No request may be counted for a rule, a route or a subset that is called unreachable.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from msgspec.structs import replace

import meshcompile
from meshcompile.compare.probes import connection_to, user_of_table
from meshcompile.envoy.config.rbac import Policy
from meshcompile.envoy.message import source_map
from meshcompile.simulate import ClientHello, DownstreamConnection, HttpRequest, PeerCertificate, Spoken
from meshcompile.simulate.http_syntax import METHODS, is_http1_line
from meshcompile.spaces import Cube, Undecided
from meshcompile.symbolic.concrete import ANY_CLIENT, ANY_SERVER, ConcreteRequest
from meshcompile.symbolic.gates import Gate, gates
from meshcompile.symbolic.host_table import HostTable
from meshcompile.symbolic.rbac import policy_space
from meshcompile.symbolic.rows import USUAL
from meshcompile.unreachable.found import UnreachableKind, UnreachableRoute
from meshcompile.unreachable.parts import unreachable_parts
from tests.envoy.boundary_requests import Aim
from tests.envoy.generated_policies import with_token
from tests.envoy.generated_scenarios import KINDS, Approach, Scenario, World
from tests.envoy.mesh_claims import CONNECTIONS, Side, is_http, listener_of, running_side, scenario_bootstrap
from tests.envoy.observation import LOCAL_ROUTE, ROUTE, managers
from tests.envoy.remembered import remember_automata
from tests.envoy.runner import EnvoyError
from tests.envoy.sidecars import documents
from tests.envoy.simulated import Clients

HTTP_RBAC, NETWORK_RBAC = "envoy.extensions.filters.http.rbac.v3.RBAC", "envoy.extensions.filters.network.rbac.v3.RBAC"
RULES = r"\.policy\..*\.(allowed|denied)$"
MATCHED = "shadow_effective_policy_id"
"""What a network filter notes about the rule that a connection matches."""
Json = dict[str, Any]


@dataclass(slots=True)
class PartTally:
    """What was called unreachable and sent so far, and what Envoy does otherwise."""

    meshes: int = 0
    requests: int = 0
    aimed: int = 0
    parts: Counter[str] = field(default_factory=Counter)
    rules_reached: int = 0
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class AskedMesh:
    """The proxy of a scenario, and what is called unreachable at it."""

    scenario: Scenario
    config: meshcompile.Config
    parts: Sequence[UnreachableRoute]

    def of_kind(self, kind: UnreachableKind) -> list[UnreachableRoute]:
        return [each for each in self.parts if each.kind is kind]


def asked_mesh(kind: str, seed: int, world: World) -> AskedMesh:
    """A random mesh."""
    scenario = KINDS[kind](Random(f"parts {kind} {seed}"), world)
    mesh = meshcompile.load(documents(*scenario.objects), mesh_config=scenario.mesh_config)
    config = mesh.compile(scenario.proxy)
    return AskedMesh(scenario, config, unreachable_parts([config]))


def judge_parts(kind: str, seed: int, count: int, world: World, tally: PartTally) -> None:
    """Judge what is called unreachable in one mesh, with `count` requests for each rule and route."""
    mesh = asked_mesh(kind, seed, world)
    tally.meshes += 1
    if not mesh.parts:
        return
    with tempfile.TemporaryDirectory(prefix="parts-") as name, ExitStack() as stack:
        own = Path(name) / "own"
        never = {each.name for each in mesh.of_kind(UnreachableKind.POLICY_RULE)}
        bootstrap = _counting(scenario_bootstrap(mesh.config, mesh.scenario, world, own), never)
        try:
            side = running_side(stack, bootstrap, Clients(world.authority, Path(name)))
        except EnvoyError as error:
            if "[critical]" not in str(error):
                raise
            return
        tally.parts.update(str(each.kind) for each in mesh.parts)
        found = list(_judged(mesh, side, Random(f"aims {kind} {seed}"), (count, world), tally))
        found += _counted(mesh, side, own / "access.log", tally)
        tally.problems += [f"--kinds {kind} --seed {seed}: {each}" for each in found]


LAST = "~"
"""The first letter of names that come last."""


def _counting(bootstrap: Json, never: set[str]) -> Json:
    """The bootstrap with counters for rules, some of which are asked last, and routes that also tell their tables."""
    listeners = bootstrap["staticResources"]["listeners"]
    for manager in managers(listeners):
        for each in manager["httpFilters"]:
            config = each.get("typedConfig", {})
            if config.get("@type", "").endswith(HTTP_RBAC):
                config["trackPerRuleStats"] = True
                _ask_last(config, never)
        table = manager["routeConfig"]
        for at, host in enumerate(table.get("virtualHosts", ())):
            for index, route in enumerate(host.get("routes", ())):
                route["metadata"]["filterMetadata"]["oracle"]["route"] = _route_name(table["name"], at, index)
    for listener in listeners:
        for chain in (*listener.get("filterChains", ()), listener.get("defaultFilterChain", {"filters": ()})):
            for rank, each in enumerate(chain["filters"]):
                _note_rules(rank, each.get("typedConfig", {}), never)
    return bootstrap


def _ask_last(config: Json, never: set[str]) -> None:
    policies = config.get("rules", {}).get("policies", {})
    for name in never & policies.keys():
        policies[f"{LAST}{name}"] = policies.pop(name)


def _route_name(table: str, at: int, index: int) -> str:
    return f"{table}/{at}/{index}"


def _note_rules(rank: int, config: Json, never: set[str]) -> None:
    kind = config.get("@type", "")
    if kind.endswith(NETWORK_RBAC) and "rules" in config:
        _ask_last(config, never)
        config |= {"shadowRules": config["rules"], "shadowRulesStatPrefix": f"{rank}_"}
    elif kind.endswith(".TcpProxy"):
        for log in config.get("accessLog", ()):
            log["typedConfig"]["logFormat"]["jsonFormat"]["rules"] = "%DYNAMIC_METADATA(envoy.filters.network.rbac)%"


def _judged(mesh: AskedMesh, side: Side, random: Random, wanted: tuple[int, World], tally: PartTally) -> Iterator[str]:
    """Send requests, and say which routes take some although they are called unreachable."""
    count, world = wanted
    never = {name for each in mesh.of_kind(UnreachableKind.ROUTE) for name, _ in _routes(mesh, each)}
    for approach, requests in (*_usual(mesh, random, count), *_at_rules(mesh, random, count, world)):
        if "://" in approach.client:
            side.clients.know(approach.client)
        yield from _sent(side, approach, requests, never, tally)
    for approach, requests in _at_routes(mesh, random, count):
        tally.aimed += len(requests)
        yield from _sent(side, approach, requests, never, tally)


def _sent(
    side: Side, approach: Approach, requests: Sequence[HttpRequest], never: set[str], tally: PartTally
) -> Iterator[str]:
    tally.requests += len(requests)
    for request, reply in zip(requests, side.replies(approach, requests), strict=True):
        if reply is not None and {reply.header(ROUTE), reply.header(LOCAL_ROUTE)} & never:
            yield f"route {reply.header(ROUTE)} is called unreachable, and is reached: {request} by {approach}"


Sent = tuple[Approach, Sequence[HttpRequest]]


def _usual(mesh: AskedMesh, random: Random, count: int) -> Iterator[Sent]:
    for approach in filter(is_http, mesh.scenario.approaches):
        yield approach, [each for each in (mesh.scenario.request(random) for _ in range(count)) if is_http1_line(each)]


def _routes(mesh: AskedMesh, part: UnreachableRoute) -> Iterator[tuple[str, tuple[Any, int, int]]]:
    """The routes of a place in the input: their names, tables and indexes."""
    for table in mesh.config.routes:
        for at, host in enumerate(table.virtual_hosts):
            for index, route in enumerate(host.routes):
                places = sorted(source_map(route).get("", ()), key=lambda origin: -len(origin.path))
                if places[:1] == [part.places[0]]:
                    yield _route_name(table.name, at, index), (table, at, index)


def _at_routes(mesh: AskedMesh, random: Random, count: int) -> Iterator[Sent]:
    """Requests for the routes that are called unreachable."""
    for part in mesh.of_kind(UnreachableKind.ROUTE):
        for _, (table, at, index) in _routes(mesh, part):
            host, user = table.virtual_hosts[at], user_of_table(mesh.config, table.name)
            if user is None:
                continue
            aim = Aim(host, table, HostTable(host, table))
            made = [each for each in (aim.at(random, index) for _ in range(count)) if each is not None]
            connection = replace(connection_to(mesh.config, user), spoken=Spoken.HTTP11)
            client = "" if connection.tls is None else "client"
            yield Approach(connection, listener_of(connection), client), made


Rule = tuple[Gate, Policy]


def _rules(mesh: AskedMesh) -> Iterator[Rule]:
    """The rules of the proxy that are called unreachable, in each filter chain with other rules."""
    never = {each.places[0] for each in mesh.of_kind(UnreachableKind.POLICY_RULE)}
    extensions = {each.name: each for each in mesh.config.extensions}
    tables = {each.name: each for each in mesh.config.routes}
    found = {gate for each in mesh.config.listeners for _, gate in gates(each, extensions, tables)}
    for gate in sorted(found, key=repr):
        for policy in (policy for rules in gate.rules for policy in rules.policies.values()):
            if never.intersection(source_map(policy).get("", ())):
                yield gate, policy


def _at_rules(mesh: AskedMesh, random: Random, count: int, world: World) -> Iterator[Sent]:
    """Requests for the rules that are called unreachable, and that match anything, each by a connection of its own."""
    for gate, policy in _rules(mesh):
        try:
            cubes = (policy_space(policy) & gate.requests()).cubes
        except Undecided:
            continue
        for _ in range(count if cubes else 0):
            yield _aimed(mesh, random, random.choice(cubes), gate, world)


def _aimed(mesh: AskedMesh, random: Random, cube: Cube, gate: Gate, world: World) -> Sent:
    usual = mesh.scenario.request(random)
    wanted = ConcreteRequest.of({**_accepted(random, cube), **cube.example(USUAL)} if random.random() < 0.8 else {})
    names = {name for name, _ in cube.conditions}
    headers = [*wanted.headers, *(usual.headers if random.random() < 0.5 else ())]
    path = wanted.path if "path" in names else usual.path
    if wanted.claims:
        path = with_token(random, path, headers, _token(wanted.claims, world))
    method = wanted.method if "method" in names else usual.method
    authority = wanted.authority if "authority" in names else usual.authority
    request = HttpRequest(method=method, authority=authority, path=path, headers=tuple(headers))
    approach = _approach(random, random.choice(mesh.scenario.approaches), wanted, http=gate.http)
    if not is_http1_line(request) or method not in METHODS:
        return approach, ()
    return approach, (request,)


def _accepted(random: Random, cube: Cube) -> Json:
    """Values that the conditions of a cube accept, other than the shortest ones."""
    texts = ("/a", "/a/b", "/c", "GET", "POST", "web.shop", "a", "b", "ab", "shop", "admin")
    return {name: random.choice([*filter(values.accepts, texts), values.example()]) for name, values in cube.conditions}


def _token(claims: Mapping[str, Any], world: World) -> str:
    issuer = next((each for each in world.issuers if each.name == claims.get("iss")), world.issuers[0])
    return issuer.token(**{name: value for name, value in claims.items() if name != "iss"})


def _approach(random: Random, usual: Approach, wanted: ConcreteRequest, *, http: bool) -> Approach:
    """The connection of a request, like a usual one where the request does not say anything."""
    seen = usual.connection
    source = wanted.source if wanted.source != ANY_CLIENT else wanted.client
    hello = seen.tls
    if wanted.principal is not None:
        sni = wanted.sni or (hello.sni if hello is not None else "outbound_.80_._.web")
        alpn = ("istio-http/1.1",) if http else ("istio",)
        certificate = PeerCertificate(uris=(wanted.principal,)) if wanted.principal else None
        hello = ClientHello(sni=sni, alpn=alpn, certificate=certificate)
    connection: DownstreamConnection = replace(
        seen,
        source=source if source != ANY_CLIENT else seen.source,
        destination=wanted.destination if wanted.destination != ANY_SERVER else seen.destination,
        port=wanted.port if wanted.port != ConcreteRequest().port else seen.port,
        spoken=Spoken.HTTP11,
        tls=hello,
    )
    client = usual.client if wanted.principal is None else wanted.principal or "nobody"
    return Approach(connection, usual.listener, client)


def _counted(mesh: AskedMesh, side: Side, log: Path, tally: PartTally) -> Iterator[str]:
    """The rules and subsets that are called unreachable, and that Envoy counts something for."""
    counted = {name for name, count in side.envoy.stats(RULES).items() if count}
    counted |= set(_noted(log))
    tally.rules_reached += len({name.partition(".policy.")[2] for name in counted})
    for part in mesh.of_kind(UnreachableKind.POLICY_RULE):
        if any(f".policy.{LAST}{part.name}." in name for name in counted):
            yield f"the rule {part.name} is called unreachable, and is reached"
    connected = {name for name, count in side.envoy.stats(CONNECTIONS).items() if count}
    for part in mesh.of_kind(UnreachableKind.SUBSET):
        if any(f"|{part.name}|{part.host}.upstream" in name for name in connected):
            yield f"the subset {part.name} of {part.host} is called unreachable, and is reached"


def _noted(log: Path) -> Iterator[str]:
    """The rules that connections without HTTP have matched."""
    for line in log.read_text().splitlines() if log.exists() else ():
        rules = json.loads(line).get("rules")
        for key, value in (rules or {}).items() if isinstance(rules, dict) else ():
            if key.endswith(MATCHED) and value:
                yield f".policy.{value}.noted"


def main() -> int:
    """Judge random meshes, and print what Envoy does otherwise."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--meshes", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0, help="the seed of the first mesh; a run can go on from any")
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--each", type=int, default=30, help="requests for each rule and route that is unreachable")
    parser.add_argument("--show", type=int, default=5, help="how many problems are printed")
    arguments = parser.parse_args()
    remember_automata()
    world, tally, started = World(), PartTally(), time.monotonic()
    kinds = arguments.kinds.split(",")
    for number in range(arguments.meshes):
        before = len(tally.problems)
        judge_parts(kinds[number % len(kinds)], arguments.seed + number // len(kinds), arguments.each, world, tally)
        print(*tally.problems[before:][: arguments.show], sep="\n", end="\n" if len(tally.problems) > before else "")
        if number % 50 == 49 or number + 1 == arguments.meshes:
            print(f"{summary(tally)}, {time.monotonic() - started:.0f} s", flush=True)
    return bool(tally.problems)


def summary(tally: PartTally) -> str:
    """The figures of a run in one line."""
    parts = ", ".join(f"{count} unreachable {name}s" for name, count in sorted(tally.parts.items()))
    requests = f"{tally.requests} requests, {tally.aimed} of them for unreachable routes"
    return (
        f"{tally.meshes} meshes, {requests}, {parts}, {tally.rules_reached} rules reached, "
        f"{len(tally.problems)} problems"
    )


if __name__ == "__main__":
    sys.exit(main())
