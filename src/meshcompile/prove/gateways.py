"""Whether requests from outside arrive at a service, through the gateways of the mesh."""

from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from meshcompile.config import Config
from meshcompile.envoy.config.core import Address, HeaderValue, HeaderValueOption, SocketAddress, TransportSocket
from meshcompile.envoy.config.listener import FilterChain, Listener
from meshcompile.envoy.config.route import Route, RouteAction, RouteConfiguration, VirtualHost
from meshcompile.envoy.extensions.transport_sockets.tls import DownstreamTlsContext
from meshcompile.envoy.traversal import filter_chains
from meshcompile.explain.request import OUTSIDE
from meshcompile.explain.world import World
from meshcompile.prove.arrivals import Doubt, Question, ServedArrival, arriving
from meshcompile.prove.clients import UNPROVEN, Clients
from meshcompile.prove.leads import ClusterLeads
from meshcompile.prove.outsiders import opened_by, unknown_gateways
from meshcompile.prove.requests import FoundArrival, examples, followed, outside_data, without_claims
from meshcompile.prove.servers import CalledPort, server_ports
from meshcompile.proxy import Proxy, ProxyType
from meshcompile.spaces import OptionalText, Request, Space, Undecided, exactly, space
from meshcompile.symbolic.admissions import without
from meshcompile.symbolic.authorities import authorities_of
from meshcompile.symbolic.concrete import ConcreteRequest
from meshcompile.symbolic.gates import Gate, gate, table_of
from meshcompile.symbolic.host_table import HostTable
from meshcompile.symbolic.requests import http_request
from meshcompile.symbolic.rows import taken_for_granted
from meshcompile.symbolic.subjects import dimensions


class RouteToService(Struct, frozen=True):
    """A route of a gateway to a service. `gate` is what its filter chain asks, `place` its number in the host."""

    proxy: Proxy
    listener: Listener
    chain: FilterChain
    gate: Gate
    table: RouteConfiguration
    host: VirtualHost
    place: int

    @property
    def route(self) -> Route:
        return self.host.routes[self.place]

    @property
    def secured(self) -> bool:
        """Whether clients speak TLS to the gateway."""
        return isinstance((self.chain.transport_socket or TransportSocket()).typed_config, DownstreamTlsContext)


def gateway_arrivals(world: World, question: Question) -> Iterator[ServedArrival | Doubt]:
    """A request from outside per gateway and server that arrives there, or why that is unknown."""
    try:
        servers = tuple(server_ports(world, question.target))
    except Undecided as undecided:
        yield Doubt(str(undecided))
        return
    for proxy in world.mesh.proxies():
        if proxy.type is ProxyType.ROUTER:
            for server in servers:
                yield from _through(world, question, proxy, server)
    yield from past_gateways(world, question, servers)


def past_gateways(world: World, question: Question, servers: Sequence[CalledPort]) -> Iterator[Doubt]:
    """The doubts about gateways that are not known, and about ports that clients outside can call directly."""
    yield from map(Doubt, unknown_gateways(world))
    stranger = Clients(OUTSIDE, space(principal=UNPROVEN), outside=True)
    direct = Question(stranger, question.target, question.wanted, question.excused, question.without_tokens)
    for server in servers:
        try:
            if (reason := opened_by(world, server)) and not arriving(world, direct, server).is_empty:
                yield Doubt(reason)
        except Undecided as undecided:
            yield Doubt(f"{server.name}: {undecided}")


def _through(world: World, question: Question, proxy: Proxy, server: CalledPort) -> Iterator[ServedArrival | Doubt]:
    """The first request that arrives at a server through a gateway; else the first doubt."""
    doubt: Doubt | None = None
    config, _ = world.evaluated(proxy)
    for each in routes_to(world, config, server):
        found = _by_route(world, question, each, server)
        if isinstance(found, ServedArrival):
            yield found
            return
        doubt = doubt or found
    doubt = doubt or forwarding(world, config, server)
    if doubt is not None:
        yield doubt


def forwarding(world: World, config: Config, server: CalledPort) -> Doubt | None:
    """The doubt about a filter chain that forwards bytes to the service."""
    leads = ClusterLeads(world, config)
    if any(leads.of_chain(chain, server) for listener in config.listeners for chain in filter_chains(listener)):
        return Doubt(f"{world.name(config.proxy)} forwards the bytes of connections to {server.name}")
    return None


def routes_to(world: World, config: Config, server: CalledPort) -> Iterator[RouteToService]:
    """The routes of a gateway that can lead to a port of a workload, whatever service they name."""
    extensions, tables = {each.name: each for each in config.extensions}, {each.name: each for each in config.routes}
    leads = ClusterLeads(world, config)
    for listener in config.listeners:
        for chain in filter_chains(listener):
            table = table_of(chain, tables)
            for host in table.virtual_hosts:
                for place, route in enumerate(host.routes):
                    if route.route is not None and leads.of_action(route.route, server):
                        asked = gate(chain, extensions, tables)
                        yield RouteToService(config.proxy, listener, chain, asked, table, host, place)


def _by_route(world: World, question: Question, at: RouteToService, server: CalledPort) -> ServedArrival | Doubt | None:
    """A request that arrives by a route, or why that is unknown; None if no request does."""
    try:
        return arrival_by(world, requests_by(world, question, at, server), at, server)
    except Undecided as undecided:
        return Doubt(f"{world.name(at.proxy)}: {undecided}")


