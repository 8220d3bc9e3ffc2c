"""Settings of the connections that a proxy accepts: `connectionSettings` of a proxy config."""

from meshcompile.models.base import Node, ProtoEnum
from meshcompile.models.common import Bool, Int32
from meshcompile.values.durations import Duration


class ConnectionProfile(ProtoEnum):
    """Which defaults the settings have: Istio's, or those that Envoy recommends at the edge of a network."""

    SIDECAR = "SIDECAR"
    EDGE = "EDGE"


class HeadersWithUnderscoresAction(ProtoEnum):
    """What happens to requests with underscores in names of headers."""

    HEADERS_WITH_UNDERSCORES_UNSPECIFIED = "HEADERS_WITH_UNDERSCORES_UNSPECIFIED"
    HEADERS_WITH_UNDERSCORES_ALLOW = "HEADERS_WITH_UNDERSCORES_ALLOW"
    HEADERS_WITH_UNDERSCORES_REJECT_REQUEST = "HEADERS_WITH_UNDERSCORES_REJECT_REQUEST"
    HEADERS_WITH_UNDERSCORES_DROP_HEADER = "HEADERS_WITH_UNDERSCORES_DROP_HEADER"


class PathWithEscapedSlashesAction(ProtoEnum):
    """What happens to requests with escaped slashes in the path."""

    PATH_WITH_ESCAPED_SLASHES_UNSPECIFIED = "PATH_WITH_ESCAPED_SLASHES_UNSPECIFIED"
    KEEP_UNCHANGED = "KEEP_UNCHANGED"
    REJECT_REQUEST = "REJECT_REQUEST"
    UNESCAPE_AND_REDIRECT = "UNESCAPE_AND_REDIRECT"
    UNESCAPE_AND_FORWARD = "UNESCAPE_AND_FORWARD"


class ConnectionSettings(Node):
    """Settings of the connections that a proxy accepts. Since Istio 1.31."""

    profile: ConnectionProfile = ConnectionProfile.SIDECAR
    """Defaults of the other settings. EDGE holds for gateways only."""
    listener_per_connection_buffer_limit_bytes: Int32 | None = None
    """Size of the buffers of a connection, at gateways (`per_connection_buffer_limit_bytes`). EDGE: 32768."""
    cluster_per_connection_buffer_limit_bytes: Int32 | None = None
    """Size of the buffers of a connection to an endpoint."""
    http_idle_timeout: Duration | None = None
    """Time without requests after which a connection is closed (`idle_timeout`). EDGE: 1h."""
    http_max_connection_duration: Duration | None = None
    """Maximum lifetime of a connection (`max_connection_duration`)."""
    http_drain_timeout: Duration | None = None
    """Time between the announcement that a connection ends and its end (`drain_timeout`)."""
    http_request_timeout: Duration | None = None
    """Time in which a whole request must arrive (`request_timeout`). EDGE: 5m."""
    http_request_headers_timeout: Duration | None = None
    """Time in which the headers of a request must arrive (`request_headers_timeout`). EDGE: 60s."""
    http_stream_idle_timeout: Duration | None = None
    """Time without data after which a request ends (`stream_idle_timeout`). EDGE: 5m; otherwise no limit."""
    http_max_stream_duration: Duration | None = None
    """Maximum time of a request and its response (`max_stream_duration`)."""
    http_max_concurrent_streams: Int32 | None = None
    """Maximum number of streams per HTTP/2 connection (`max_concurrent_streams`). EDGE: 100."""
    http2_initial_stream_window_size: Int32 | None = None
    """Window of an HTTP/2 stream in bytes (`initial_stream_window_size`). EDGE: 65536."""
    http2_initial_connection_window_size: Int32 | None = None
    """Window of an HTTP/2 connection in bytes (`initial_connection_window_size`). EDGE: 1048576."""
    http_headers_with_underscores_action: HeadersWithUnderscoresAction = (
        HeadersWithUnderscoresAction.HEADERS_WITH_UNDERSCORES_UNSPECIFIED
    )
    """What happens to underscores in names of headers. EDGE: reject the request."""
    http_merge_slashes: Bool | None = None
    """Whether repeated slashes in the path count as one (`merge_slashes`). EDGE: true."""
    http_path_with_escaped_slashes_action: PathWithEscapedSlashesAction = (
        PathWithEscapedSlashesAction.PATH_WITH_ESCAPED_SLASHES_UNSPECIFIED
    )
    """What happens to escaped slashes in the path. EDGE: unescape and redirect."""
    listener_connection_limit: Int32 | None = None
    """Maximum number of connections of a listener."""
    global_downstream_connection_limit: Int32 | None = None
    """Maximum number of connections of the proxy."""
