"""The listeners of gateways. Follows istiod's `buildGatewayListeners`.

Plain HTTP servers of a port share one chain. Every other server has its own chains, which SNI distinguishes: one for
terminated HTTPS, one for TCP, one for each `tls` match of a VirtualService with TLS passthrough, and one for each
cluster that other networks reach (AUTO_PASSTHROUGH).
"""

from collections.abc import Iterator, Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from meshcompile.codes.gateways import DUPLICATE_SNI_HOST, PRIVILEGED_PORT, SERVER_WITHOUT_ROUTE
from meshcompile.diagnostics import Diagnostic, Related
from meshcompile.documents import Origin
from meshcompile.models.mesh.mesh_config import TLSConfig
from meshcompile.models.networking.gateway import TLSMode
from meshcompile.resolve.facts import ProxyFacts
from meshcompile.resolve.gateways.merged import MergedServers, ServerPort
from meshcompile.resolve.gateways.server import GatewayServer
from meshcompile.resolve.gateways.tls import GatewaySecrets, gateway_secrets, server_tls
from meshcompile.resolve.listeners.filter_chain import ChainMatch, FilterChain
from meshcompile.resolve.listeners.http_connection import HttpConnection, HttpTraits
from meshcompile.resolve.listeners.stat_names import StatSubject, stat_name
from meshcompile.resolve.listeners.tcp_connection import TcpConnection, TcpTraits
from meshcompile.resolve.listeners.traffic import Traffic
from meshcompile.resolve.outbound.l4_routes import L4Client, ListenerPort, TcpTarget, routed, single
from meshcompile.resolve.outbound.routed_hosts import GatewayKey, RoutedHosts, routed_at_gateway
from meshcompile.resolve.routes.l4_intent import L4Match, L4Route, L4Routes
from meshcompile.resolve.routes.virtual_service.l4_routes import l4_routes
from meshcompile.resolve.security.authorization import NO_AUTHORIZATION
from meshcompile.resolve.telemetry import Telemetry
from meshcompile.snapshot.service import Service, ServicePort
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.snapshot.virtual_services import MergedVirtualService
from meshcompile.values.hosts import overlaps, subset_of
from meshcompile.values.names import outbound_sni
from meshcompile.values.ports import Protocol, protocol_named

FIRST_UNPRIVILEGED_PORT = 1024


class GatewayListener(Struct, frozen=True):
    """One listener: an address, a port, and the chains of all servers on them.

    `telemetry` is for connections that match no chain. `buffer` is the limit of a connection's buffers in bytes.
    """

    name: str
    bind: str
    port: int
    chains: tuple[FilterChain, ...]
    proxy_protocol: bool
    exact_balance: bool
    telemetry: Telemetry
    buffer: int | None = None

    @property
    def inspects_tls(self) -> bool:
        """True when a chain matches the SNI or ALPN of connections."""
        return any(chain.tls is not None or (chain.match and chain.match.server_names) for chain in self.chains)


class GatewayListeners(Struct, frozen=True):
    """The listeners of a gateway, and the findings about them."""

    listeners: tuple[GatewayListener, ...]
    findings: tuple[Diagnostic, ...]


def gateway_listeners(snapshot: Snapshot, facts: ProxyFacts, http: HttpTraits, tcp: TcpTraits) -> GatewayListeners:
    """The listeners of a gateway, sorted by name. A listener without chains is left out."""
    proxy, findings = facts.proxy, list(facts.gateway.findings)
    opening = GatewayChains.of(snapshot, facts, http, tcp)
    chains: dict[tuple[str, int], list[FilterChain]] = {}
    for port in facts.gateway.ports:
        servers = facts.gateway.servers[port]
        if port.number < FIRST_UNPRIVILEGED_PORT and proxy.node_metadata.unprivileged_pod:
            findings += (PRIVILEGED_PORT(server.port, port=port.number) for server in servers.servers)
            continue
        bind = port.bind or ("0.0.0.0" if proxy.supports_ipv4 else "::")
        opened = tuple(opening.chains(port, servers, bind))
        findings += (finding for finding in opened if isinstance(finding, Diagnostic))
        chains.setdefault((bind, port.number), []).extend(chain for chain in opened if isinstance(chain, FilterChain))
    topology = facts.config.gateway_topology
    listeners = (
        GatewayListener(
            name=listener_name(bind, number),
            bind=bind,
            port=number,
            chains=tuple(group),
            proxy_protocol=topology is not None and topology.proxy_protocol is not None,
            exact_balance=proxy.node_metadata.outbound_listener_exact_balance,
            telemetry=tcp.telemetry,
            buffer=http.settings.buffer,
        )
        for (bind, number), group in chains.items()
        if group
    )
    return GatewayListeners(tuple(sorted(listeners, key=lambda listener: listener.name)), tuple(findings))


