"""What the server of a forwarded request or connection sees of it: the input for evaluating its proxy."""

from meshcompile.simulate.alpn import offered_protocols
from meshcompile.simulate.cluster import ChosenCluster, EndpointChoice
from meshcompile.simulate.header_map import HeaderMap
from meshcompile.simulate.outcomes import ForwardedRequest, ProxyOutcome
from meshcompile.simulate.requests import (
    Capture,
    ClientHello,
    DownstreamConnection,
    HttpRequest,
    PeerCertificate,
    Spoken,
)
from meshcompile.simulate.transport_socket import EndpointTls, upstream_protocol

HTTP_VERSIONS = {"HTTP/1.0": Spoken.HTTP11, "HTTP/1.1": Spoken.HTTP11, "HTTP/2": Spoken.HTTP2}
OWN_HEADERS = frozenset({":method", ":authority", ":path", ":scheme"})


def upstream_connection(
    outcome: ProxyOutcome,
    endpoint: EndpointChoice,
    *,
    source: str,
    downstream: DownstreamConnection,
    certificate: PeerCertificate | None = None,
    capture: Capture = Capture.INBOUND,
) -> DownstreamConnection:
    """The connection of a proxy to an endpoint of the chosen cluster, as the server's proxy gets it.

    `source` is the address of the proxy, `downstream` the connection that it forwards, and `certificate` what it
    presents if the cluster has a certificate. `capture` says whether the server's sidecar takes connections. An
    internal address leads to a listener of the same proxy, such as the start of a tunnel.
    Raises ValueError for an endpoint without an IP address and port.
    """
    listener, _, address = endpoint.address.rpartition("/")
    host, _, port = address.rpartition(":")
    if not port.isdecimal():
        raise ValueError(f"{endpoint.address} is not an address with a port")
    return DownstreamConnection(
        destination=host.strip("[]"),
        port=int(port),
        source=source,
        capture=Capture.NONE if listener else capture,
        listener=listener,
        spoken=_spoken(outcome, downstream),
        tls=_hello(outcome, endpoint.transport.tls, downstream, certificate),
    )


def upstream_request(forwarded: ForwardedRequest, original: HttpRequest) -> HttpRequest:
    """The request as the proxy sends it. Claims stay if the token is still there."""
    headers = forwarded.headers
    return HttpRequest(
        method=headers.first(":method"),
        authority=headers.first(":authority"),
        path=headers.first(":path"),
        headers=tuple(_pairs(headers)),
        claims=original.claims,
        tokens=original.tokens,
        random_value=original.random_value,
    )


def _pairs(headers: HeaderMap) -> list[tuple[str, str]]:
    return [(name, line) for name, lines in headers.lines.items() if name not in OWN_HEADERS for line in lines]


def http_version(cluster: ChosenCluster, downstream: DownstreamConnection) -> str:
    """The HTTP version that the proxy speaks to the cluster."""
    return upstream_protocol(cluster.message, "HTTP/2" if downstream.spoken is Spoken.HTTP2 else "HTTP/1.1")


def _spoken(outcome: ProxyOutcome, downstream: DownstreamConnection) -> Spoken:
    if not isinstance(outcome.ending, ForwardedRequest):
        return downstream.spoken
    return HTTP_VERSIONS[http_version(outcome.ending.cluster, downstream)]


def _hello(
    outcome: ProxyOutcome,
    tls: EndpointTls | None,
    downstream: DownstreamConnection,
    certificate: PeerCertificate | None,
) -> ClientHello | None:
    """The handshake with the server. Bytes of TLS that the proxy forwards are the client's own handshake."""
    if tls is None:
        return None if isinstance(outcome.ending, ForwardedRequest) else downstream.tls
    protocols = tls.alpn
    if isinstance(outcome.ending, ForwardedRequest) and outcome.stream is not None:
        cluster = outcome.ending.cluster
        version = http_version(cluster, downstream)
        protocols = offered_protocols(cluster.message, version, tls.alpn, outcome.stream.metadata)
    return ClientHello(tls.sni, protocols, certificate if tls.certificates else None)
