"""The listeners that one proxy gets, decided: a sidecar's, or a gateway's. Follows istiod's `BuildListeners`."""

from dataclasses import dataclass
from functools import partial

from meshcompile.durations import Duration
from meshcompile.names import BLACK_HOLE_CLUSTER, PASSTHROUGH_CLUSTER
from meshcompile.ports import Protocol
from meshcompile.proxy import InterceptionMode
from meshcompile.queries import Source
from meshcompile.resolve.destinations import destination_cluster
from meshcompile.resolve.egress import OutboundListener, outbound_listeners
from meshcompile.resolve.egress_chains import HttpRoutes
from meshcompile.resolve.filter_chain import ChainMatch, FilterChain
from meshcompile.resolve.gateway_listeners import GatewayListener, gateway_listeners
from meshcompile.resolve.http_connection import HttpConnection, HttpTraits, http_traits
from meshcompile.resolve.inbound import inbound_chains, inbound_ports
from meshcompile.resolve.tcp_connection import Catchall, TcpTraits, tcp_traits
from meshcompile.resolve.telemetry import Telemetry
from meshcompile.resolve.traffic import TrafficClass
from meshcompile.resolve.view import View
from meshcompile.source import Origin

HTTP_PROXY_ROUTE = "http_proxy"


@dataclass(frozen=True, slots=True, eq=False)
class Listener(Source):
    """A listener of a sidecar.

    `virtual`: what iptables redirect comes here, to be told apart by its original destination. `bind_to_port`: the
    address is really opened; else the listener only takes connections that a virtual one hands over. `default` takes
    what no other chain takes. `telemetry` reports on connections that no chain takes, where that is done.
    """

    name: str
    binds: tuple[str, ...]
    port: int
    inbound: bool
    chains: tuple[FilterChain, ...]
    default: FilterChain | None = None
    virtual: bool = False
    bind_to_port: bool = False
    transparent: bool = False
    exact_balance: bool = False
    detection_timeout: Duration | None = None
    telemetry: Telemetry | None = None
    origins: tuple[Origin, ...] = ()


@dataclass(frozen=True, slots=True)
class Listeners:
    """The pieces of one proxy's listeners."""

    all: tuple[Listener, ...] = ()
    gateway: tuple[GatewayListener, ...] = ()


def listeners(view: View) -> Listeners:
    """The listeners of a proxy; none for a mesh without a port to redirect to."""
    if view.proxy.is_router:
        return Listeners(gateway=gateway_listeners(view))
    if not view.proxy.is_sidecar or view.snapshot.mesh.proxy_listen_port <= 0:
        return Listeners()
    outbound = Outbound.of(view)
    pieces = (*outbound.services(), *outbound.http_proxy(), *outbound.virtual(), *_inbound(view))
    return Listeners(pieces)


# ---- outbound


