"""The headers of a request as the connection manager changes them (`http/conn_manager_utility.cc`)."""

from ipaddress import ip_address

from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpConnectionManager
from meshcompile.simulate.header_map import INTERNAL, HeaderMap
from meshcompile.simulate.http_syntax import target
from meshcompile.simulate.requests import DownstreamConnection, HttpRequest, PeerCertificate, Spoken
from meshcompile.simulate.streams import HttpStream
from meshcompile.simulate.virtual_host import without_port

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
CLIENT_CERTIFICATE = "x-forwarded-client-cert"
HOP_BY_HOP = ("connection", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade")


def stream_of(
    manager: HttpConnectionManager,
    connection: DownstreamConnection,
    peer: PeerCertificate | None,
    request: HttpRequest,
    path: str,
) -> HttpStream:
    """The request with the headers that the manager sets."""
    is_tls, aimed = connection.tls is not None, target(request)
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
    headers = headers.without((INTERNAL,))
    headers = _with_client_certificate(manager, headers, peer)
    authority = _authority(manager, sent_authority(request), connection)
    pseudo = {":method": (request.method,), ":authority": (authority,), **({":path": (path,)} if path else {})}
    headers = HeaderMap({**pseudo, **headers.lines})
    sets_certificate = peer is not None and manager.forward_client_cert_details in ("APPEND_FORWARD", "SANITIZE_SET")
    computed = (CLIENT_CERTIFICATE,) if sets_certificate else ()
    return HttpStream(request, connection, headers, peer, is_tls, client, is_edge, computed)


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
            return headers.without((CLIENT_CERTIFICATE,))


def sent_authority(request: HttpRequest) -> str:
    """The host of an absolute URL, else all `host` headers together."""
    hosts = HeaderMap.of(((":authority", request.authority), *request.headers))
    return target(request).host or hosts.first(":authority")
