"""Protocols of ports, as their names and `appProtocol` declare them.

Follows istiod's `pkg/config/protocol` and `kube.ConvertProtocol`.
"""

from enum import StrEnum


class Protocol(StrEnum):
    """The declared protocol of a port. AUTO (istiod's "unsupported") means that the proxy detects it."""

    HTTP = "HTTP"
    HTTP2 = "HTTP2"
    GRPC = "GRPC"
    GRPC_WEB = "GRPC-Web"
    HTTP_PROXY = "HTTP_PROXY"
    HTTPS = "HTTPS"
    TLS = "TLS"
    TCP = "TCP"
    UDP = "UDP"
    MONGO = "Mongo"
    REDIS = "Redis"
    MYSQL = "MySQL"
    HBONE = "HBONE"
    AUTO = "UnsupportedProtocol"

    @property
    def is_http(self) -> bool:
        return self in _HTTP

    @property
    def is_http2(self) -> bool:
        return self in _HTTP2

    @property
    def is_grpc(self) -> bool:
        return self in _GRPC

    @property
    def is_tcp(self) -> bool:
        """True for protocols that are handled as bytes: TCP, TLS, HTTPS, and the database protocols."""
        return self in _TCP

    @property
    def is_tls(self) -> bool:
        return self in _TLS

    @property
    def is_http_or_sniffed(self) -> bool:
        return self in _HTTP or self is Protocol.AUTO


_HTTP = frozenset({Protocol.HTTP, Protocol.HTTP2, Protocol.HTTP_PROXY, Protocol.GRPC, Protocol.GRPC_WEB})
_HTTP2 = frozenset({Protocol.HTTP2, Protocol.GRPC, Protocol.GRPC_WEB})
_GRPC = frozenset({Protocol.GRPC, Protocol.GRPC_WEB})
_TLS = frozenset({Protocol.HTTPS, Protocol.TLS})
_TCP = _TLS | {Protocol.TCP, Protocol.MONGO, Protocol.REDIS, Protocol.MYSQL}

# Protocol names that users may write. `hbone` is excluded.
_BY_NAME = {p.value.lower(): p for p in Protocol if p not in (Protocol.HBONE, Protocol.AUTO)}
# Names that Kubernetes itself defines for appProtocol.
_BY_APP_PROTOCOL = {
    "kubernetes.io/h2c": Protocol.HTTP2,
    "kubernetes.io/ws": Protocol.HTTP,
    "kubernetes.io/wss": Protocol.HTTPS,
}
# Protocol detection breaks servers that speak first: SMTP, DNS, MySQL, MongoDB.
_NEVER_SNIFFED = frozenset({25, 53, 3306, 27017})


def protocol_named(name: str) -> Protocol:
    """The protocol with this name, ignoring case; AUTO for any other name."""
    return _BY_NAME.get(name.lower(), Protocol.AUTO)


def declared_protocol(port: int, name: str, transport: str = "TCP", app_protocol: str | None = None) -> Protocol:
    """The protocol that a Kubernetes port declares: `appProtocol` first, else its name up to the first `-`."""
    if transport == "UDP":
        return Protocol.UDP
    declared = name if app_protocol is None else app_protocol
    if app_protocol is not None and (known := _BY_APP_PROTOCOL.get(declared)):
        return known
    if declared.lower().startswith("grpc-web"):
        return Protocol.GRPC_WEB
    protocol = protocol_named(declared.partition("-")[0])
    return Protocol.TCP if protocol is Protocol.AUTO and port in _NEVER_SNIFFED else protocol