@dataclass(frozen=True, eq=False)
class Outbound:
    """Makes the outbound listeners of one sidecar."""

    view: View
    http: HttpTraits
    tcp: TcpTraits

    @classmethod
    def of(cls, view: View) -> "Outbound":
        http = http_traits(view, TrafficClass.SIDECAR_OUTBOUND)
        http = view.scope.memo.canonical("http traits", http, lambda traits: traits.likeness)
        return cls(view, http, tcp_traits(view, TrafficClass.SIDECAR_OUTBOUND))

    def services(self) -> tuple[Listener, ...]:
        """A listener for each address and port that services ask for; the same object for proxies that are alike."""
        rest, memo = self._rest("PassthroughFilterChain"), self.view.scope.memo
        balance = self.view.proxy.flag("OUTBOUND_LISTENER_EXACT_BALANCE")
        return tuple(
            memo.once(
                (settled, balance, None if settled.is_shared else self.http),
                partial(self._listener, settled, rest),
            )
            for settled in outbound_listeners(self.view, self.tcp)
        )

    def _listener(self, settled: OutboundListener, rest: FilterChain) -> Listener:
        """The listener; a chain that takes everything is the default one, unless it is the only one."""
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
        default = unrestricted[-1] if unrestricted else rest
        return Listener(
            name=settled.name,
            binds=first.binds,
            port=first.port.number,
            inbound=False,
            chains=restricted or (default,),
            default=default if restricted else None,
            bind_to_port=first.place.bind_to_port,
            exact_balance=self.view.proxy.flag("OUTBOUND_LISTENER_EXACT_BALANCE"),
            detection_timeout=self._detection_timeout,
            origins=settled.origins,
        )

    def _http(self, routes: HttpRoutes, stat_prefix: str, port: int) -> HttpConnection:
        return HttpConnection(
            traits=self.http,
            stat_prefix=stat_prefix,
            protocol=routes.protocol,
            port=port,
            route_name=routes.route_name,
            dynamic_host=routes.dynamic_host,
        )

    def http_proxy(self) -> tuple[Listener, ...]:
        """The listener for applications that use the sidecar as their HTTP proxy, if there is a port for it."""
        port = _http_proxy_port(self.view)
        if port == 0:
            return ()
        binds = self.view.proxy.loopbacks
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
                exact_balance=self.view.proxy.flag("OUTBOUND_LISTENER_EXACT_BALANCE"),
                detection_timeout=self._detection_timeout,
            ),
        )

    def virtual(self) -> tuple[Listener, ...]:
        """The listener that iptables redirect outbound connections to; it hands them on by their destination."""
        proxy, port = self.view.proxy, self.view.snapshot.mesh.proxy_listen_port
        if proxy.interception_mode is InterceptionMode.NONE:
            return ()
        guard = FilterChain(
            Catchall(self.tcp, BLACK_HOLE_CLUSTER, access_logs=False),
            ChainMatch(destination_port=port),
            name="virtualOutbound-blackhole",
        )
        return (
            Listener(
                name="virtualOutbound",
                binds=proxy.wildcards[:1],
                port=port,
                inbound=False,
                chains=(guard, self._rest("virtualOutbound-catchall-tcp")),
                virtual=True,
                transparent=proxy.interception_mode is InterceptionMode.TPROXY,
                telemetry=self.tcp.telemetry,
            ),
        )

    def _rest(self, name: str) -> FilterChain:
        """What happens to traffic to nobody that the sidecar knows."""
        connection = Catchall(self.tcp, unknown_destination(self.view), idle_timeout=self.tcp.idle_timeout)
        return FilterChain(connection, name=name)

    @property
    def _detection_timeout(self) -> Duration | None:
        return self.view.snapshot.mesh.protocol_detection_timeout


def unknown_destination(view: View) -> str:
    """The cluster for traffic to nobody that the sidecar knows."""
    policy = view.scope.outbound_traffic_policy
    if policy is None or policy.mode != "ALLOW_ANY":
        return BLACK_HOLE_CLUSTER
    return (
        PASSTHROUGH_CLUSTER if policy.egress_proxy is None else str(destination_cluster(policy.egress_proxy, None, 0))
    )


def _http_proxy_port(view: View) -> int:
    reported = str(view.proxy.metadata.get("HTTP_PROXY_PORT", ""))
    return int(reported) if reported.isdecimal() else view.snapshot.mesh.proxy_http_port


# ---- inbound


def _inbound(view: View) -> tuple[Listener, ...]:
    """The listener that iptables redirect inbound connections to, and those on ports of their own."""
    inbound = TrafficClass.SIDECAR_INBOUND
    http, tcp = http_traits(view, inbound), tcp_traits(view, inbound)
    chains, ports = inbound_chains(view, http, tcp), inbound_ports(view)
    bound = tuple(
        _inbound_listener(view, tcp, port.listener_name, port.binds, port.target_port, chains.of(port), virtual=False)
        for port in ports
        if port.bind_to_port
    )
    if view.proxy.interception_mode is InterceptionMode.NONE:
        return bound
    redirected = chains.virtual(port for port in ports if not port.bind_to_port)
    return (
        _inbound_listener(
            view,
            tcp,
            "virtualInbound",
            view.proxy.wildcards,
            view.snapshot.mesh.proxy_inbound_listen_port,
            redirected,
            virtual=True,
        ),
        *bound,
    )


def _inbound_listener(
    view: View,
    traits: TcpTraits,
    name: str,
    binds: tuple[str, ...],
    port: int,
    chains: tuple[FilterChain, ...],
    *,
    virtual: bool,
) -> Listener:
    return Listener(
        name=name,
        binds=binds[:1],
        port=port,
        inbound=True,
        chains=chains,
        virtual=virtual,
        bind_to_port=True,
        transparent=virtual and view.proxy.interception_mode is InterceptionMode.TPROXY,
        exact_balance=view.proxy.flag("INBOUND_LISTENER_EXACT_BALANCE"),
        detection_timeout=view.snapshot.mesh.protocol_detection_timeout,
        telemetry=traits.telemetry,
        origins=tuple(dict.fromkeys(origin for chain in chains for origin in chain.origins)),
    )
