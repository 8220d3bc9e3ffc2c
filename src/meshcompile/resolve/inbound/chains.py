"""The inbound filter chains of a sidecar: for each port of the application, one per kind of traffic.

Follows istiod's `buildInboundChainConfigs`, `filterchain_options.go` and `buildInboundPassthroughChains`.
"""

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from meshcompile.codes.listeners import INBOUND_CONFLICT, INGRESS_TLS_IGNORED, RESERVED_PORT
from meshcompile.codes.security import HTTP_FIELDS_ON_TCP
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Origin
from meshcompile.models.mesh.mesh_config import MeshConfig
from meshcompile.models.networking.sidecar import CaptureMode
from meshcompile.proxy import InterceptionMode
from meshcompile.resolve.facts import ProxyFacts
from meshcompile.resolve.inbound.binding import BindLimits, bind_limits, can_bind
from meshcompile.resolve.listeners.filter_chain import ChainMatch, FilterChain
from meshcompile.resolve.listeners.http_connection import HttpConnection, HttpTraits, InboundRoute
from meshcompile.resolve.listeners.stat_names import TARGET_PORT, StatSubject, stat_name
from meshcompile.resolve.listeners.tcp_connection import (
    CatchAllConnection,
    TcpConnection,
    TcpSettings,
    TcpTraits,
    WeightedCluster,
)
from meshcompile.resolve.listeners.traffic import Traffic
from meshcompile.resolve.outbound.egress_claims import LISTENER_PROTOCOLS, ListenerProtocol
from meshcompile.resolve.routes.domains import host_with_port
from meshcompile.resolve.security.authorization import Authorization
from meshcompile.resolve.security.downstream_tls import (
    HTTP_ALPN,
    MESH_TCP_ALPN,
    DownstreamTls,
    ProxySecrets,
    mesh_server_tls,
)
from meshcompile.resolve.security.mtls import PeerPolicy
from meshcompile.snapshot.authentication import MutualTlsMode
from meshcompile.snapshot.service import Service
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.values.names import BLACK_HOLE_CLUSTER, INBOUND_PASSTHROUGH_CLUSTER, inbound
from meshcompile.values.ports import Protocol, protocol_named


class InboundChain(Struct, frozen=True):
    """One kind of traffic on a port: what it matches, how it is handled, and whether mutual TLS ends here."""

    kind: ListenerProtocol
    traffic: Traffic
    mutual_tls: bool = False


# (protocol of the port, mode) -> the chains that it needs
INBOUND_CHAINS: Mapping[tuple[ListenerProtocol, MutualTlsMode], tuple[InboundChain, ...]] = {
    (ListenerProtocol.HTTP, MutualTlsMode.STRICT): (InboundChain(ListenerProtocol.HTTP, Traffic.TLS, mutual_tls=True),),
    (ListenerProtocol.HTTP, MutualTlsMode.PERMISSIVE): (
        InboundChain(ListenerProtocol.HTTP, Traffic.MESH, mutual_tls=True),
        InboundChain(ListenerProtocol.HTTP, Traffic.PLAIN),
        # an HTTP port does not accept other TLS
    ),
    (ListenerProtocol.HTTP, MutualTlsMode.DISABLE): (InboundChain(ListenerProtocol.HTTP, Traffic.PLAIN),),
    (ListenerProtocol.AUTO, MutualTlsMode.STRICT): (
        InboundChain(ListenerProtocol.HTTP, Traffic.MESH_HTTP, mutual_tls=True),
        InboundChain(ListenerProtocol.TCP, Traffic.TLS, mutual_tls=True),
    ),
    (ListenerProtocol.AUTO, MutualTlsMode.PERMISSIVE): (
        InboundChain(ListenerProtocol.HTTP, Traffic.MESH_HTTP, mutual_tls=True),
        InboundChain(ListenerProtocol.HTTP, Traffic.PLAIN_HTTP),
        InboundChain(ListenerProtocol.TCP, Traffic.MESH_TCP, mutual_tls=True),
        InboundChain(ListenerProtocol.TCP, Traffic.PLAIN),
        InboundChain(ListenerProtocol.TCP, Traffic.TLS),  # TLS of the application's own
    ),
    (ListenerProtocol.AUTO, MutualTlsMode.DISABLE): (
        InboundChain(ListenerProtocol.HTTP, Traffic.PLAIN_HTTP),
        InboundChain(ListenerProtocol.TCP, Traffic.PLAIN),
    ),
    (ListenerProtocol.TCP, MutualTlsMode.STRICT): (InboundChain(ListenerProtocol.TCP, Traffic.TLS, mutual_tls=True),),
    (ListenerProtocol.TCP, MutualTlsMode.PERMISSIVE): (
        InboundChain(ListenerProtocol.TCP, Traffic.MESH, mutual_tls=True),
        InboundChain(ListenerProtocol.TCP, Traffic.TLS),  # TLS of the application's own
        InboundChain(ListenerProtocol.TCP, Traffic.PLAIN),
    ),
    (ListenerProtocol.TCP, MutualTlsMode.DISABLE): (InboundChain(ListenerProtocol.TCP, Traffic.PLAIN),),
}