def listener_name(bind: str, port: int) -> str:
    return f"{bind}_{port}"


ChainOrFinding = FilterChain | Diagnostic


class GatewayChains(Struct, frozen=True):
    """Builds the filter chains of a gateway.

    `bound` has the VirtualServices of each Gateway. `unchecked` is for AUTO_PASSTHROUGH, to which the gateway's
    policies do not apply. `matched` records, for each port, the SNI hosts that have a chain, with the address and
    origin of each.
    """

    client: L4Client
    bound: Mapping[str, RoutedHosts]
    tls_defaults: TLSConfig | None
    secrets: GatewaySecrets
    http: HttpTraits
    tcp: TcpTraits
    unchecked: TcpTraits
    matched: dict[int, dict[str, tuple[str, Origin]]] = field(default_factory=dict)

    @classmethod
    def of(cls, snapshot: Snapshot, facts: ProxyFacts, http: HttpTraits, tcp: TcpTraits) -> "GatewayChains":
        mesh, namespace = snapshot.mesh, facts.proxy.namespace
        return cls(
            client=L4Client(facts.scope, facts.proxy.labels, mesh.outbound_cluster_stat_name),
            bound={
                gateway: routed_at_gateway(snapshot, GatewayKey(namespace, gateway))
                for gateway in facts.gateway.gateways
            },
            tls_defaults=mesh.tls_defaults,
            secrets=gateway_secrets(snapshot, facts.proxy),
            http=http,
            tcp=tcp,
            unchecked=replace(tcp, authorization=NO_AUTHORIZATION),
        )

    def chains(self, port: ServerPort, merged: MergedServers, bind: str) -> Iterator[ChainOrFinding]:
        """The chains of a port's servers, and findings about them."""
        protocol = protocol_named(port.protocol)
        if protocol.is_http:
            yield self._http(port, merged, bind, protocol)
            return
        first = next((server for server in merged.servers if server.terminates_https), None)
        for server in merged.servers:
            if server.terminates_https:
                yield self._https(port, server, bind, is_first=server is first)
            elif server.mode is TLSMode.AUTO_PASSTHROUGH:
                yield from self._auto_passthrough(server)
            elif server.mode is TLSMode.PASSTHROUGH:
                yield from self._passthrough(port, server)
            else:
                yield from self._bytes(server)

    def _http(self, port: ServerPort, merged: MergedServers, bind: str, protocol: Protocol) -> FilterChain:
        origins = tuple(server.origin for server in merged.servers)
        connection = HttpConnection(
            traits=self.http,
            stat_prefix=_stat_prefix(bind, port.number),
            protocol=protocol,
            port=port.number,
            route_name=merged.route_name,
            origins=origins,
        )
        return FilterChain(connection, connect_timeout=True, origins=origins)

    def _https(self, port: ServerPort, server: GatewayServer, bind: str, *, is_first: bool) -> FilterChain:
        origins = (server.origin,)
        connection = HttpConnection(
            traits=self.http,
            stat_prefix=server.name or _stat_prefix(bind, port.number),
            protocol=server.protocol,
            port=port.number,
            route_name=server.route_name,
            network_extensions=is_first,
            origins=origins,
        )
        return FilterChain(
            connection,
            match=ChainMatch(server_names=server.sni_hosts),
            tls=server_tls(server, self.tls_defaults, self.secrets),
            connect_timeout=True,
            origins=origins,
        )

    def _bytes(self, server: GatewayServer) -> Iterator[ChainOrFinding]:
        """The chain of a server that forwards TCP, with terminated TLS or without TLS; none without a route."""
        connection = self._tcp_route(server)
        if connection is None:
            yield SERVER_WITHOUT_ROUTE(server, rules="tcp")
            return
        tls = server_tls(server, self.tls_defaults, self.secrets)
        yield FilterChain(
            connection,
            match=None if tls is None else ChainMatch(server_names=server.sni_hosts),
            tls=tls,
            connect_timeout=True,
            origins=(server.origin, *connection.origins),
        )

    def _tcp_route(self, server: GatewayServer) -> TcpConnection | None:
        """The route of TCP connections: the first `tcp` rule that matches the server's port and Gateway."""
        exchanges = server.mode is TLSMode.ISTIO_MUTUAL
        port = ListenerPort(server.port.number, server.protocol, server.port.name, exchanges_metadata=exchanges)
        for routes in self._bound(server):
            for route in (*routes.tcp, *routes.terminated_tls):
                if any(_is_for(match, server) for match in route.matches):
                    return routed(self.client, self.tcp, port, routes, route, (route.origin,))
        return None

    def _passthrough(self, port: ServerPort, server: GatewayServer) -> Iterator[ChainOrFinding]:
        """One chain for each `tls` match that applies to the server's port and Gateway."""
        is_routed = False
        for routes in self._bound(server):
            for route in routes.tls:
                for match in route.matches:
                    if _is_for(match, server):
                        is_routed = True
                        conflict = self._take(match, port.number, server)
                        yield conflict or self._tls_chain(routes, route, match, server)
        if not is_routed:
            yield SERVER_WITHOUT_ROUTE(server, rules="tls")

    def _tls_chain(self, routes: L4Routes, route: L4Route, match: L4Match, server: GatewayServer) -> FilterChain:
        port = ListenerPort(server.port.number, server.protocol, server.port.name)
        return FilterChain(
            routed(self.client, self.tcp, port, routes, route, (match.origin,)),
            match=ChainMatch(server_names=match.sni_hosts),
            connect_timeout=True,
            origins=(match.origin, server.origin),
        )

    def _take(self, match: L4Match, port: int, server: GatewayServer) -> Diagnostic | None:
        """A finding when another match on the port and address has one of the SNI hosts."""
        known, bind = self.matched.setdefault(port, {}), server.bind
        taken = [host for host in match.sni_hosts if host in known and known[host][0] == bind]
        if taken:
            related = (Related("the match that has it", known[taken[0]][1]),)
            return DUPLICATE_SNI_HOST(match, hosts=", ".join(taken), port=port, related=related)
        known.update(dict.fromkeys(match.sni_hosts, (bind, match.origin)))
        return None

    def _auto_passthrough(self, server: GatewayServer) -> Iterator[FilterChain]:
        """One chain for each port and subset of the services that the server's hosts cover, by their SNI."""
        for service in self.client.scope.services:
            if service.mesh_external or not any(subset_of(service.hostname, host) for host in server.sni_hosts):
                continue
            rule = self.client.rule(service.hostname)
            subsets = () if rule is None else tuple(subset.name for subset in rule.subsets)
            for port in service.ports:
                if port.protocol is not Protocol.UDP:
                    yield from (self._sni_chain(server, service, port, subset) for subset in ("", *subsets))

    def _sni_chain(self, server: GatewayServer, service: Service, port: ServicePort, subset: str) -> FilterChain:
        cluster = outbound_sni(port.number, subset, service.hostname)
        subject = StatSubject(service.hostname, service, port.number, port.name, subset)
        connection = single(
            self.unchecked,
            self.client.rule(service.hostname),
            TcpTarget(cluster, stat_name(self.client.stat_pattern, subject, cluster), subset),
            ListenerPort(port.number, port.protocol),
            (service.origin,),
        )
        return FilterChain(
            replace(connection, settings=replace(connection.settings, tunnel=None)),
            match=ChainMatch(server_names=(cluster,), traffic=Traffic.MESH_PASSED_ON),
            connect_timeout=True,
            origins=(server.origin, *connection.origins),
        )

    def _bound(self, server: GatewayServer) -> Iterator[L4Routes]:
        """The routes of the VirtualServices of the server's Gateway that share a host with the server."""
        for virtual_service in self.bound[server.gateway].overlapping(server.names):
            if _shares_host(server, virtual_service):
                yield l4_routes(virtual_service)


def _stat_prefix(bind: str, port: int) -> str:
    return f"outbound_{listener_name(bind, port)};"


def _shares_host(server: GatewayServer, virtual_service: MergedVirtualService) -> bool:
    for host in server.hosts:
        namespace, _, name = host.rpartition("/")
        if namespace in ("", virtual_service.namespace) and any(overlaps(name, own) for own in virtual_service.hosts):
            return True
    return False


def _is_for(match: L4Match, server: GatewayServer) -> bool:
    """True when a match applies to the server's port and Gateway. A gateway ignores its other conditions."""
    return match.port in (0, server.port.number) and (not match.gateways or server.gateway in match.gateways)
