"""The outbound listeners of a sidecar.

Follows istiod's `ListenerBuilder.buildSidecarOutboundListeners` and its callers.
"""

from collections.abc import Mapping

from msgspec import Struct

from meshcompile.models.mesh.mesh_config import MeshConfig
from meshcompile.proxy import InterceptionMode, Proxy
from meshcompile.queries import Key, latest_query
from meshcompile.resolve.facts import ProxyFacts
from meshcompile.resolve.listeners.filter_chain import ChainMatch, FilterChain
from meshcompile.resolve.listeners.http_connection import HttpConnection, HttpTraits, http_traits
from meshcompile.resolve.listeners.inspection import outbound_inspection
from meshcompile.resolve.listeners.listener import Listener
from meshcompile.resolve.listeners.tcp_connection import CatchAllConnection, TcpTraits, tcp_traits
from meshcompile.resolve.listeners.traffic import Traffic, TrafficClass
from meshcompile.resolve.outbound.destinations import unknown_destination
from meshcompile.resolve.outbound.egress import (
    EgressKey,
    OutboundListener,
    SocketKey,
    egress,
    egress_key,
    without_itself,
)
from meshcompile.resolve.outbound.egress_chains import HttpRoutes
from meshcompile.resolve.routes.route_key import route_key
from meshcompile.resolve.routes.sidecar import HTTP_PROXY_ROUTE, catch_all
from meshcompile.resolve.routes.table import InlineRoutes
from meshcompile.resolve.scope.sidecar import l4_scope
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.values.durations import Duration
from meshcompile.values.names import BLACK_HOLE_CLUSTER, UNKNOWN_HOSTS
from meshcompile.values.ports import Protocol

# The timeout of a listener without protocol detection.
NO_TIME = Duration()


class OutboundKey(Key, frozen=True):
    """What outbound listeners are built from. Without `http`, they have no HTTP, and more sidecars share them."""

    egress: EgressKey
    exact_balance: bool
    http: HttpTraits | None = None


@latest_query
def outbound_listeners(snapshot: Snapshot, key: OutboundKey) -> Mapping[SocketKey, Listener]:
    """The outbound listeners for a key, with HTTP or without, by address and port."""
    maker = OutboundListenerBuilder.of(snapshot, key)
    is_shared = key.http is None
    return {
        socket: maker.listener(settled)
        for socket, settled in egress(snapshot, key.egress).listeners.items()
        if settled.is_shared is is_shared
    }


class OutboundListenerBuilder(Struct, frozen=True):
    """Builds outbound listeners from merged claims.

    `rest` handles connections that no other chain matches.
    """

    key: OutboundKey
    rest: FilterChain
    detection_timeout: Duration | None

    @classmethod
    def of(cls, snapshot: Snapshot, key: OutboundKey) -> "OutboundListenerBuilder":
        policy = l4_scope(snapshot, key.egress.scope).outbound_traffic_policy
        rest = unknown_chain(key.egress.tcp, unknown_destination(policy), "PassthroughFilterChain")
        return cls(key, rest, snapshot.mesh.protocol_detection_timeout)

    def listener(self, settled: OutboundListener) -> Listener:
        """The listener. A chain that matches everything becomes its default chain, unless it is the only chain."""
        first = settled.first
        prefix = f"outbound_{settled.name};"
        chains = [
            FilterChain(
                connection=self._http(chain.connection, prefix, first.port.number)
                if isinstance(chain.connection, HttpRoutes)
                else chain.connection,
                match=chain.match,
                config=chain.config,
                connect_timeout=True,
                origins=chain.origins,
            )
            for chain in settled.chains
        ]
        restricted = tuple(chain for chain in chains if chain.match and not chain.match.takes_everything)
        unrestricted = [chain for chain in chains if chain.match and chain.match.takes_everything]
        default = unrestricted[-1] if unrestricted else self.rest
        inspection = outbound_inspection((*restricted, default))
        return Listener(
            name=settled.name,
            binds=first.binds,
            port=first.port.number,
            inbound=False,
            chains=restricted or (default,),
            default=default if restricted else None,
            bind_to_port=first.egress_bind.bind_to_port,
            exact_balance=self.key.exact_balance,
            inspection=inspection,
            detection_timeout=self.detection_timeout if inspection.http else NO_TIME,
            origins=settled.origins,
        )

    def _http(self, routes: HttpRoutes, stat_prefix: str, port: int) -> HttpConnection:
        assert self.key.http is not None
        return HttpConnection(
            traits=self.key.http,
            stat_prefix=stat_prefix,
            protocol=routes.protocol,
            port=port,
            route_name=routes.route_name,
            dynamic_host=routes.dynamic_host,
        )


def unknown_chain(tcp: TcpTraits, cluster: str | None, name: str) -> FilterChain:
    """The chain for traffic to addresses that are unknown to the sidecar; a `cluster` of None refuses it."""
    connection = CatchAllConnection(
        tcp, BLACK_HOLE_CLUSTER if cluster is None else cluster, idle_timeout=tcp.idle_timeout
    )
    return FilterChain(connection, name=name)


