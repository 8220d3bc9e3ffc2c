"""The listeners of HBONE tunnels. Follows istiod's `buildConnectForwarder` and `buildConnectTerminateListener`."""

from typing import TypeAlias

from meshcompile.emit.access_log import listener_access_logs, tunnel_access_logs, tunnel_end_access_logs
from meshcompile.emit.address import additional_addresses, address
from meshcompile.emit.filters.http import tunnel_state
from meshcompile.emit.filters.http.router import router
from meshcompile.emit.filters.listener.inspectors import ORIGINAL_DESTINATION
from meshcompile.emit.filters.network.tunnel_state import TUNNEL_TARGET, endpoint_state
from meshcompile.emit.http_connection_manager import FORWARD_CLIENT_CERT
from meshcompile.emit.http_connection_manager import NAME as HTTP_CONNECTION_MANAGER
from meshcompile.emit.listeners.balance import EXACT_BALANCE
from meshcompile.emit.tcp_proxy import NAME as TCP_PROXY
from meshcompile.emit.tls import tunnel_context
from meshcompile.envoy.config.core import (
    HeaderValue,
    HeaderValueOption,
    Http2ProtocolOptions,
    KeepaliveSettings,
    TransportSocket,
)
from meshcompile.envoy.config.listener import (
    Filter,
    FilterChain,
    Listener,
    ListenerFilter,
    ListenerInternalListenerConfig,
)
from meshcompile.envoy.config.route import (
    Route,
    RouteAction,
    RouteActionUpgradeConfig,
    RouteActionUpgradeConfigConnectConfig,
    RouteConfiguration,
    RouteMatch,
    RouteMatchConnectMatcher,
    VirtualHost,
)
from meshcompile.envoy.extensions.filters.network.http_connection_manager import (
    HttpConnectionManager,
    HttpConnectionManagerSetCurrentClientCertDetails,
    HttpConnectionManagerUpgradeConfig,
)
from meshcompile.envoy.extensions.filters.network.tcp_proxy import TcpProxy, TcpProxyTunnelingConfig
from meshcompile.envoy.extensions.transport_sockets.tls import DownstreamTlsContext
from meshcompile.resolve.hbone.tunnels import (
    ConnectOriginate,
    ConnectTerminate,
    InnerConnectOriginate,
    OuterConnectOriginate,
    TunnelListener,
)
from meshcompile.values.names import CONNECT_TERMINATE, HBONE_PORT

CONNECT = "CONNECT"
OriginatingListener: TypeAlias = ConnectOriginate | InnerConnectOriginate | OuterConnectOriginate

# The limits of ztunnel. All streams of a tunnel share one thread, and some clients never close their connections.
_HTTP2 = Http2ProtocolOptions(
    allow_connect=True,
    max_concurrent_streams=100,
    connection_keepalive=KeepaliveSettings(interval="10s", timeout="20s"),
)
_CLIENT_CERT_DETAILS = HttpConnectionManagerSetCurrentClientCertDetails(subject=True, uri=True, dns=True)


def tunnel_listener(resolved: TunnelListener) -> Listener:
    """The message of a listener."""
    match resolved:
        case ConnectOriginate():
            return _connect_originate(resolved)
        case InnerConnectOriginate():
            return _inner_connect_originate(resolved)
        case OuterConnectOriginate():
            return _outer_connect_originate(resolved)
        case ConnectTerminate():
            return _connect_terminate(resolved)


def _connect_originate(resolved: ConnectOriginate) -> Listener:
    tunnel = TcpProxyTunnelingConfig(hostname="%DOWNSTREAM_LOCAL_ADDRESS%")
    return _originating(resolved, (ORIGINAL_DESTINATION,), (_tunnel_filter(resolved, tunnel),))


def _inner_connect_originate(resolved: InnerConnectOriginate) -> Listener:
    state = Filter(name="propagate_endpoint_metadata", typed_config=endpoint_state(hashable=resolved.hashable_state))
    tunnel = _tunnel_to_service("x-forwarded-network", resolved.network)
    return _originating(resolved, (), (state, _tunnel_filter(resolved, tunnel)))


