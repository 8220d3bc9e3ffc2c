"""Gateway: the ports that gateway proxies open, and the TLS they speak there."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from meshcompile.models.base import Node, ProtoEnum
from meshcompile.models.common import Bool, IstioResource, UInt32, size
from meshcompile.models.networking.common import ApiVersion


class TLSMode(ProtoEnum):
    """Who ends TLS, and whether the client shows a certificate."""

    PASSTHROUGH = "PASSTHROUGH"
    SIMPLE = "SIMPLE"
    MUTUAL = "MUTUAL"
    AUTO_PASSTHROUGH = "AUTO_PASSTHROUGH"
    ISTIO_MUTUAL = "ISTIO_MUTUAL"
    OPTIONAL_MUTUAL = "OPTIONAL_MUTUAL"


class TLSProtocol(ProtoEnum):
    """A version of TLS; TLS_AUTO leaves the choice to Envoy."""

    TLS_AUTO = "TLS_AUTO"
    TLSV1_0 = "TLSV1_0"
    TLSV1_1 = "TLSV1_1"
    TLSV1_2 = "TLSV1_2"
    TLSV1_3 = "TLSV1_3"


class TLSCertificate(Node):
    """One certificate, kept in files of the proxy."""

    server_certificate: str = ""
    """File of the certificate chain."""
    private_key: str = ""
    """File of the private key."""
    ca_certificates: str = ""
    """File of the authorities that client certificates are checked against."""


class ServerTLSSettings(Node):
    """TLS of a server: Envoy's downstream transport socket, or for passing through just its SNI match."""

    https_redirect: Bool = False
    """Answer plain HTTP with a redirect to HTTPS (`require_tls` of the virtual hosts)."""
    mode: TLSMode = TLSMode.PASSTHROUGH
    """Who ends TLS, and whether the client must, may or need not show a certificate."""
    server_certificate: str = ""
    """File of the certificate chain (SDS `file-cert:`)."""
    private_key: str = ""
    """File of the private key (SDS `file-cert:`)."""
    ca_certificates: str = ""
    """File of the authorities that client certificates are checked against (SDS `file-root:`)."""
    ca_crl: str = ""
    """File of the revoked client certificates."""
    credential_name: str = ""
    """Kubernetes Secret with key and certificate, in the gateway's namespace; also the base of its `-cacert` twin."""
    credential_names: Annotated[tuple[str, ...], size(2, least=1)] = ()
    """Several Secrets, such as one RSA and one ECDSA certificate; instead of `credentialName`."""
    ca_cert_credential_name: str = ""
    """Secret or ConfigMap of the client authorities, instead of the `-cacert` twin."""
    tls_certificates: Annotated[tuple[TLSCertificate, ...], size(2, least=1)] = ()
    """Several certificates in files, instead of `serverCertificate` and `privateKey`."""
    subject_alt_names: tuple[str, ...] = ()
    """Names of which the client certificate must carry one (`match_typed_subject_alt_names`)."""
    verify_certificate_spki: tuple[str, ...] = ()
    """Base64 SHA-256 hashes of public keys that client certificates may have."""
    verify_certificate_hash: tuple[str, ...] = ()
    """Hex SHA-256 hashes of client certificates that are accepted."""
    min_protocol_version: TLSProtocol = TLSProtocol.TLS_AUTO
    """Oldest version that is spoken (`tls_minimum_protocol_version`)."""
    max_protocol_version: TLSProtocol = TLSProtocol.TLS_AUTO
    """Newest version that is spoken (`tls_maximum_protocol_version`)."""
    cipher_suites: tuple[str, ...] = ()
    """Cipher suites up to TLS 1.2 (`cipher_suites`); those that Envoy does not know are dropped."""


class Port(Node):
    """A port of a gateway and the protocol spoken on it."""

    number: UInt32
    """Number of the gateway's Service port; the listener opens the target port behind it."""
    protocol: str
    """HTTP, HTTPS, GRPC, GRPC-WEB, HTTP2, MONGO, TCP or TLS: decides the filters of the listener."""
    name: str
    """Label of the port; part of the route name of an HTTPS server."""
    target_port: UInt32 = 0
    """Deprecated, without effect."""


class Server(Node):
    """Hosts that are served on a port: a filter chain with its route configuration."""

    port: Port
    """Port to listen on."""
    bind: str = ""
    """Address or Unix socket to listen on, instead of every address; part of the listener's name."""
    hosts: tuple[str, ...]
    """Names served, as `host` or `namespace/host`: SNI match of TLS and limit of the virtual services bound here."""
    tls: ServerTLSSettings | None = None
    """TLS of the port."""
    default_endpoint: str = ""
    """Not implemented by Istio, without effect."""
    name: str = ""
    """Label of the server; statistics prefix of an HTTPS server."""


class GatewaySpec(Node):
    """Servers, and the gateway proxies that run them."""

    servers: tuple[Server, ...] = ()
    """What to listen for; servers of all gateways on one port share a listener."""
    selector: Mapping[str, str] = {}
    """Labels of the gateway pods, in any namespace; none selects every gateway proxy."""


class Gateway(IstioResource):
    """Opens ports on gateway proxies; virtual services say where the traffic goes from there."""

    api_version: ApiVersion = "networking.istio.io/v1"
    kind: Literal["Gateway"] = "Gateway"
    spec: GatewaySpec = Field(default_factory=GatewaySpec)
