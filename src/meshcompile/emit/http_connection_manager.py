"""The HTTP connection manager, for all traffic classes.

Follows istiod's `ListenerBuilder.buildHTTPConnectionManager`.
"""

from meshcompile.emit.access_log import http_access_logs
from meshcompile.emit.config_sources import OVER_ADS
from meshcompile.emit.durations import duration
from meshcompile.emit.filters.http.chain import http_filters
from meshcompile.emit.routes import inline_routes
from meshcompile.emit.tracing import request_id_extension, tracing
from meshcompile.envoy.config.core import (
    CidrRange,
    Http1ProtocolOptions,
    Http1ProtocolOptionsHeaderKeyFormat,
    Http2ProtocolOptions,
    Http3ProtocolOptions,
    HttpProtocolOptions,
    HttpProtocolOptionsHeadersWithUnderscoresAction,
    TypedExtensionConfig,
)
from meshcompile.envoy.config.listener import Filter
from meshcompile.envoy.config.route import (
    Decorator,
    RetryPolicy,
    Route,
    RouteAction,
    RouteActionMaxStreamDuration,
    RouteConfiguration,
    RouteMatch,
    VirtualHost,
)
from meshcompile.envoy.extensions.filters.network.http_connection_manager import (
    HttpConnectionManager,
    HttpConnectionManagerForwardClientCertDetails,
    HttpConnectionManagerInternalAddressConfig,
    HttpConnectionManagerPathWithEscapedSlashesAction,
    HttpConnectionManagerSetCurrentClientCertDetails,
    HttpConnectionManagerUpgradeConfig,
    Rds,
)
from meshcompile.envoy.extensions.http.header_formatters.preserve_case import PreserveCaseFormatterConfig
from meshcompile.resolve.listeners.http_connection import (
    ClientCertDetails,
    HttpConnection,
    HttpTraits,
    InboundRoute,
    PathNormalization,
)
from meshcompile.resolve.listeners.traffic import TrafficClass

NAME = "envoy.filters.network.http_connection_manager"

_WEBSOCKET = HttpConnectionManagerUpgradeConfig(upgrade_type="websocket")
_PRESERVE_CASE = Http1ProtocolOptionsHeaderKeyFormat(
    stateful_formatter=TypedExtensionConfig(name="preserve_case", typed_config=PreserveCaseFormatterConfig())
)
# The steps of path normalization: RFC 3986, merged slashes, and the handling of escaped slashes.
_NORMALIZATION: dict[PathNormalization, tuple[bool, bool, HttpConnectionManagerPathWithEscapedSlashesAction]] = {
    PathNormalization.NONE: (False, False, "KEEP_UNCHANGED"),
    PathNormalization.BASE: (True, False, "KEEP_UNCHANGED"),
    PathNormalization.MERGE_SLASHES: (True, True, "KEEP_UNCHANGED"),
    PathNormalization.DECODE_AND_MERGE_SLASHES: (True, True, "UNESCAPE_AND_FORWARD"),
}
_SLASHES: dict[str, HttpConnectionManagerPathWithEscapedSlashesAction] = {
    "KEEP_UNCHANGED": "KEEP_UNCHANGED",
    "REJECT_REQUEST": "REJECT_REQUEST",
    "UNESCAPE_AND_REDIRECT": "UNESCAPE_AND_REDIRECT",
    "UNESCAPE_AND_FORWARD": "UNESCAPE_AND_FORWARD",
}
_UNDERSCORES: dict[str, HttpProtocolOptionsHeadersWithUnderscoresAction] = {
    "ALLOW": "ALLOW",
    "REJECT_REQUEST": "REJECT_REQUEST",
    "DROP_HEADER": "DROP_HEADER",
}
FORWARD_CLIENT_CERT: dict[str | None, HttpConnectionManagerForwardClientCertDetails] = {
    None: "SANITIZE",
    "SANITIZE": "SANITIZE",
    "FORWARD_ONLY": "FORWARD_ONLY",
    "APPEND_FORWARD": "APPEND_FORWARD",
    "SANITIZE_SET": "SANITIZE_SET",
    "ALWAYS_FORWARD_ONLY": "ALWAYS_FORWARD_ONLY",
}


def http_connection_manager(connection: HttpConnection) -> Filter:
    """The network filter that handles HTTP."""
    return Filter(name=NAME, typed_config=_manager(connection))