def _outer_connect_originate(resolved: OuterConnectOriginate) -> Listener:
    tunnel = _tunnel_to_service("x-istio-source", resolved.source)
    return _originating(resolved, (ORIGINAL_DESTINATION,), (_tunnel_filter(resolved, tunnel),))


def _originating(
    resolved: OriginatingListener, listener_filters: tuple[ListenerFilter, ...], filters: tuple[Filter, ...]
) -> Listener:
    """An internal listener that opens tunnels."""
    return Listener(
        name=resolved.name,
        use_original_dst=False,
        internal_listener=ListenerInternalListenerConfig(),
        listener_filters=listener_filters,
        filter_chains=(FilterChain(filters=filters),),
        access_log=listener_access_logs(resolved.telemetry),
    )


def _tunnel_filter(resolved: OriginatingListener, tunnel: TcpProxyTunnelingConfig) -> Filter:
    proxy = TcpProxy(
        stat_prefix=resolved.name,
        cluster=resolved.name,
        tunneling_config=tunnel,
        access_log=tunnel_access_logs(resolved.telemetry),
    )
    return Filter(name=TCP_PROXY, typed_config=proxy)


def _tunnel_to_service(header: str, value: str) -> TcpProxyTunnelingConfig:
    """A tunnel to the service that the endpoint names, with a header."""
    added = HeaderValueOption(append_action="OVERWRITE_IF_EXISTS_OR_ADD", header=HeaderValue(key=header, value=value))
    return TcpProxyTunnelingConfig(hostname=f"%FILTER_STATE({TUNNEL_TARGET}:PLAIN)%", headers_to_add=(added,))


def _connect_terminate(resolved: ConnectTerminate) -> Listener:
    tls = DownstreamTlsContext(common_tls_context=tunnel_context(resolved.tls), require_client_certificate=True)
    chain = FilterChain(
        name="default",
        transport_socket=TransportSocket(name="tls", typed_config=tls),
        filters=(Filter(name=HTTP_CONNECTION_MANAGER, typed_config=_connection_manager(resolved)),),
    )
    return Listener(
        name=CONNECT_TERMINATE,
        address=address(resolved.binds[0], HBONE_PORT),
        additional_addresses=additional_addresses(resolved.binds[1:], HBONE_PORT),
        filter_chains=(chain,),
        # A few tunnels carry many connections, so one thread must not get all of them.
        connection_balance_config=EXACT_BALANCE,
        access_log=listener_access_logs(resolved.traits.telemetry),
    )


def _connection_manager(resolved: ConnectTerminate) -> HttpConnectionManager:
    traits = resolved.traits
    return HttpConnectionManager(
        stat_prefix=CONNECT_TERMINATE,
        route_config=_routes(resolved.cluster),
        forward_client_cert_details=FORWARD_CLIENT_CERT[traits.forward_client_cert],
        set_current_client_cert_details=_CLIENT_CERT_DETAILS,
        server_name=traits.server_name,
        server_header_transformation="PASS_THROUGH" if traits.pass_server_header else "OVERWRITE",
        generate_request_id=None if traits.request_id else False,
        use_remote_address=False,
        stream_idle_timeout="0s",
        upgrade_configs=(HttpConnectionManagerUpgradeConfig(upgrade_type=CONNECT),),
        http2_protocol_options=_HTTP2,
        http_filters=(
            tunnel_state.PEER_METADATA,
            tunnel_state.connect_authority(hashable=resolved.hashable_state),
            router(traits.envoy_debug_headers),
        ),
        access_log=tunnel_end_access_logs(traits.telemetry),
    )


def _routes(cluster: str) -> RouteConfiguration:
    """The only route. It takes every CONNECT request."""
    upgrade = RouteActionUpgradeConfig(upgrade_type=CONNECT, connect_config=RouteActionUpgradeConfigConnectConfig())
    route = Route(
        match=RouteMatch(connect_matcher=RouteMatchConnectMatcher()),
        route=RouteAction(cluster=cluster, upgrade_configs=(upgrade,)),
    )
    return RouteConfiguration(
        name="default", virtual_hosts=(VirtualHost(name="default", domains=("*",), routes=(route,)),)
    )
