"""Who can call a service, and under which conditions.

found = reach(world, "orders.shop:80")
found.rows[0].callers   # ("deployment/web.shop",)

A row is a rule of the server that lets requests from inside of the mesh through, or a route of a gateway that leads
there from outside, with the rules of the gateway and of the server that let its requests through.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from meshcompile.envoy.message import source_map
from meshcompile.explain.request import OUTSIDE
from meshcompile.explain.world import World
from meshcompile.prove.arrivals import Doubt, Question, connections_of
from meshcompile.prove.clients import Clients, clients
from meshcompile.prove.conditions import policy_conditions
from meshcompile.prove.gateway_rows import gateway_rows
from meshcompile.prove.gateways import forwarding, past_gateways, routes_to
from meshcompile.prove.parts import AdmittedPart, exceptions, parts_of
from meshcompile.prove.requests import FoundArrival, Wanted, arrived, examples, identities_of
from meshcompile.prove.rows import MUTUAL_TLS, PLAIN_TEXT, Reach, ReachRow
from meshcompile.prove.servers import CalledPort, let_through, server_ports, target
from meshcompile.prove.waypoint_rows import waypoint_rows
from meshcompile.proxy import ProxyType
from meshcompile.spaces import Space, Undecided, any_of
from meshcompile.symbolic.gates import Gate
from meshcompile.symbolic.rows import taken_for_granted


def reach(world: World, to: str, sender: str = "", path: str = "") -> Reach:
    """Who can call a service.

    Args:
        world: The mesh.
        to: The service: `NAME.NAMESPACE` or a host, with `:PORT` for one port.
        sender: The clients, as in statements. "" for all, from inside and outside.
        path: The path, with `*` at its start or end. "" for all.

    Raises:
        InvalidArgument: There is no such service, or a text is malformed.
        UnknownProxy: There is no such client.
    """
    called = target(world, to)
    asked = Question(clients(world, sender), called, Wanted(path))
    found: list[ReachRow | Doubt] = []
    try:
        servers = tuple(server_ports(world, called))
    except Undecided as undecided:
        return Reach(called.service.hostname, (), (str(undecided),))
    if not asked.clients.outside:
        found += [each for server in servers for each in _direct(world, asked, server)]
    if asked.clients.outside or not sender:
        outside = Question(clients(world, OUTSIDE), called, Wanted(path))
        found += _from_outside(world, outside, servers)
    unknown = dict.fromkeys(each.reason for each in found if isinstance(each, Doubt))
    return Reach(called.service.hostname, tuple(e for e in found if isinstance(e, ReachRow)), tuple(unknown))


def _direct(world: World, question: Question, server: CalledPort) -> Iterator[ReachRow | Doubt]:
    """The rows of requests from inside of the mesh."""
    yield from waypoint_rows(world, question, server)
    try:
        found = let_through(world, server, connections_of(question.space))
        if isinstance(found, Space):
            parts = [AdmittedPart(Gate(True), "", None, found & question.space)]
        else:
            parts = [part for each in found for part in parts_of(each, question)]
        for several in _grouped(parts):
            yield _row(world, question, server, several)
    except Undecided as undecided:
        yield Doubt(f"{server.name}: {undecided}")


def _grouped(parts: Sequence[AdmittedPart]) -> Iterator[tuple[AdmittedPart, ...]]:
    """The parts of one rule, in order."""
    groups: dict[tuple[str, bool], list[AdmittedPart]] = {}
    for each in parts:
        groups.setdefault((each.name, each.gate.http), []).append(each)
    yield from map(tuple, groups.values())


def _row(world: World, question: Question, server: CalledPort, parts: Sequence[AdmittedPart]) -> ReachRow:
    first, requests = parts[0], any_of(each.requests for each in parts)
    found = _witness(world, requests, server, question.clients)
    arrival, reason = (found, "") if isinstance(found, FoundArrival) else (None, found)
    rule = source_map(first.policy).get("", ()) if first.policy is not None else ()
    return ReachRow(
        server=server.name,
        port=server.port,
        callers=_callers(world, requests, question.clients),
        connections=tuple(name for name, tls in ((MUTUAL_TLS, True), (PLAIN_TEXT, False)) if _takes(requests, tls)),
        rule=first.name,
        policies=(first.name,) if first.name else (),
        any_of=policy_conditions(first.policy) if first.policy is not None else ((),),
        unless=tuple(exceptions(first)),
        witness=arrival.request if arrival is not None else None,
        places=tuple(dict.fromkeys((*rule, *(arrival.places if arrival is not None else ())))),
        reason=reason,
        space=requests,
    )


def _witness(world: World, requests: Space, server: CalledPort, sent_by: Clients) -> FoundArrival | str:
    """One of some requests that arrives, or why none is known."""
    reason = ""
    for witness in examples(requests, identities_of(world, sent_by.workloads)):
        if (needed := taken_for_granted(witness)) is not None:
            reason = reason or f"it depends on {needed}"
        elif (found := arrived(world, witness, server, sent_by)) is not None:
            return found
    return reason or "none of the requests that were tried arrives"


def _callers(world: World, requests: Space, sent_by: Clients) -> tuple[str, ...]:
    """The known workloads that can send some of the requests with their own identity."""
    accepted = [cube.values("principal") for cube in requests.cubes if _is_taken(cube.values("tls"), True)]
    names = (
        world.name(each)
        for each in sent_by.workloads
        if any(values is None or values.accepts(world.identity(each)) for values in accepted)
    )
    return tuple(dict.fromkeys(names))


def _takes(requests: Space, tls: bool) -> bool:
    return any(_is_taken(cube.values("tls"), tls) for cube in requests.cubes)


def _is_taken(values: Any, tls: bool) -> bool:
    return values is None or values.accepts(tls)


def _from_outside(world: World, question: Question, servers: Sequence[CalledPort]) -> Iterator[ReachRow | Doubt]:
    """The rows of requests that come through gateways."""
    for proxy in world.mesh.proxies():
        if proxy.type is ProxyType.ROUTER:
            config, _ = world.evaluated(proxy)
            for server in servers:
                for at in routes_to(world, config, server):
                    yield from gateway_rows(world, question, at, server)
                yield from filter(None, [forwarding(world, config, server)])
    yield from past_gateways(world, question, servers)
