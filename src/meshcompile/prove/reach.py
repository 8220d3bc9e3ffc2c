"""Who can call a service, and under which conditions.

found = reach(world, "orders.shop:80")
found.rows[0].callers   # ("deployment/web.shop",)

A row is a rule of the server that lets requests from inside of the mesh through, or a route of a gateway that leads
there from outside.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from meshcompile.documents import Origin
from meshcompile.envoy.config.rbac import RBAC, Policy
from meshcompile.envoy.config.route import RouteMatch
from meshcompile.envoy.message import source_map
from meshcompile.explain.request import OUTSIDE
from meshcompile.explain.world import World
from meshcompile.prove.arrivals import Doubt, Question, ServedArrival, connections_of, of_chain
from meshcompile.prove.clients import Clients, clients
from meshcompile.prove.conditions import Conditions, RuleCondition, policy_conditions, route_conditions
from meshcompile.prove.gateways import RouteToService, arrival_by, forwarding, past_gateways, requests_by, routes_to
from meshcompile.prove.requests import FoundArrival, Wanted, arrived, examples, identities_of
from meshcompile.prove.servers import CalledPort, let_through, server_ports, target
from meshcompile.proxy import ProxyType
from meshcompile.spaces import EVERYTHING, Space, Undecided, any_of
from meshcompile.symbolic.admissions import ChainAdmission
from meshcompile.symbolic.gates import Gate
from meshcompile.symbolic.rbac import policy_space
from meshcompile.symbolic.rows import taken_for_granted

MUTUAL_TLS, PLAIN_TEXT = "TLS", "plain text"


class ReachException(Struct, frozen=True):
    """A rule that refuses some of the requests of a row."""

    rule: str
    any_of: tuple[Conditions, ...]
    places: tuple[Origin, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {"rule": self.rule, "any_of": conditions_data(self.any_of), "lines": _lines(self.places)}


class ReachRow(Struct, frozen=True, kw_only=True):
    """Requests that arrive at a port of a workload.

    `via` is the gateway of requests from outside, else "". `rule` is the rule that lets them through, as istiod names
    it; "" if no policy asks for anything. The requests meet all conditions of one alternative in `any_of`, and none of
    the rules in `unless`. `callers` are known workloads that can send some of them. `connections` are `TLS` and `plain
    text`. `witness` is one of them, as `meshcompile explain --request` takes it; None if `reason` says why none is
    known. `space` has exactly the requests.
    """

    server: str
    port: int
    via: str = ""
    callers: tuple[str, ...] = ()
    connections: tuple[str, ...] = ()
    rule: str = ""
    any_of: tuple[Conditions, ...] = ((),)
    unless: tuple[ReachException, ...] = ()
    witness: Mapping[str, Any] | None = None
    places: tuple[Origin, ...] = ()
    reason: str = ""
    space: Space = Space()

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {
            "to": self.server,
            "port": self.port,
            "via": self.via or None,
            "callers": list(self.callers),
            "connections": list(self.connections),
            "rule": self.rule or None,
            "any_of": conditions_data(self.any_of),
            "unless": [each.to_dict() for each in self.unless],
            "witness": self.witness and dict(self.witness),
            "lines": _lines(self.places),
            "reason": self.reason or None,
        }


class Reach(Struct, frozen=True):
    """Who can call a service. What no row admits is refused, except for what is in `unknown`."""

    service: str
    rows: tuple[ReachRow, ...]
    unknown: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data, as `meshcompile reach -o json` prints it."""
        return {"service": self.service, "rows": [each.to_dict() for each in self.rows], "unknown": list(self.unknown)}


def conditions_data(alternatives: Sequence[Conditions]) -> list[list[dict[str, Any]]]:
    """Alternatives as plain JSON data."""
    return [[each.to_dict() for each in conditions] for conditions in alternatives]


def _lines(places: Sequence[Origin]) -> list[str]:
    return [f"{place.file}:{place.line}" for place in places]


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


class _Part(Struct, frozen=True):
    """What one rule lets through at some filter chains."""

    gate: Gate
    name: str
    policy: Policy | None
    requests: Space