# The traffic of a chain without mutual TLS -> the same out of an HBONE tunnel, whose transport is not inspected
_IN_TUNNELS = {Traffic.PLAIN_HTTP: Traffic.TUNNELLED_HTTP, Traffic.PLAIN: Traffic.ANY}


class InboundPort(Struct, frozen=True):
    """A port of the application, as a service or a Sidecar's ingress listener declares it; 0 for all other ports.

    `host` names it in traces and statistics. `number` is the port of the service. With `bind_to_port`, the listener
    binds `bind`; without, `bind` only names the chain.
    """

    target_port: int
    number: int
    name: str
    protocol: Protocol
    host: str
    binds: tuple[str, ...]
    bind_to_port: bool = False
    passthrough: bool = False
    service: Service | None = None
    config: str = ""
    origins: tuple[Origin, ...] = ()

    @property
    def cluster(self) -> str:
        return INBOUND_PASSTHROUGH_CLUSTER if self.passthrough else inbound(self.target_port)

    @property
    def matched(self) -> int | None:
        """The port that the chains match; None for all other ports."""
        return self.target_port or None

    @property
    def listener_name(self) -> str:
        return f"{self.binds[0]}_{self.target_port}"

    def chain_name(self, kind: ListenerProtocol) -> str:
        """The name of the chain: its address and port, or a fixed name for passthrough chains."""
        if not self.passthrough:
            return self.listener_name
        return "virtualInbound-catchall-http" if kind is ListenerProtocol.HTTP else "virtualInbound"

    @property
    def stat_prefix(self) -> str:
        """The prefix of the statistics of the connection manager, delimiter included."""
        return f"{self.cluster};" if self.passthrough else f"inbound_{self.listener_name};"


# ---- ports


def inbound_ports(facts: ProxyFacts, snapshot: Snapshot) -> tuple[tuple[InboundPort, ...], tuple[Diagnostic, ...]]:
    """The ports of the application, by number, and findings about them.

    They come from the Sidecar's ingress listeners if it has any, or from services.
    """
    limits = bind_limits(facts.proxy, snapshot)
    if facts.scope.has_ingress:
        candidates = _ingress_ports(facts, limits)
    elif facts.proxy.interception_mode is InterceptionMode.NONE:
        return (), ()  # the application listens on those ports itself
    else:
        candidates = _service_ports(facts, limits)
    decided = tuple(_one_per_port(candidates))
    ports = (port for port in decided if isinstance(port, InboundPort))
    findings = (finding for finding in decided if isinstance(finding, Diagnostic))
    return tuple(sorted(ports, key=lambda port: port.target_port)), tuple(findings)


def without_requests(authorization: Authorization, ports: Iterable[InboundPort]) -> Iterator[Diagnostic]:
    """Findings for rules that look at requests, on ports that only have connections."""
    numbers = ", ".join(
        str(port.target_port) for port in ports if LISTENER_PROTOCOLS.get(port.protocol) is ListenerProtocol.TCP
    )
    if not numbers:
        return
    for rule in authorization.request_rules:
        what = "this rule does not apply" if rule.allows else "parts of this rule do not apply"
        yield HTTP_FIELDS_ON_TCP(rule.origin, what=what, port=numbers)


PortOrFinding = InboundPort | Diagnostic


