"""HTTP options of clusters. Follows istiod's `clusterWrapper.build`."""

from meshcompile.emit.durations import duration
from meshcompile.envoy.config.core import (
    Http1ProtocolOptions,
    Http1ProtocolOptionsHeaderKeyFormat,
    Http2ProtocolOptions,
    KeepaliveSettings,
    TypedExtensionConfig,
    UpstreamHttpProtocolOptions,
)
from meshcompile.envoy.config.core import HttpProtocolOptions as CommonHttpOptions
from meshcompile.envoy.extensions.http.header_formatters.preserve_case import PreserveCaseFormatterConfig
from meshcompile.envoy.extensions.upstreams.http import (
    HttpProtocolOptions,
    HttpProtocolOptionsExplicitHttpConfig,
    HttpProtocolOptionsUseDownstreamHttpConfig,
)
from meshcompile.envoy.message import at
from meshcompile.models.networking.destination_rule import ConnectionKeepalive
from meshcompile.resolve.clusters.ir import HttpOptions, UpstreamProtocol

HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"

_HTTP1 = Http1ProtocolOptions()
_HTTP1_WITH_CASE = Http1ProtocolOptions(
    header_key_format=Http1ProtocolOptionsHeaderKeyFormat(
        stateful_formatter=TypedExtensionConfig(name="preserve_case", typed_config=PreserveCaseFormatterConfig())
    )
)
HTTP2 = HttpProtocolOptions(
    explicit_http_config=HttpProtocolOptionsExplicitHttpConfig(http2_protocol_options=Http2ProtocolOptions())
)
_AS_DOWNSTREAM = HttpProtocolOptions(
    use_downstream_protocol_config=HttpProtocolOptionsUseDownstreamHttpConfig(
        http_protocol_options=_HTTP1, http2_protocol_options=Http2ProtocolOptions()
    )
)
# The options of most clusters. Clusters share them, since messages are immutable.
_PLAIN = {
    HttpOptions(UpstreamProtocol.HTTP2): HTTP2,
    HttpOptions(UpstreamProtocol.AS_DOWNSTREAM): _AS_DOWNSTREAM,
}


def http_options(options: HttpOptions) -> HttpProtocolOptions:
    """The options of a cluster that uses HTTP, or whose connections an HTTP setting limits."""
    if not options.has_common and (plain := _PLAIN.get(options)) is not None:
        return plain
    http1 = _HTTP1_WITH_CASE if options.preserves_header_case else _HTTP1
    return at(
        HttpProtocolOptions(
            common_http_protocol_options=_common(options) if options.has_common else None,
            upstream_http_protocol_options=_automatic_names(options),
            explicit_http_config=_explicit(options, http1),
            use_downstream_protocol_config=HttpProtocolOptionsUseDownstreamHttpConfig(
                http_protocol_options=http1, http2_protocol_options=Http2ProtocolOptions()
            )
            if options.protocol is UpstreamProtocol.AS_DOWNSTREAM
            else None,
        ),
        options.origins,
    )


def _explicit(options: HttpOptions, http1: Http1ProtocolOptions) -> HttpProtocolOptionsExplicitHttpConfig | None:
    match options.protocol:
        case UpstreamProtocol.HTTP1:
            return HttpProtocolOptionsExplicitHttpConfig(http_protocol_options=http1)
        case UpstreamProtocol.HTTP2:
            return HttpProtocolOptionsExplicitHttpConfig(http2_protocol_options=_http2(options))
        case UpstreamProtocol.AS_DOWNSTREAM:
            return None


def _http2(options: HttpOptions) -> Http2ProtocolOptions:
    pings = options.http2_keepalive
    return Http2ProtocolOptions(
        max_concurrent_streams=options.max_concurrent_streams or None,
        connection_keepalive=None if pings is None else _keepalive(pings),
    )


def _keepalive(pings: ConnectionKeepalive) -> KeepaliveSettings:
    return at(KeepaliveSettings(interval=duration(pings.interval), timeout=duration(pings.timeout)), pings.origin)


def _common(options: HttpOptions) -> CommonHttpOptions:
    return CommonHttpOptions(
        idle_timeout=duration(options.idle_timeout),
        max_connection_duration=duration(options.max_connection_duration),
        max_requests_per_connection=options.max_requests_per_connection or None,
    )


def _automatic_names(options: HttpOptions) -> UpstreamHttpProtocolOptions | None:
    if not options.auto_sni and not options.auto_san_validation:
        return None
    return UpstreamHttpProtocolOptions(auto_sni=options.auto_sni, auto_san_validation=options.auto_san_validation)