def _direct(world: World, question: Question, server: CalledPort) -> Iterator[ReachRow | Doubt]:
    """The rows of requests from inside of the mesh."""
    try:
        found = let_through(world, server, connections_of(question.space))
        if isinstance(found, Space):
            parts = [_Part(Gate(True), "", None, found & question.space)]
        else:
            parts = [part for each in found for part in _parts(each, question)]
        for several in _grouped(parts):
            yield _row(world, question, server, several)
    except Undecided as undecided:
        yield Doubt(f"{server.name}: {undecided}")


def _parts(admission: ChainAdmission, question: Question) -> Iterator[_Part]:
    """What each rule lets through at a filter chain."""
    admitted = of_chain(admission, question)
    allowing = next((each for each in reversed(admission.gate.rules) if each.action == "ALLOW"), None)
    named = sorted(allowing.policies.items()) if allowing is not None else [("", None)]
    for name, policy in named:
        requests = admitted if policy is None else _seen(admission, admitted, policy)
        if not requests.is_empty:
            yield _Part(admission.gate, name, policy, requests)


def _seen(admission: ChainAdmission, admitted: Space, policy: Policy) -> Space:
    """What a rule lets through, by what the client sends. Some chains do not see who the client is."""
    return admitted & admission.as_sent(policy_space(policy))


def _grouped(parts: Sequence[_Part]) -> Iterator[tuple[_Part, ...]]:
    """The parts of one rule, in order."""
    groups: dict[tuple[str, bool], list[_Part]] = {}
    for each in parts:
        groups.setdefault((each.name, each.gate.http), []).append(each)
    yield from map(tuple, groups.values())


def _row(world: World, question: Question, server: CalledPort, parts: Sequence[_Part]) -> ReachRow:
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
        any_of=policy_conditions(first.policy) if first.policy is not None else ((),),
        unless=tuple(_exceptions(first)),
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


def _exceptions(part: _Part) -> Iterator[ReachException]:
    """The rules that refuse some of what a rule lets through."""
    admitted = policy_space(part.policy) if part.policy is not None else EVERYTHING
    for rules in part.gate.rules:
        for name, policy in sorted(rules.policies.items()) if _refuses(rules) else ():
            if not (admitted & policy_space(policy)).is_empty:
                yield ReachException(name, policy_conditions(policy), source_map(policy).get("", ()))


def _refuses(rules: RBAC) -> bool:
    return rules.action == "DENY"


def _from_outside(world: World, question: Question, servers: Sequence[CalledPort]) -> Iterator[ReachRow | Doubt]:
    """The rows of requests that come through gateways."""
    for proxy in world.mesh.proxies():
        if proxy.type is ProxyType.ROUTER:
            config, _ = world.evaluated(proxy)
            for server in servers:
                for at in routes_to(world, config, server):
                    yield from _by_route(world, question, at, server)
                yield from filter(None, [forwarding(world, config, server)])
    yield from past_gateways(world, question, servers)


def _by_route(world: World, question: Question, at: RouteToService, server: CalledPort) -> Iterator[ReachRow | Doubt]:
    """The row of a route of a gateway."""
    name = world.name(at.proxy)
    try:
        requests = requests_by(world, question, at, server)
        found = arrival_by(world, requests, at, server)
    except Undecided as undecided:
        yield Doubt(f"{name}: {undecided}")
        return
    if found is None:
        return
    arrival = found.found if isinstance(found, ServedArrival) else None
    hosts = () if "*" in at.host.domains else (RuleCondition("host", at.host.domains),)
    yield ReachRow(
        server=server.name,
        port=server.port,
        via=name,
        callers=(OUTSIDE,),
        connections=(MUTUAL_TLS if at.secured else PLAIN_TEXT,),
        rule=at.route.name,
        any_of=((*hosts, *route_conditions(at.route.match or RouteMatch())),),
        witness=arrival.request if arrival is not None else None,
        places=arrival.places if arrival is not None else source_map(at.route).get("", ()),
        reason=found.reason if isinstance(found, Doubt) else "",
        space=requests,
    )