def _service_ports(facts: ProxyFacts, limits: BindLimits) -> Iterator[PortOrFinding]:
    for target in facts.targets:
        port = InboundPort(
            target_port=target.target_port,
            number=target.port.number,
            name=target.port.name,
            protocol=target.port.protocol,
            host=target.service.hostname,
            binds=facts.proxy.wildcards,
            service=target.service,
            origins=(target.port.origin or target.service.origin,),
        )
        yield from _if_free(port, limits.wildcard, limits, limits.all)


def _ingress_ports(facts: ProxyFacts, limits: BindLimits) -> Iterator[PortOrFinding]:
    sidecar, proxy = facts.scope.sidecar, facts.proxy
    assert sidecar is not None
    own_address = (proxy.global_unicast_address,) if proxy.global_unicast_address else proxy.wildcards
    for listener in sidecar.spec.ingress:
        if listener.tls is not None:
            yield INGRESS_TLS_IGNORED(listener.tls)
        if listener.port is None:
            continue
        mode = listener.capture_mode
        intercepted = proxy.interception_mode is not InterceptionMode.NONE
        port = InboundPort(
            target_port=listener.port.number,
            number=listener.port.number,
            name=listener.port.name,
            protocol=protocol_named(listener.port.protocol),
            host=f"{sidecar.name}.{proxy.namespace}",
            binds=(listener.bind,) if listener.bind else own_address,
            bind_to_port=not intercepted if mode is CaptureMode.DEFAULT else mode is CaptureMode.NONE,
            config=f"/apis/networking.istio.io/v1/namespaces/{proxy.namespace}/sidecar/{sidecar.name}",
            origins=(listener.origin,),
        )
        yield from _if_free(port, listener.bind, limits, limits.own)


def _if_free(port: InboundPort, bind: str, limits: BindLimits, reserved: frozenset[int]) -> Iterator[PortOrFinding]:
    free = can_bind(
        limits,
        reserved,
        bind_to_port=port.bind_to_port,
        bind=bind,
        port=port.target_port,
        protocol=port.protocol,
    )
    if free:
        yield port
    elif port.origins:
        yield RESERVED_PORT(port.origins[0], port=port.target_port, host=port.host)


def _one_per_port(candidates: Iterable[PortOrFinding]) -> Iterator[PortOrFinding]:
    """The first declaration of each target port, oldest service first, and findings about the others."""
    taken: dict[int, InboundPort] = {}
    for port in candidates:
        if not isinstance(port, InboundPort):
            yield port
            continue
        winner = taken.setdefault(port.target_port, port)
        if winner is port:
            yield port
        elif winner.protocol is not port.protocol and winner.host != port.host:
            yield INBOUND_CONFLICT(
                port.origins[0],
                port=port.target_port,
                host=port.host,
                protocol=port.protocol,
                winner=winner.host,
                existing=winner.protocol,
            )


# ---- chains


