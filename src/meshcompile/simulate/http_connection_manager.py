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
from meshcompile.simulate.grpc import grpc_status
from meshcompile.simulate.header_map import HeaderMap
from meshcompile.simulate.http_filters import filter_configs, through_filters
from meshcompile.simulate.http_syntax import (
    HttpTarget,
    InvalidRequest,
    codec_problem,
    is_authority,
    line_problem,
    target,
)
from meshcompile.simulate.outcomes import ClosedConnection, LocalReply, ProxyOutcome, Step
from meshcompile.simulate.path import NormalizedPath, normalized_path
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
    "x-envoy-original-path",
    "x-envoy-original-host",
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
        yield from _early(manager, connection, peer, request, clusters, steps, refused)
        return
    aimed = target(request)
    path = normalized_path(aimed.path, message) if request.method != "CONNECT" else NormalizedPath("")
    if path.rejected:
        rejected = InvalidRequest(400, "path_normalization_failed", sees_route=True, path=path.path)
        yield from _early(manager, connection, peer, request, clusters, steps, rejected)
        return
    if path.redirected:
        redirected = InvalidRequest(
            307, "path_normalization_failed", sees_route=True, location=path.path, path=path.path
        )
        yield from _early(manager, connection, peer, request, clusters, steps, redirected)
        return
    stream = _stream(message, connection, peer, request, aimed, path.path)
    if manager.table is None:
        yield ProxyOutcome(Fraction(1), LocalReply(404, "route_not_found"), steps, flags=("NR",), stream=stream)
        return
    start = Course(stream, RouteChoice(manager.table), clusters, steps=steps)
    for course in routed(start):
        if _is_refused_upgrade(message, course):
            yield course.reply(403, "upgrade_failed")
        else:
            yield from through_filters(manager.filters, course)


def _early(
    manager: IndexedManager,
    connection: DownstreamConnection,
    peer: PeerCertificate | None,
    request: HttpRequest,
    clusters: ClusterIndex,
    steps: tuple[Step, ...],
    refused: InvalidRequest,
) -> Iterator[ProxyOutcome]:
    """The reply to a request that no filter sees. It may have the headers of the route that the raw request has."""
    sent = HeaderMap.of(request.headers)
    proto = sent.first("x-forwarded-proto")
    if not refused.status:
        yield ProxyOutcome(Fraction(1), ClosedConnection(refused.details), steps)
    elif not refused.sees_route or manager.table is None or not proto:
        yield ProxyOutcome(Fraction(1), _early_reply(refused, sent), steps)
    else:
        stream = _stream(manager.message, connection, peer, request, target(request), refused.path or request.path)
        unset = (":scheme",) if connection.spoken is not Spoken.HTTP2 and not target(request).scheme else ()
        raw = stream.with_headers(stream.headers.with_set((("x-forwarded-proto", proto),)).without(unset))
        for course in routed(Course(raw, RouteChoice(manager.table), clusters, steps=steps)):
            yield course.reply(refused.status, refused.details, headers=_early_reply(refused, sent).headers)


def _early_reply(refused: InvalidRequest, sent: HeaderMap) -> LocalReply:
    """The reply, in gRPC's form unless the request is refused before the manager looks whether it is one of gRPC."""
    is_early = refused.details.startswith("http1.") or refused.details in ("low_version", "http.invalid_authority")
    grpc = None if is_early else grpc_status(refused.status, sent)
    located = refused.location if grpc is None else ""
    headers = HeaderMap.of([("location", located)] if located else [])
    return LocalReply(refused.status, refused.details, "", headers, grpc)


def _is_refused_upgrade(manager: HttpConnectionManager, course: Course) -> bool:
    """Whether the request asks for another protocol that neither the route nor the manager allows."""
    headers = HeaderMap.of(course.stream.request.headers)
    tokens = [token.strip().lower() for token in (headers.joined("connection") or "").split(",")]
    wanted = (headers.joined("upgrade") or "").lower()
    if course.stream.connection.spoken is Spoken.HTTP2 or not wanted or wanted == "h2c" or "upgrade" not in tokens:
        return False
    if course.choice.route is None and not course.choice.redirects_to_https:
        return False
    route = course.choice.route.message.route if course.choice.route else None
    allowed = {each.upgrade_type.lower(): each.enabled is not False for each in manager.upgrade_configs}
    own = {each.upgrade_type.lower(): each.enabled is not False for each in (route.upgrade_configs if route else ())}
    return not own.get(wanted, allowed.get(wanted, False))


