"""The filter chains of one claim on an outbound listener.

Follows istiod's `buildSidecarOutboundHTTPListenerOpts`, `buildSidecarOutboundTLSFilterChainOpts` and
`buildSidecarOutboundTCPFilterChainOpts`.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Self

from msgspec import Struct, field
from msgspec.structs import replace

from meshcompile.documents import Origin
from meshcompile.models.networking.virtual_service import MESH_GATEWAY
from meshcompile.queries import query
from meshcompile.resolve.endpoints.addresses import Addressing, service_address
from meshcompile.resolve.extensions import ListenerExtensions, listener_extensions
from meshcompile.resolve.facts import ProxyFacts
from meshcompile.resolve.listeners.filter_chain import ChainMatch
from meshcompile.resolve.listeners.stat_names import StatSubject, stat_name
from meshcompile.resolve.listeners.tcp_connection import TcpConnection, TcpTraits
from meshcompile.resolve.listeners.traffic import Traffic, TrafficClass
from meshcompile.resolve.outbound.egress_claims import ListenerClaim, ListenerProtocol
from meshcompile.resolve.outbound.l4_routes import L4Client, ListenerPort, TcpTarget, routed, single
from meshcompile.resolve.routes.domains import short_forms
from meshcompile.resolve.routes.l4_intent import L4Route, L4Routes
from meshcompile.resolve.routes.virtual_service.l4_routes import l4_routes
from meshcompile.resolve.scope.sidecar import EgressListener, ScopeKey, l4_scope
from meshcompile.resolve.security.authorization import Authorization, authorization
from meshcompile.snapshot.service import UNSPECIFIED_ADDRESS, Registry, Service
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.snapshot.virtual_services import MergedVirtualService
from meshcompile.values.hosts import is_wildcard, overlaps
from meshcompile.values.names import outbound
from meshcompile.values.ports import Protocol

SNIFFED_HTTP = ChainMatch(traffic=Traffic.PLAIN_HTTP)
EVERYTHING = ChainMatch()


class HttpRoutes(Struct, frozen=True):
    """HTTP with a named route configuration.

    `dynamic_host` is set for a wildcard service that Envoy resolves for each request.
    """

    route_name: str
    protocol: Protocol
    dynamic_host: str = ""


class Chain(Struct, frozen=True):
    """One filter chain. `config` is the path of the VirtualService that it comes from."""

    match: ChainMatch
    connection: TcpConnection | HttpRoutes
    config: str = ""
    origins: tuple[Origin, ...] = ()


class L4Rules(Struct, frozen=True):
    """The VirtualServices of an egress listener that have tcp or tls rules, by host."""

    rules: tuple[MergedVirtualService, ...]
    _exact: Mapping[str, tuple[int, ...]]
    _wildcard: tuple[int, ...]

    @classmethod
    def of(cls, listener: EgressListener) -> Self:
        rules = tuple(vs for vs in listener.virtual_services if vs.tls or vs.tcp)
        exact: dict[str, tuple[int, ...]] = {}
        for position, virtual_service in enumerate(rules):
            for host in virtual_service.hosts:
                if not is_wildcard(host):
                    exact[host] = (*exact.get(host, ()), position)
        wildcard = tuple(i for i, vs in enumerate(rules) if any(is_wildcard(host) for host in vs.hosts))
        return cls(rules, exact, wildcard)

    def for_host(self, hostname: str) -> tuple[MergedVirtualService, ...]:
        """The VirtualServices with a host that overlaps the service's host in either direction.

        They are in order of precedence.
        """
        if not self.rules:
            return ()
        candidates: Iterable[int] = range(len(self.rules))
        if not is_wildcard(hostname):
            candidates = sorted({*self._exact.get(hostname, ()), *self._wildcard})
        virtual_services = (self.rules[position] for position in candidates)
        return tuple(vs for vs in virtual_services if any(overlaps(host, hostname) for host in vs.hosts))


class EgressChains(Struct, frozen=True, eq=False):
    """Builds the chains of claims for sidecars with one egress key."""

    client: L4Client
    addressing: Addressing
    domain: str
    tcp: TcpTraits
    dynamic: Mapping[str, "DynamicTraits"]
    _rules: dict[int, L4Rules] = field(default_factory=dict)

    def of(self, claim: ListenerClaim) -> tuple[Chain, ...]:
        """The chains of a claim.

        A listener on every address also accepts other traffic, so Envoy has to detect its HTTP.
        """
        if claim.port.protocol is Protocol.HTTP_PROXY:
            return (self._http(claim, EVERYTHING),)
        match claim.protocol:
            case ListenerProtocol.HTTP:
                on_every_address = claim.binds[0] == self.addressing.wildcard
                return (self._http(claim, SNIFFED_HTTP if on_every_address else EVERYTHING),)
            case ListenerProtocol.TCP:
                return tuple(self._tcp(claim))
            case ListenerProtocol.AUTO:
                return (*self._tcp(claim), self._http(claim, SNIFFED_HTTP))

    def _http(self, claim: ListenerClaim, match: ChainMatch) -> Chain:
        routes = HttpRoutes(self._route_name(claim), claim.port.protocol, _dynamic_host(claim.service))
        return Chain(match, routes, origins=claim.origins)

    def _route_name(self, claim: ListenerClaim) -> str:
        """The name of the route configuration.

        All HTTP on a port shares its routes. A service with protocol detection and its own address has its own.
        """
        bind, port = claim.key
        if port == 0:
            return bind
        if claim.protocol is ListenerProtocol.AUTO and bind != self.addressing.wildcard:
            return f"{claim.service.hostname}:{port}"
        return str(port)

    def _tcp(self, claim: ListenerClaim) -> Iterator[Chain]:
        routes = map(l4_routes, self._rules_of(claim).for_host(claim.service.hostname))
        return self._tls_chains(claim, routes) if claim.port.protocol.is_tls else self._tcp_chains(claim, routes)

    def _rules_of(self, claim: ListenerClaim) -> L4Rules:
        rank = claim.egress_bind.rank
        if rank not in self._rules:
            self._rules[rank] = L4Rules.of(claim.egress_bind.listener)
        return self._rules[rank]

    # ---- TLS: chains by server name

    def _tls_chains(self, claim: ListenerClaim, in_scope: Iterable[L4Routes]) -> Iterator[Chain]:
        """One chain for each match; one for the whole service when no match applies.

        The destinations of a match also apply to the matches after it, until one has its own.
        """
        destinations, port = claim.cidrs, claim.port.number
        seen: set[tuple[tuple[str, ...], tuple[str, ...]]] = set()
        for routes in in_scope:
            for route in routes.tls:
                for match in route.matches:
                    if not self.client.matches(match, MESH_GATEWAY, port):
                        continue
                    if match.destination_subnets and port > 0:
                        destinations = match.destination_subnets
                    condition = (match.sni_hosts, match.destination_subnets)
                    if condition not in seen:
                        seen.add(condition)
                        where = ChainMatch(server_names=match.sni_hosts, destinations=destinations)
                        yield self._routed(claim, where, routes, route, match.origin)
        if not seen:
            names = self._server_names(claim)
            yield self._default(claim, ChainMatch(server_names=names, destinations=claim.cidrs))

    def _server_names(self, claim: ListenerClaim) -> tuple[str, ...]:
        """The server names that distinguish the service on its listener; none when it has the address to itself."""
        service = claim.service
        address = service_address(service, self.addressing)
        is_range = bool(claim.cidrs) or "/" in address
        is_shared = claim.binds[0] == self.addressing.wildcard and self._is_unspecified(service, address)
        if not (is_range or is_shared or service.is_dynamic):
            return ()
        aliases = (alias for alias, _ in service.aliases)
        others = (name for alias in aliases for name in (alias, f"{alias}.", *short_forms(alias, self.domain)))
        return (service.hostname, *others)

    def _is_unspecified(self, service: Service, address: str) -> bool:
        """True for the wildcard address.

        A ServiceEntry without an address has the wildcard of the proxy's address family.
        """
        own_family = service.registry is Registry.EXTERNAL and address == UNSPECIFIED_ADDRESS
        return own_family or address == self.addressing.wildcard

    # ---- TCP: chains by destination address

    def _tcp_chains(self, claim: ListenerClaim, in_scope: Iterable[L4Routes]) -> Iterator[Chain]:
        """One chain for each applicable rule, up to the first that matches every address; then the service itself."""
        own, covered = ChainMatch(destinations=claim.cidrs), False
        for routes in in_scope:
            for route in routes.tcp:
                matches = [m for m in route.matches if self.client.matches(m, MESH_GATEWAY, claim.port.number)]
                catch_all = next((m for m in matches if not m.destination_subnets or claim.port.number == 0), None)
                if catch_all is not None:
                    yield self._routed(claim, own, routes, route, catch_all.origin)
                    return
                subnets = tuple(subnet for match in matches for subnet in match.destination_subnets)
                if subnets:
                    where = ChainMatch(destinations=subnets)
                    yield replace(self._routed(claim, where, routes, route, route.origin), config="")
                    covered = covered or sorted(subnets) == sorted(claim.cidrs)
        if not covered:
            yield self._default(claim, own)

    # ---- what chains do

    def _routed(
        self, claim: ListenerClaim, where: ChainMatch, routes: L4Routes, route: L4Route, place: Origin
    ) -> Chain:
        port = ListenerPort(claim.port.number, claim.port.protocol, claim.port.name)
        origins = (place, *claim.origins)
        connection = routed(self.client, self.tcp, port, routes, route, origins)
        return Chain(where, connection, routes.resource, connection.origins)

    def _default(self, claim: ListenerClaim, where: ChainMatch) -> Chain:
        """The chain to the service itself.

        When a Sidecar sets the port of the listener, a service with one port gets the traffic on its own port.
        """
        service = claim.service
        number = service.ports[0].number if len(service.ports) == 1 else claim.port.number
        cluster, dynamic_host = outbound(number, "", service.hostname), _dynamic_host(service)
        stat_prefix = stat_name(self.client.stat_pattern, StatSubject(service.hostname, service, number), cluster)
        connection = single(
            self._dynamic_traits(service) if dynamic_host else self.tcp,
            self.client.rule(service.hostname),
            TcpTarget(cluster, stat_prefix, dynamic_host=dynamic_host),
            ListenerPort(claim.port.number, claim.port.protocol),
            claim.origins,
        )
        return Chain(where, connection, origins=connection.origins)

    def _dynamic_traits(self, service: Service) -> TcpTraits:
        own = self.dynamic[service.namespace]
        return replace(self.tcp, authorization=own.authorization, extensions=own.extensions)


class DynamicTraits(Struct, frozen=True):
    """The traits of connections to dynamic wildcard services."""

    authorization: Authorization
    extensions: ListenerExtensions


def dynamic_traits(snapshot: Snapshot, facts: ProxyFacts) -> Mapping[str, DynamicTraits]:
    """The traits of connections to dynamic wildcard services, by the namespaces of the services.

    Policies apply to no other outbound traffic. Policies and extensions in the service's namespace also apply.
    """
    return {
        namespace: DynamicTraits(
            authorization(snapshot, facts.proxy, service=service),
            listener_extensions(snapshot, facts.proxy, TrafficClass.SIDECAR_OUTBOUND, (service,)),
        )
        for namespace, service in dynamic_services(snapshot, facts.scope.key).items()
    }


@query
def dynamic_services(snapshot: Snapshot, key: ScopeKey) -> Mapping[str, Service]:
    """One dynamic wildcard service of each namespace that has any."""
    services = l4_scope(snapshot, key).services
    return {service.namespace: service for service in reversed(services) if service.is_dynamic}


def _dynamic_host(service: Service) -> str:
    """The wildcard host of a service that Envoy resolves on demand; "" for all other services."""
    return service.hostname if service.is_dynamic else ""
