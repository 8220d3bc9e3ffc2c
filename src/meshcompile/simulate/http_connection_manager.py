"""What the connection manager does with a request before its filters (`http/conn_manager_impl.cc`)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from meshcompile.envoy.config.core import Http1ProtocolOptions, TypedExtensionConfig
from meshcompile.envoy.config.core import HttpProtocolOptions as CoreHttpProtocolOptions
from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpConnectionManager
from meshcompile.simulate.cluster import ClusterIndex
from meshcompile.simulate.course import Course, HttpFilterConfig, routed
from meshcompile.simulate.grpc import grpc_status
from meshcompile.simulate.header_map import INTERNAL, HeaderMap
from meshcompile.simulate.http_filters import filter_configs, through_filters
from meshcompile.simulate.http_syntax import (
    InvalidRequest,
    codec_problem,
    is_authority,
    line_problem,
    target,
)
from meshcompile.simulate.outcomes import ClosedConnection, LocalReply, ProxyOutcome, Step
from meshcompile.simulate.path import NormalizedPath, normalized_path
from meshcompile.simulate.request_headers import sent_authority, stream_of
from meshcompile.simulate.requests import DownstreamConnection, HttpRequest, PeerCertificate, Spoken
from meshcompile.simulate.route_table import IndexedRouteTable, RouteChoice
from meshcompile.simulate.streams import HttpStream

HEADERS_KB = 60
HEADERS_COUNT = 100


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


@dataclass(frozen=True, slots=True)
class Arrival:
    """A request at a connection manager. `peer` is the verified certificate of the client, `steps` are those before."""

    manager: IndexedManager
    connection: DownstreamConnection
    peer: PeerCertificate | None
    request: HttpRequest
    clusters: ClusterIndex
    steps: tuple[Step, ...] = ()

    def stream(self, path: str) -> HttpStream:
        """The request with this path and the headers that the manager sets."""
        return stream_of(self.manager.message, self.connection, self.peer, self.request, path)

    def replied(self, reply: LocalReply, flags: tuple[str, ...] = ()) -> ProxyOutcome:
        """The outcome of a reply that no filter sees."""
        return ProxyOutcome(Fraction(1), reply, self.steps, flags=flags)


def managed(arrival: Arrival) -> Iterator[ProxyOutcome]:
    """All outcomes of a request."""
    message, request, table = arrival.manager.message, arrival.request, arrival.manager.table
    path = NormalizedPath("") if request.method == "CONNECT" else normalized_path(target(request).path, message)
    if (refused := _refused(message, arrival.connection, request) or _bad_path(path)) is not None:
        yield from _early(arrival, refused)
    elif table is None:
        yield arrival.replied(LocalReply(404, "route_not_found"), ("NR",))
    else:
        start = Course(arrival.stream(path.path), RouteChoice(table), arrival.clusters, steps=arrival.steps)
        for course in routed(start):
            if _is_refused_upgrade(message, course):
                yield course.reply(403, "upgrade_failed")
            else:
                yield from through_filters(arrival.manager.filters, course)


def _bad_path(path: NormalizedPath) -> InvalidRequest | None:
    """The reply to a path that is not accepted, or that is accepted in another form."""
    details = "path_normalization_failed"
    if path.rejected:
        return InvalidRequest(400, details, sees_route=True, path=path.path)
    if path.redirected:
        return InvalidRequest(307, details, sees_route=True, path=path.path, location=path.path)
    return None


def _early(arrival: Arrival, refused: InvalidRequest) -> Iterator[ProxyOutcome]:
    """The reply to a request that no filter sees. It may have the headers of the route that the raw request has."""
    request, table = arrival.request, arrival.manager.table
    sent = HeaderMap.of(request.headers)
    proto = sent.first("x-forwarded-proto")
    if not refused.status:
        yield ProxyOutcome(Fraction(1), ClosedConnection(refused.details), arrival.steps)
    elif not refused.sees_route or table is None or not proto:
        yield arrival.replied(_early_reply(refused, sent))
    else:
        stream = arrival.stream(refused.path or request.path)
        has_scheme = arrival.connection.spoken is Spoken.HTTP2 or target(request).scheme
        headers = stream.headers.with_set((("x-forwarded-proto", proto),)).without(() if has_scheme else (":scheme",))
        internal = sent.get(INTERNAL)  # the manager has not removed it yet
        headers = HeaderMap({**headers.lines, **({INTERNAL: internal} if internal else {})})
        start = Course(stream.with_headers(headers), RouteChoice(table), arrival.clusters, steps=arrival.steps)
        for course in routed(start):
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
    if not is_authority(sent_authority(request)):
        return InvalidRequest(400, "http.invalid_authority")
    if request.method != "CONNECT" and not target(request).path.startswith("/"):
        return InvalidRequest(404, "absolute_path_rejected", sees_route=True)
    return None


def _count(request: HttpRequest) -> int:
    """The number of header lines with the host, after Envoy has joined those of one header."""
    host = ((":authority", request.authority),) if request.authority else ()
    return sum(map(len, HeaderMap.of((*host, *request.headers)).lines.values()))
