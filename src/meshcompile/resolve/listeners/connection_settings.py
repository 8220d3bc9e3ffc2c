"""The settings of the connections that a proxy accepts. Follows istiod's `connection_settings.go`."""

from msgspec import Struct

from meshcompile.models.mesh.connection_settings import (
    ConnectionProfile,
    ConnectionSettings,
    HeadersWithUnderscoresAction,
    PathWithEscapedSlashesAction,
)
from meshcompile.resolve.facts import ProxyFacts
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.values.durations import Duration

NO_UNDERSCORES = HeadersWithUnderscoresAction.HEADERS_WITH_UNDERSCORES_UNSPECIFIED
NO_SLASHES = PathWithEscapedSlashesAction.PATH_WITH_ESCAPED_SLASHES_UNSPECIFIED
EDGE_DEFAULTS = ConnectionSettings.model_construct(
    listener_per_connection_buffer_limit_bytes=32768,
    http_idle_timeout=Duration.of_seconds(3600),
    http_stream_idle_timeout=Duration.of_seconds(300),
    http_request_timeout=Duration.of_seconds(300),
    http_request_headers_timeout=Duration.of_seconds(60),
    http_max_concurrent_streams=100,
    http2_initial_stream_window_size=65536,
    http2_initial_connection_window_size=1048576,
    http_headers_with_underscores_action=HeadersWithUnderscoresAction.HEADERS_WITH_UNDERSCORES_REJECT_REQUEST,
    http_merge_slashes=True,
    http_path_with_escaped_slashes_action=PathWithEscapedSlashesAction.UNESCAPE_AND_REDIRECT,
)
_UNDERSCORES = {
    HeadersWithUnderscoresAction.HEADERS_WITH_UNDERSCORES_ALLOW: "ALLOW",
    HeadersWithUnderscoresAction.HEADERS_WITH_UNDERSCORES_REJECT_REQUEST: "REJECT_REQUEST",
    HeadersWithUnderscoresAction.HEADERS_WITH_UNDERSCORES_DROP_HEADER: "DROP_HEADER",
}


class AcceptedConnections(Struct, frozen=True):
    """Settings of accepted connections; None and "" leave the value that a proxy has without settings.

    `underscores` and `escaped_slashes` are the names of Envoy's actions. `buffer` is in bytes.
    """

    buffer: int | None = None
    idle_timeout: Duration | None = None
    max_connection_duration: Duration | None = None
    max_stream_duration: Duration | None = None
    stream_idle_timeout: Duration | None = None
    request_timeout: Duration | None = None
    request_headers_timeout: Duration | None = None
    drain_timeout: Duration | None = None
    max_concurrent_streams: int | None = None
    stream_window: int | None = None
    connection_window: int | None = None
    underscores: str = ""
    merge_slashes: bool | None = None
    escaped_slashes: str = ""

    @property
    def sets_common(self) -> bool:
        """Whether an option is set that HTTP/1 and HTTP/2 share."""
        durations = (self.idle_timeout, self.max_connection_duration, self.max_stream_duration)
        return bool(self.underscores) or any(each is not None for each in durations)

    @property
    def sets_http2(self) -> bool:
        sizes = (self.max_concurrent_streams, self.stream_window, self.connection_window)
        return any(size is not None for size in sizes)


NO_SETTINGS = AcceptedConnections()


def accepted_connections(snapshot: Snapshot, facts: ProxyFacts) -> AcceptedConnections:
    """The settings of a proxy: its own, or those of the mesh, with the defaults of their profile."""
    default = snapshot.mesh.default_config
    written = facts.config.connection_settings or (None if default is None else default.connection_settings)
    if written is None or not snapshot.behaviour.connection_settings:
        return NO_SETTINGS
    is_edge = written.profile is ConnectionProfile.EDGE and facts.proxy.is_router
    return _settings(_with_defaults(written) if is_edge else written)


def _with_defaults(written: ConnectionSettings) -> ConnectionSettings:
    """The settings with those of the edge profile where they are not set."""
    unset = (None, NO_UNDERSCORES, NO_SLASHES)
    absent = (name for name in EDGE_DEFAULTS.model_fields_set if getattr(written, name) in unset)
    return written.model_copy(update={name: getattr(EDGE_DEFAULTS, name) for name in absent})


def _settings(written: ConnectionSettings) -> AcceptedConnections:
    slashes = written.http_path_with_escaped_slashes_action
    return AcceptedConnections(
        buffer=_size(written.listener_per_connection_buffer_limit_bytes),
        idle_timeout=written.http_idle_timeout,
        max_connection_duration=written.http_max_connection_duration,
        max_stream_duration=written.http_max_stream_duration,
        stream_idle_timeout=written.http_stream_idle_timeout,
        request_timeout=written.http_request_timeout,
        request_headers_timeout=written.http_request_headers_timeout,
        drain_timeout=written.http_drain_timeout,
        max_concurrent_streams=_size(written.http_max_concurrent_streams),
        stream_window=_size(written.http2_initial_stream_window_size),
        connection_window=_size(written.http2_initial_connection_window_size),
        underscores=_UNDERSCORES.get(written.http_headers_with_underscores_action, ""),
        merge_slashes=written.http_merge_slashes,
        escaped_slashes="" if slashes is NO_SLASHES else str(slashes),
    )


def _size(written: int | None) -> int | None:
    """A size; None if it is negative, which istiod leaves out."""
    return None if written is None or written < 0 else written
