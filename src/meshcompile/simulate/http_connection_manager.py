"""What the connection manager does with a request before its filters (`http/conn_manager_impl.cc`)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from ipaddress import ip_address

from meshcompile.envoy.config.core import Http1ProtocolOptions, TypedExtensionConfig
from meshcompile.envoy.config.core import HttpProtocolOptions as CoreHttpProtocolOptions
from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpConnectionManager
from meshcompile.simulate.cluster import ClusterIndex
from meshcompile.simulate.course import Course, HttpFilterConfig, routed
from meshcompile.simulate.header_map import HeaderMap
from meshcompile.simulate.http_filters import filter_configs, through_filters
from meshcompile.simulate.outcomes import ClosedConnection, LocalReply, ProxyOutcome, Step
from meshcompile.simulate.path import normalized_path
from meshcompile.simulate.requests import DownstreamConnection, HttpRequest, PeerCertificate, Spoken
from meshcompile.simulate.route_table import IndexedRouteTable, RouteChoice
from meshcompile.simulate.streams import HttpStream
from meshcompile.simulate.virtual_host import without_port

HEADERS_KB = 60
HEADERS_COUNT = 100
# What an edge proxy does not accept from its clients.
EDGE_ONLY = (
    "x-envoy-retry-on",
    "x-envoy-retry-grpc-on",
    "x-envoy-max-retries",
    "x-envoy-upstream-alt-stat-name",
    "x-envoy-upstream-rq-timeout-ms",
    "x-envoy-upstream-rq-per-try-timeout-ms",
    "x-envoy-upstream-rq-timeout-alt-response",
    "x-envoy-expected-rq-timeout-ms",
    "x-envoy-force-trace",
    "x-envoy-ip-tags",
    "x-envoy-original-url",
    "x-envoy-hedge-on-per-try-timeout",
    "x-envoy-retriable-header-names",
    "x-envoy-retriable-status-codes",
    "x-envoy-decorator-operation",
    "x-envoy-downstream-service-cluster",
    "x-envoy-downstream-service-node",
)
HOP_BY_HOP = ("connection", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade")


@dataclass(frozen=True)
class IndexedManager:
    """A connection manager with its filters and its route table. `table` is None if the proxy has none of that name."""

    pointer: str
    message: HttpConnectionManager
    table: IndexedRouteTable | None
    filters: tuple[HttpFilterConfig, ...]


def indexed_manager(
    manager: HttpConnectionManager,
    pointer: str,
    tables: Mapping[str, IndexedRouteTable],
    extensions: Mapping[str, TypedExtensionConfig],
) -> IndexedManager:
    """The connection manager, for many requests."""
    filters = filter_configs(manager.http_filters, extensions, f"{pointer}/httpFilters")
    if manager.route_config is not None:
        table: IndexedRouteTable | None = IndexedRouteTable(f"{pointer}/routeConfig", manager.route_config)
    else:
        table = tables.get(manager.rds.route_config_name if manager.rds else "")
    return IndexedManager(pointer, manager, table, filters)


def managed(
    manager: IndexedManager,
    connection: DownstreamConnection,
    peer: PeerCertificate | None,
    request: HttpRequest,
    clusters: ClusterIndex,
    steps: tuple[Step, ...],
) -> Iterator[ProxyOutcome]:
    """All outcomes of a request on a connection. `peer` is the verified certificate of the client."""
    message = manager.message
    if (refused := _refused(message, connection, request)) is not None:
        yield ProxyOutcome(Fraction(1), refused[0], steps, flags=refused[1])
        return
    path = normalized_path(request.path, message)
    if path.rejected:
        yield ProxyOutcome(Fraction(1), LocalReply(400, "path_normalization_failed"), steps)
        return
    stream = _stream(message, connection, peer, request, path.path)
    if path.redirected:
        headers = HeaderMap.of([("location", path.path)])
        yield ProxyOutcome(Fraction(1), LocalReply(307, "path_normalization_failed", "", headers), steps, stream=stream)
        return
    if manager.table is None:
        yield ProxyOutcome(Fraction(1), LocalReply(404, "route_not_found"), steps, flags=("NR",), stream=stream)
        return
    start = Course(stream, RouteChoice(manager.table), steps=steps)
    for course in routed(start):
        yield from through_filters(manager.filters, course, clusters)


Refusal = tuple[LocalReply | ClosedConnection, tuple[str, ...]]


def _refused(manager: HttpConnectionManager, connection: DownstreamConnection, request: HttpRequest) -> Refusal | None:
    """The reply to a request that no filter sees, with its flags."""
    http1 = manager.http_protocol_options or Http1ProtocolOptions()
    common = manager.common_http_protocol_options or CoreHttpProtocolOptions()
    if connection.spoken is Spoken.HTTP10 and not http1.accept_http_10:
        return LocalReply(426, "low_version"), ()
    size = sum(len(name) + len(value) for name, value in request.headers)
    if size > (manager.max_request_headers_kb or HEADERS_KB) * 1024:
        return LocalReply(431, "request_headers_too_large"), ("DPE",)
    if len(request.headers) + 1 > (common.max_headers_count or HEADERS_COUNT):
        return LocalReply(431, "http1.too_many_headers"), ("DPE",)
    if not request.authority:
        return LocalReply(400, "missing_host_header"), ()
    return None


def _stream(
    manager: HttpConnectionManager,
    connection: DownstreamConnection,
    peer: PeerCertificate | None,
    request: HttpRequest,
    path: str,
) -> HttpStream:
    """The request with the headers that the manager sets."""
    is_tls = connection.tls is not None
    sent = HeaderMap.of(request.headers)
    client = _client(manager, connection, sent)
    headers = _with_proto(manager, _with_forwarded_for(manager, connection, sent.without(HOP_BY_HOP)), is_tls)
    is_edge = bool(manager.use_remote_address)
    if is_edge:
        headers = headers.without(EDGE_ONLY)
    headers = headers.without(("x-envoy-internal",))
    headers = _with_client_certificate(manager, headers, peer)
    authority = _authority(manager, request.authority, connection)
    pseudo = {":method": (request.method,), ":authority": (authority,), ":path": (path,)}
    headers = HeaderMap({**pseudo, **headers.lines})
    return HttpStream(request, connection, headers, peer, is_tls, client, is_edge)


def _authority(manager: HttpConnectionManager, authority: str, connection: DownstreamConnection) -> str:
    """The authority after the ports and dots are stripped that the manager says."""
    if manager.strip_trailing_host_dot:
        host = without_port(authority)
        authority = host.removesuffix(".") + authority[len(host) :]
    if manager.strip_any_host_port:
        return without_port(authority)
    if manager.strip_matching_host_port and authority.endswith(f":{connection.port}"):
        return without_port(authority)
    return authority


def _client(manager: HttpConnectionManager, connection: DownstreamConnection, headers: HeaderMap) -> str:
    """The address of the client that the proxy trusts."""
    hops = manager.xff_num_trusted_hops
    if manager.use_remote_address:
        trusted = _forwarded_address(headers, hops - 1) if hops else ""
    else:
        trusted = _forwarded_address(headers, hops)
    return trusted or connection.source


def _forwarded_address(headers: HeaderMap, from_last: int) -> str:
    """An address in `x-forwarded-for`, counted from the last one; "" if there is none."""
    addresses = (headers.joined("x-forwarded-for") or "").split(",")
    if from_last >= len(addresses):
        return ""
    text = addresses[-1 - from_last].strip()
    try:
        return str(ip_address(text))
    except ValueError:
        return ""


def _with_forwarded_for(
    manager: HttpConnectionManager, connection: DownstreamConnection, headers: HeaderMap
) -> HeaderMap:
    if not manager.use_remote_address or manager.skip_xff_append:
        return headers
    return headers.with_added((("x-forwarded-for", connection.source),))


def _with_proto(manager: HttpConnectionManager, headers: HeaderMap, is_tls: bool) -> HeaderMap:
    """The headers with `x-forwarded-proto` and `:scheme`. An edge proxy does not believe its clients."""
    secure = "https" if is_tls else "http"
    transformation = manager.scheme_header_transformation
    if transformation is not None and transformation.scheme_to_overwrite:
        scheme = transformation.scheme_to_overwrite
        return headers.with_set((("x-forwarded-proto", scheme), (":scheme", scheme)))
    given = headers.first("x-forwarded-proto")
    if not given or (manager.use_remote_address and not manager.xff_num_trusted_hops):
        given = secure
    scheme = given.lower() if given.lower() in ("http", "https") else secure
    return headers.with_set((("x-forwarded-proto", given), (":scheme", scheme)))


def _with_client_certificate(
    manager: HttpConnectionManager, headers: HeaderMap, peer: PeerCertificate | None
) -> HeaderMap:
    """The headers without an `x-forwarded-client-cert` that the manager does not believe."""
    match manager.forward_client_cert_details:
        case "ALWAYS_FORWARD_ONLY":
            return headers
        case "FORWARD_ONLY" | "APPEND_FORWARD" if peer is not None:
            return headers
        case _:
            return headers.without(("x-forwarded-client-cert",))