def _refused(
    manager: HttpConnectionManager, connection: DownstreamConnection, request: HttpRequest
) -> InvalidRequest | None:
    """The reply to a request that no filter sees."""
    http1 = manager.http_protocol_options or Http1ProtocolOptions()
    common = manager.common_http_protocol_options or CoreHttpProtocolOptions()
    if connection.spoken is not Spoken.HTTP2 and (problem := line_problem(request, http1)) is not None:
        return problem
    size = sum(len(name) + len(value) for name, value in request.headers)
    if size > (manager.max_request_headers_kb or HEADERS_KB) * 1024:
        return InvalidRequest(431, "http1.headers_too_large")
    is_http2 = connection.spoken is Spoken.HTTP2
    if _count(request) + 3 * is_http2 > (common.max_headers_count or HEADERS_COUNT):
        return (
            InvalidRequest(0, "http2.too_many_headers") if is_http2 else InvalidRequest(431, "http1.too_many_headers")
        )
    if (problem := codec_problem(request, connection.spoken)) is not None:
        return problem
    if connection.spoken is Spoken.HTTP10 and not http1.accept_http_10:
        return InvalidRequest(426, "low_version")
    if not request.authority and not target(request).host:
        return InvalidRequest(400, "missing_host_header", sees_route=True)
    if not is_authority(_sent_authority(request)):
        return InvalidRequest(400, "http.invalid_authority")
    if request.method != "CONNECT" and not target(request).path.startswith("/"):
        return InvalidRequest(404, "absolute_path_rejected", sees_route=True)
    return None


def _count(request: HttpRequest) -> int:
    """The number of header lines with the host, after Envoy has joined those of one header."""
    host = ((":authority", request.authority),) if request.authority else ()
    return sum(map(len, HeaderMap.of((*host, *request.headers)).lines.values()))


def _sent_authority(request: HttpRequest) -> str:
    """The host of an absolute URL, else all `host` headers together."""
    hosts = HeaderMap.of(((":authority", request.authority), *request.headers))
    return target(request).host or hosts.first(":authority")


def _stream(
    manager: HttpConnectionManager,
    connection: DownstreamConnection,
    peer: PeerCertificate | None,
    request: HttpRequest,
    aimed: HttpTarget,
    path: str,
) -> HttpStream:
    """The request with the headers that the manager sets."""
    is_tls = connection.tls is not None
    sent = HeaderMap.of(request.headers)
    client = _client(manager, connection, sent)
    kept = sent.without((*HOP_BY_HOP, "host"))
    if connection.spoken is Spoken.HTTP2 and (cookies := kept.get("cookie")):
        kept = kept.with_set((("cookie", "; ".join(cookies)),))
    own = ("https" if is_tls else "http") if connection.spoken is Spoken.HTTP2 else aimed.scheme
    headers = _with_proto(manager, _with_forwarded_for(manager, connection, kept), is_tls, own)
    is_edge = bool(manager.use_remote_address)
    if is_edge:
        headers = headers.without(EDGE_ONLY)
    headers = headers.without(("x-envoy-internal",))
    headers = _with_client_certificate(manager, headers, peer)
    authority = _authority(manager, _sent_authority(request), connection)
    pseudo = {":method": (request.method,), ":authority": (authority,), **({":path": (path,)} if path else {})}
    headers = HeaderMap({**pseudo, **headers.lines})
    return HttpStream(request, connection, headers, peer, is_tls, client, is_edge)


def _authority(manager: HttpConnectionManager, authority: str, connection: DownstreamConnection) -> str:
    """The authority after the ports and dots are stripped that the manager says."""
    if manager.strip_trailing_host_dot:
        authority = authority[:-1] if authority.endswith(".") else authority.replace(".:", ":")
    host, port = without_port(authority), authority[len(without_port(authority)) + 1 :]
    if not port.isdecimal():
        return authority
    matching = manager.strip_matching_host_port and int(port) == connection.port
    return host if manager.strip_any_host_port or matching else authority


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


def _with_proto(manager: HttpConnectionManager, headers: HeaderMap, is_tls: bool, scheme: str) -> HeaderMap:
    """The headers with `x-forwarded-proto` and `:scheme`. An edge proxy does not believe its clients."""
    secure = "https" if is_tls else "http"
    transformation = manager.scheme_header_transformation
    if transformation is not None and transformation.scheme_to_overwrite:
        overwritten = transformation.scheme_to_overwrite
        return headers.with_set((("x-forwarded-proto", overwritten), (":scheme", overwritten)))
    given = headers.joined("x-forwarded-proto")
    if given is None or (manager.use_remote_address and not manager.xff_num_trusted_hops):
        given = secure
    valid = given.lower() if given.lower() in ("http", "https") else secure
    return headers.with_set((("x-forwarded-proto", given), (":scheme", scheme or valid)))


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