def _manager(connection: HttpConnection) -> HttpConnectionManager:
    traits, settings = connection.traits, connection.traits.settings
    normalize, merge_slashes, escaped_slashes = _path_handling(traits)
    return HttpConnectionManager(
        codec_type="HTTP3" if connection.http3 else "AUTO",
        stat_prefix=connection.stat_prefix,
        rds=_discovered(connection.route_name) if connection.discovers_routes else None,
        route_config=_routes_in_place(connection),
        http_filters=http_filters(traits, connection.filter_inputs),
        tracing=tracing(traits.telemetry.tracing),
        common_http_protocol_options=_common_options(traits),
        http_protocol_options=_http1_options(connection),
        http2_protocol_options=_http2_options(connection),
        http3_protocol_options=Http3ProtocolOptions() if connection.http3 else None,
        server_name=traits.server_name,
        server_header_transformation="PASS_THROUGH" if traits.pass_server_header else "OVERWRITE",
        stream_idle_timeout=duration(settings.stream_idle_timeout) or "0s",
        request_timeout=duration(settings.request_timeout),
        request_headers_timeout=duration(settings.request_headers_timeout),
        drain_timeout=duration(settings.drain_timeout),
        access_log=http_access_logs(traits.telemetry),
        use_remote_address=traits.traffic_class is TrafficClass.GATEWAY,
        xff_num_trusted_hops=traits.trusted_proxies,
        internal_address_config=_internal_addresses(traits),
        generate_request_id=None if traits.request_id else False,
        forward_client_cert_details=FORWARD_CLIENT_CERT[traits.forward_client_cert],
        set_current_client_cert_details=_client_cert_details(traits.client_cert_details),
        proxy_100_continue=True,
        upgrade_configs=(_WEBSOCKET,),
        normalize_path=normalize,
        merge_slashes=merge_slashes,
        path_with_escaped_slashes_action=escaped_slashes,
        request_id_extension=request_id_extension(traits.telemetry.tracing),
        append_x_forwarded_port=traits.forward_port_header,
    )


def _discovered(route_name: str) -> Rds:
    return Rds(config_source=OVER_ADS, route_config_name=route_name)


def _path_handling(traits: HttpTraits) -> tuple[bool, bool, HttpConnectionManagerPathWithEscapedSlashesAction]:
    """The steps of path normalization: those of the mesh, with what the settings of the proxy change."""
    normalize, merge_slashes, escaped_slashes = _NORMALIZATION[traits.path_normalization]
    settings = traits.settings
    return (
        normalize,
        merge_slashes if settings.merge_slashes is None else settings.merge_slashes,
        _SLASHES.get(settings.escaped_slashes, escaped_slashes),
    )


def _common_options(traits: HttpTraits) -> HttpProtocolOptions | None:
    settings = traits.settings
    if traits.idle_timeout is None and not settings.sets_common:
        return None
    return HttpProtocolOptions(
        idle_timeout=duration(settings.idle_timeout or traits.idle_timeout),
        max_connection_duration=duration(settings.max_connection_duration),
        max_stream_duration=duration(settings.max_stream_duration),
        headers_with_underscores_action=_UNDERSCORES.get(settings.underscores, "ALLOW"),
    )


def _http1_options(connection: HttpConnection) -> Http1ProtocolOptions | None:
    traits = connection.traits
    gateway = traits.traffic_class is TrafficClass.GATEWAY
    if not (gateway or traits.http_10 or traits.preserve_header_case or connection.forward_proxy):
        return None
    return Http1ProtocolOptions(
        allow_absolute_url=True if connection.forward_proxy else None,
        accept_http_10=traits.http_10,
        header_key_format=_PRESERVE_CASE if traits.preserve_header_case else None,
    )


def _http2_options(connection: HttpConnection) -> Http2ProtocolOptions | None:
    inbound, settings = connection.traits.traffic_class is TrafficClass.SIDECAR_INBOUND, connection.traits.settings
    if not (inbound and connection.protocol.is_http2) and not settings.sets_http2:
        return None
    return Http2ProtocolOptions(
        max_concurrent_streams=settings.max_concurrent_streams,
        initial_stream_window_size=settings.stream_window,
        initial_connection_window_size=settings.connection_window,
    )


def _internal_addresses(traits: HttpTraits) -> HttpConnectionManagerInternalAddressConfig | None:
    if not traits.internal_networks:
        return None
    return HttpConnectionManagerInternalAddressConfig(
        cidr_ranges=tuple(
            CidrRange(address_prefix=network.address, prefix_len=network.prefix_length)
            for network in traits.internal_networks
        )
    )


def _client_cert_details(
    details: ClientCertDetails | None,
) -> HttpConnectionManagerSetCurrentClientCertDetails | None:
    if details is None:
        return None
    return HttpConnectionManagerSetCurrentClientCertDetails(
        subject=details.subject, cert=details.cert, chain=details.chain, dns=details.dns, uri=details.uri
    )


def _routes_in_place(connection: HttpConnection) -> RouteConfiguration | None:
    if connection.inbound_route is not None:
        return _inbound_routes(connection.inbound_route)
    return None if connection.routes is None else inline_routes(connection.routes)


def _inbound_routes(route: InboundRoute) -> RouteConfiguration:
    return RouteConfiguration(
        name=route.cluster,
        virtual_hosts=(
            VirtualHost(name=f"inbound|http|{route.port}", domains=("*",), routes=(_inbound_route(route),)),
        ),
        validate_clusters=False,
    )


def _inbound_route(route: InboundRoute) -> Route:
    return Route(
        name="default",
        match=RouteMatch(prefix="/"),
        decorator=Decorator(operation=route.operation),
        route=RouteAction(
            cluster=route.cluster,
            timeout="0s",
            max_stream_duration=RouteActionMaxStreamDuration(max_stream_duration="0s", grpc_timeout_header_max="0s"),
            retry_policy=RetryPolicy(retry_on="reset-before-request", num_retries=2) if route.retries else None,
        ),
    )