class SidecarOutbound(Struct, frozen=True):
    """Builds the outbound listeners of one sidecar."""

    key: EgressKey
    proxy: Proxy
    http: HttpTraits
    mesh: MeshConfig
    unknown: str | None
    resolving: InlineRoutes | None = None
    """The route to hosts that no service has, if the proxy resolves them."""

    @classmethod
    def of(cls, snapshot: Snapshot, facts: ProxyFacts) -> "SidecarOutbound":
        tcp = tcp_traits(snapshot, facts, TrafficClass.SIDECAR_OUTBOUND)
        http = shared_traits(snapshot, http_traits(snapshot, facts, TrafficClass.SIDECAR_OUTBOUND))
        unknown = unknown_destination(facts.scope.outbound_traffic_policy)
        resolving = _resolving(snapshot, facts) if facts.scope.resolves_unknown_hosts else None
        return cls(egress_key(snapshot, facts, tcp), facts.proxy, http, snapshot.mesh, unknown, resolving)

    @property
    def exact_balance(self) -> bool:
        return self.proxy.node_metadata.outbound_listener_exact_balance

    def services(self, snapshot: Snapshot) -> tuple[Listener, ...]:
        """A listener for each address and port that services claim.

        Sidecars share all of them, except the listeners on the sidecar's own address.
        """
        without, with_http = (
            OutboundKey(self.key, self.exact_balance),
            OutboundKey(self.key, self.exact_balance, self.http),
        )
        tcp, http = outbound_listeners(snapshot, without), outbound_listeners(snapshot, with_http)
        sockets = egress(snapshot, self.key).listeners
        listeners = {socket: http.get(socket) or tcp[socket] for socket in sockets}
        own = without_itself(snapshot, self.key, self.proxy.ip_addresses[0])
        if not own:
            return tuple(listeners.values())
        maker = OutboundListenerBuilder.of(snapshot, with_http)
        replaced = {socket: None if settled is None else maker.listener(settled) for socket, settled in own.items()}
        return tuple(listener for listener in {**listeners, **replaced}.values() if listener is not None)

    def http_proxy(self) -> tuple[Listener, ...]:
        """The listener for applications that use the sidecar as an HTTP proxy, if it has a port."""
        port = _http_proxy_port(self.proxy, self.mesh)
        if port == 0:
            return ()
        binds = self.proxy.loopbacks
        name = f"{binds[0]}_{port}"
        connection = HttpConnection(
            traits=self.http,
            stat_prefix=f"outbound_{name};",
            protocol=Protocol.HTTP_PROXY,
            port=port,
            route_name=HTTP_PROXY_ROUTE,
            forward_proxy=True,
        )
        return (
            Listener(
                name=name,
                binds=binds,
                port=port,
                inbound=False,
                chains=(FilterChain(connection, connect_timeout=True),),
                bind_to_port=True,
                exact_balance=self.exact_balance,
                detection_timeout=NO_TIME,
            ),
        )

    def virtual(self) -> tuple[Listener, ...]:
        """The listener to which iptables redirects outbound connections. It dispatches them by their destination."""
        port, tcp = self.mesh.proxy_listen_port, self.key.tcp
        if self.proxy.interception_mode is InterceptionMode.NONE:
            return ()
        guard = FilterChain(
            CatchAllConnection(tcp, BLACK_HOLE_CLUSTER, access_logs=False),
            ChainMatch(destination_port=port),
            name="virtualOutbound-blackhole",
        )
        rest = unknown_chain(tcp, self.unknown, "virtualOutbound-catchall-tcp")
        resolving = () if self.resolving is None else (self._resolving_chain(self.resolving),)
        chains = (guard, *resolving, rest)
        return (
            Listener(
                name="virtualOutbound",
                binds=self.proxy.wildcards[:1],
                port=port,
                inbound=False,
                chains=chains,
                inspection=outbound_inspection(chains),
                virtual=True,
                transparent=self.proxy.interception_mode is InterceptionMode.TPROXY,
                telemetry=tcp.telemetry,
            ),
        )

    def _resolving_chain(self, routes: InlineRoutes) -> FilterChain:
        """The chain for requests to addresses that are unknown to the sidecar."""
        connection = HttpConnection(
            traits=self.http,
            stat_prefix=f"outbound_virtualOutbound_{UNKNOWN_HOSTS};",
            protocol=Protocol.HTTP,
            port=0,
            routes=routes,
        )
        return FilterChain(
            connection, ChainMatch(traffic=Traffic.RECOGNIZED_HTTP), name="virtualOutbound-catchall-tcp-http"
        )


def _resolving(snapshot: Snapshot, facts: ProxyFacts) -> InlineRoutes:
    hosts = catch_all(facts.scope, route_key(snapshot, facts.proxy, facts.config))
    return InlineRoutes(UNKNOWN_HOSTS, hosts, long_responses=True, ignores_port=True)


@latest_query
def shared_traits(snapshot: Snapshot, traits: HttpTraits) -> HttpTraits:
    """The first traits that equal these, so that values derived from them are computed once."""
    return traits


def _http_proxy_port(proxy: Proxy, mesh: MeshConfig) -> int:
    reported = proxy.node_metadata.http_proxy_port
    return int(reported) if reported.isdecimal() else mesh.proxy_http_port