def requests_by(world: World, question: Question, at: RouteToService, server: CalledPort) -> Space:
    """The requests of a question that can arrive by a route.

    Raises:
        Undecided: They cannot be expressed.
    """
    return taking(question, at) & passed_on(arriving(world, from_gateway(world, question, at), server), at)


def arrival_by(world: World, requests: Space, at: RouteToService, server: CalledPort) -> ServedArrival | Doubt | None:
    """One of some requests that arrives by a route, or why that is unknown; None if there are none."""
    witnesses = tuple(examples(requests, (), (_authority(at),)))
    reason = ""
    for witness in witnesses:
        if (needed := taken_for_granted(witness)) is not None:
            reason = reason or f"it depends on {needed}"
        elif (arrival := _arrived(world, witness, at, server)) is not None:
            return ServedArrival(server, arrival)
    if not witnesses:
        return None
    name = world.name(at.proxy)
    return Doubt(
        reason or f"{name} may route such requests to {server.name}, but none of those that were tried arrives"
    )


def taking(question: Question, at: RouteToService) -> Space:
    """The requests of a question that the gateway admits and that reach the route."""
    admitted = at.gate.admitted(at.gate.requests(("tls", "principal")))
    asked = admitted & question.space & routed(at)
    return without_claims(asked, sorted(dimensions([asked]))) if question.without_tokens else asked


def routed(at: RouteToService) -> Space:
    """The requests that can reach a route."""
    rows = HostTable(at.host, at.table).table.rows
    found = rows[at.place].possible & space(authority=authorities_of(at.host, at.table))
    for earlier in rows[: at.place]:
        found = found - earlier.certain
    return found


ON_THE_WAY = ("path", "method", "authority")
"""What a gateway passes on, if its route does not rewrite it."""


def from_gateway(world: World, question: Question, at: RouteToService) -> Question:
    """The requests that a gateway sends a server."""
    identity = OptionalText(exactly(world.identity(at.proxy), ""), absent=True)
    gateway = Clients(world.name(at.proxy), space(principal=identity))
    return Question(gateway, question.target, without_tokens=question.without_tokens)


def passed_on(admitted: Space, at: RouteToService) -> Space:
    """What a server lets through, by what the gateway passes on unchanged."""
    kept = passed_dimensions(at)
    return without(admitted, tuple(name for name in dimensions([admitted]) if name not in kept))


def passed_dimensions(at: RouteToService) -> tuple[str, ...]:
    """The dimensions of requests that a route does not change."""
    action = at.route.route or RouteAction()
    paths = (action.prefix_rewrite, action.regex_rewrite, action.path_rewrite, action.path_rewrite_policy)
    hosts = (action.host_rewrite, action.host_rewrite_literal, action.auto_host_rewrite, action.host_rewrite_header)
    changed = {"path": any(paths), "authority": any((*hosts, action.host_rewrite_path_regex))}
    if any(_sets_pseudo_header(each.header) for each in _added_headers(at, action)):
        return ()
    return tuple(name for name in ON_THE_WAY if not changed.get(name))


def _added_headers(at: RouteToService, action: RouteAction) -> Iterator[HeaderValueOption]:
    """The headers that a route, its virtual host or its table adds to requests."""
    yield from (*at.route.request_headers_to_add, *at.host.request_headers_to_add, *at.table.request_headers_to_add)
    for each in action.weighted_clusters.clusters if action.weighted_clusters is not None else ():
        yield from each.request_headers_to_add


def _sets_pseudo_header(header: HeaderValue | None) -> bool:
    return header is not None and header.key.lower().startswith((":", "host"))


def _arrived(world: World, witness: Request, at: RouteToService, server: CalledPort) -> FoundArrival | None:
    concrete = _concrete({"authority": _authority(at), **witness})
    for port in _ports(world, at):
        data = outside_data(concrete, world.name(at.proxy), "https" if at.secured else "http", port)
        if (found := followed(world, data, server)) is not None:
            return FoundArrival(data, found)
    return None


def _concrete(witness: Request) -> ConcreteRequest:
    """The request of a witness, with the headers and the parameters that routes ask for."""
    concrete = ConcreteRequest.of(witness)
    sent = http_request(witness, concrete.authority)
    return replace(concrete, headers=(*concrete.headers, *sent.headers), path=sent.path)


def _authority(at: RouteToService) -> str:
    """A host of the virtual host that reads well."""
    plain = next((domain for domain in at.host.domains if "*" not in domain and ":" not in domain), "")
    found = plain or authorities_of(at.host, at.table).example() or "any.example"
    return at.host.domains[0].replace("*", "any") if not plain and at.host.domains[:1] != ("*",) else found


def _ports(world: World, at: RouteToService) -> Iterator[int]:
    """The ports of the Services in front of a gateway that lead to a listener."""
    match at.listener.address:
        case Address(socket_address=SocketAddress(port_value=int(listening))):
            pass
        case _:
            return
    labels = dict(at.proxy.labels).items()
    for service in world.snapshot.services.all:
        if service.selector and service.namespace == at.proxy.namespace and service.selector.items() <= labels:
            yield from (each.number for each in service.ports if each.target in (listening, str(listening)))