class InboundChains(Struct, frozen=True, eq=False):
    """Builds the inbound filter chains of one sidecar."""

    mesh: MeshConfig
    peer_policy: PeerPolicy
    declared: frozenset[int]
    http: HttpTraits
    tcp: TcpTraits
    http_tls: DownstreamTls
    tcp_tls: DownstreamTls

    def of(self, port: InboundPort) -> tuple[FilterChain, ...]:
        """The chains of a port, by its protocol and mutual TLS mode."""
        mode = self.peer_policy.for_port(port.target_port)
        kind = LISTENER_PROTOCOLS.get(port.protocol, ListenerProtocol.TCP)
        return tuple(self._chain(port, inbound_chain) for inbound_chain in INBOUND_CHAINS[kind, mode])

    def tunnelled(self, port: InboundPort, addresses: tuple[str, ...]) -> tuple[FilterChain, ...]:
        """The chains of a port for what HBONE tunnels carry, to the addresses of the proxy.

        The tunnel has ended, so mutual TLS has too.
        """
        kind = LISTENER_PROTOCOLS.get(port.protocol, ListenerProtocol.TCP)
        return tuple(
            FilterChain(
                connection=self._connection(port, chain.kind, tunnelled=not port.passthrough),
                match=ChainMatch((), addresses, _IN_TUNNELS[chain.traffic], port.matched),
                name=port.chain_name(chain.kind),
                config=port.config,
                origins=port.origins,
            )
            for chain in INBOUND_CHAINS[kind, MutualTlsMode.DISABLE]
        )

    def virtual(self, ports: Iterable[InboundPort]) -> tuple[FilterChain, ...]:
        """The chains of the virtual inbound listener.

        The first chain prevents loops. Passthrough chains for undeclared ports follow, then the chains of the declared
        ports.
        """
        passing = (passthrough_port(number) for number in self._undeclared())
        return (self._guard(), *(chain for port in (*passing, *ports) for chain in self.of(port)))

    def _undeclared(self) -> tuple[int, ...]:
        """0 for every undeclared port, then the ports that only a PeerAuthentication names."""
        return (0, *sorted(port for port in self.peer_policy.ports if port not in self.declared))

    def _guard(self) -> FilterChain:
        """The chain that drops connections to the listener's own port, which would loop for ever."""
        return FilterChain(
            CatchAllConnection(self.tcp, BLACK_HOLE_CLUSTER, metadata_exchange=True, access_logs=False),
            ChainMatch(destination_port=self.mesh.proxy_inbound_listen_port),
            name="virtualInbound-blackhole",
        )

    def _chain(self, port: InboundPort, inbound_chain: InboundChain) -> FilterChain:
        tls = self.http_tls if inbound_chain.kind is ListenerProtocol.HTTP else self.tcp_tls
        return FilterChain(
            connection=self._connection(port, inbound_chain.kind),
            match=ChainMatch(traffic=inbound_chain.traffic, destination_port=port.matched),
            name=port.chain_name(inbound_chain.kind),
            tls=tls if inbound_chain.mutual_tls else None,
            config=port.config,
            origins=(*port.origins, *(policy.origin for policy in self.peer_policy.policies)),
        )

    def _connection(
        self, port: InboundPort, kind: ListenerProtocol, tunnelled: bool = False
    ) -> HttpConnection | TcpConnection:
        return self._http(port, tunnelled) if kind is ListenerProtocol.HTTP else self._tcp(port)

    def _http(self, port: InboundPort, tunnelled: bool) -> HttpConnection:
        return HttpConnection(
            traits=self.http,
            stat_prefix=port.stat_prefix,
            protocol=port.protocol,
            port=port.target_port,
            inbound_route=InboundRoute(
                cluster=port.cluster,
                port=port.number,
                operation=f"{host_with_port(port.host, port.number)}/*",
                retries=not port.protocol.is_grpc,
            ),
            tunnelled=tunnelled,
            origins=port.origins,
        )

    def _tcp(self, port: InboundPort) -> TcpConnection:
        pattern = self.mesh.inbound_cluster_stat_name
        return TcpConnection(
            traits=self.tcp,
            stat_prefix=inbound_stat_name(pattern, port) if pattern else port.cluster,
            clusters=(WeightedCluster(port.cluster, 1),),
            protocol=port.protocol,
            port=port.number,
            settings=TcpSettings(self.tcp.idle_timeout),
            metadata_exchange=True,
            origins=port.origins,
        )


def inbound_chains(
    mesh: MeshConfig, facts: ProxyFacts, http: HttpTraits, tcp: TcpTraits, secrets: ProxySecrets
) -> InboundChains:
    """The builder of a sidecar's inbound chains."""
    return InboundChains(
        mesh=mesh,
        peer_policy=facts.peer_policy,
        declared=_declared_ports(facts),
        http=http,
        tcp=tcp,
        http_tls=mesh_server_tls(mesh, secrets, HTTP_ALPN),
        tcp_tls=mesh_server_tls(mesh, secrets, MESH_TCP_ALPN),
    )


def passthrough_port(number: int) -> InboundPort:
    """A port that no service declares; 0 for all of them."""
    return InboundPort(
        target_port=number,
        number=0,
        name="virtualInbound",
        protocol=Protocol.AUTO,
        host="",
        binds=(),
        passthrough=True,
    )


def _declared_ports(facts: ProxyFacts) -> frozenset[int]:
    """The ports that have their own chains. With ingress listeners, only theirs."""
    if facts.scope.sidecar is not None and facts.scope.has_ingress:
        return frozenset(listener.port.number for listener in facts.scope.sidecar.spec.ingress if listener.port)
    return frozenset(target.target_port for target in facts.targets)


def inbound_stat_name(pattern: str, port: InboundPort) -> str:
    """The name for statistics. Istio does not substitute `%TARGET_PORT%` in inbound names."""
    subject = StatSubject(port.host, port.service, port.number, port.name)
    return TARGET_PORT.join(stat_name(part, subject) for part in pattern.split(TARGET_PORT))
