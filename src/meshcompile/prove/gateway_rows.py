"""Rows of requests that come through a gateway: what its policies and its route ask for, and those of the server."""

from collections.abc import Iterator
from itertools import product

from msgspec.structs import replace

from meshcompile.documents import Origin
from meshcompile.envoy.config.rbac import Policy
from meshcompile.envoy.config.route import RouteMatch
from meshcompile.envoy.message import source_map
from meshcompile.explain.request import OUTSIDE
from meshcompile.explain.world import World
from meshcompile.prove.arrivals import Doubt, Question, ServedArrival
from meshcompile.prove.conditions import Conditions, RuleCondition, policy_conditions, route_conditions
from meshcompile.prove.gateways import RouteToService, arrival_by, from_gateway, passed_dimensions, passed_on, taking
from meshcompile.prove.parts import AdmittedPart, allowing, exceptions, parts_of
from meshcompile.prove.rows import MUTUAL_TLS, PLAIN_TEXT, ReachRow
from meshcompile.prove.servers import CalledPort, let_through
from meshcompile.spaces import Space, Undecided
from meshcompile.symbolic.gates import Gate
from meshcompile.symbolic.rbac import policy_space

ABOUT_THE_CLIENT = ("principal", "source")
"""Conditions of a server that the gateway meets as the client."""
REWRITTEN = {"path": "path", "host": "authority"}
"""Conditions about what a route can change, with their dimensions."""


def gateway_rows(
    world: World, question: Question, at: RouteToService, server: CalledPort
) -> Iterator[ReachRow | Doubt]:
    """A row for each rule of the gateway, and each rule of the server, that let requests by a route through."""
    try:
        taken, behind = taking(question, at), tuple(_behind(world, question, at, server))
        for entry, end in product(_entries(at, taken), behind):
            requests = entry.requests & passed_on(end.requests, at)
            if not requests.is_empty:
                yield from _row(world, (entry, replace(end, requests=requests)), at, server)
    except Undecided as undecided:
        yield Doubt(f"{world.name(at.proxy)}: {undecided}")


def _entries(at: RouteToService, taken: Space) -> Iterator[AdmittedPart]:
    """What each rule of the gateway lets through."""
    for name, policy in allowing(at.gate):
        requests = taken if policy is None else taken & policy_space(policy)
        if not requests.is_empty:
            yield AdmittedPart(at.gate, name, policy, requests)


def _behind(world: World, question: Question, at: RouteToService, server: CalledPort) -> Iterator[AdmittedPart]:
    """What each rule of the server lets through from the gateway, each once."""
    asked = from_gateway(world, question, at)
    found = let_through(world, server, asked.clients.connections)
    if isinstance(found, Space):
        yield AdmittedPart(Gate(True), "", None, found)
        return
    known: dict[str, AdmittedPart] = {}
    for part in (part for each in found for part in parts_of(each, asked)):
        first = known.setdefault(part.name, part)
        if first is not part:
            known[part.name] = replace(first, requests=first.requests | part.requests)
    yield from known.values()


def _row(
    world: World, parts: tuple[AdmittedPart, AdmittedPart], at: RouteToService, server: CalledPort
) -> Iterator[ReachRow]:
    entry, end = parts
    found = arrival_by(world, end.requests, at, server)
    if found is None:
        return
    arrival = found.found if isinstance(found, ServedArrival) else None
    yield ReachRow(
        server=server.name,
        port=server.port,
        via=world.name(at.proxy),
        callers=(OUTSIDE,),
        connections=(MUTUAL_TLS if at.secured else PLAIN_TEXT,),
        rule=at.route.name,
        policies=tuple(part.name for part in parts if part.name),
        any_of=tuple(_alternatives(world, parts, at)),
        unless=(*exceptions(entry), *exceptions(end)),
        witness=arrival.request if arrival is not None else None,
        places=tuple(dict.fromkeys((*_written(entry), *_written(end), *_places(found, at)))),
        reason=found.reason if isinstance(found, Doubt) else "",
        space=end.requests,
    )


def _written(part: AdmittedPart) -> tuple[Origin, ...]:
    return source_map(part.policy).get("", ()) if part.policy is not None else ()


def _places(found: ServedArrival | Doubt, at: RouteToService) -> tuple[Origin, ...]:
    return found.found.places if isinstance(found, ServedArrival) else source_map(at.route).get("", ())


def _alternatives(world: World, parts: tuple[AdmittedPart, AdmittedPart], at: RouteToService) -> Iterator[Conditions]:
    """What requests must meet: a rule of the gateway, its route, and a rule of the server."""
    hosts = () if "*" in at.host.domains else (RuleCondition("host", at.host.domains),)
    route = (*hosts, *route_conditions(at.route.match or RouteMatch()))
    asked = [_asked(part.policy) for part in parts]
    served = [tuple(_by_gateway(each, at)) for each in asked[1]]
    found = (tuple(dict.fromkeys((*route, *mine, *its))) for mine, its in product(asked[0], served))
    return iter(dict.fromkeys(found))


def _asked(policy: Policy | None) -> tuple[Conditions, ...]:
    return ((),) if policy is None else policy_conditions(policy)


def _by_gateway(conditions: Conditions, at: RouteToService) -> Iterator[RuleCondition]:
    """The conditions of a server that the client of the gateway must meet."""
    kept = passed_dimensions(at)
    for each in conditions:
        if each.on in ABOUT_THE_CLIENT:
            continue
        changed = each.on in REWRITTEN and REWRITTEN[each.on] not in kept
        yield replace(each, on=f"{each.on} after the gateway") if changed else each
