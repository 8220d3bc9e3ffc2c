"""Gateway: the ports that gateway proxies open, and their TLS settings."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from meshcompile.models.base import Node, ProtoEnum
from meshcompile.models.common import Bool, BoolValue, IstioResource, UInt32, size
from meshcompile.models.networking.common import ApiVersion


class TLSMode(ProtoEnum):
    """Where TLS is terminated, and whether the client must present a certificate."""

    PASSTHROUGH = "PASSTHROUGH"
    SIMPLE = "SIMPLE"
    MUTUAL = "MUTUAL"
    AUTO_PASSTHROUGH = "AUTO_PASSTHROUGH"
    ISTIO_MUTUAL = "ISTIO_MUTUAL"
    OPTIONAL_MUTUAL = "OPTIONAL_MUTUAL"


class TLSProtocol(ProtoEnum):
    """A TLS version. TLS_AUTO leaves the choice to Envoy."""

    TLS_AUTO = "TLS_AUTO"
    TLSV1_0 = "TLSV1_0"
    TLSV1_1 = "TLSV1_1"
    TLSV1_2 = "TLSV1_2"
    TLSV1_3 = "TLSV1_3"


class TLSCertificate(Node):
    """A certificate in files of the proxy."""

    server_certificate: str = ""
    """Path of the certificate chain."""
    private_key: str = ""
    """Path of the private key."""
    ca_certificates: str = ""
    """Path of the CA certificates that verify client certificates."""


class ServerTLSSettings(Node):
    """TLS settings of a server: Envoy's downstream transport socket or, with PASSTHROUGH, only an SNI match."""

    https_redirect: Bool = False
    """Redirects plain HTTP requests to HTTPS (`require_tls` of the virtual hosts)."""
    mode: TLSMode = TLSMode.PASSTHROUGH
    """Where TLS is terminated, and whether a client certificate is required, optional or not requested."""
    server_certificate: str = ""
    """Path of the certificate chain (SDS `file-cert:`)."""
    private_key: str = ""
    """Path of the private key (SDS `file-cert:`)."""
    ca_certificates: str = ""
    """Path of the CA certificates that verify client certificates (SDS `file-root:`)."""
    ca_crl: str = ""
    """Path of the certificate revocation list for client certificates."""
    credential_name: str = ""
    """Kubernetes Secret with the key and certificate, in the namespace of the gateway. The CA certificates may be in a
    second Secret with the suffix `-cacert`.
    """
    credential_names: Annotated[tuple[str, ...], size(2, least=1)] = ()
    """Several Secrets, for example with an RSA and an ECDSA certificate. Replaces `credentialName`."""
    ca_cert_credential_name: str = ""
    """Secret or ConfigMap with the CA certificates for clients. Replaces the `-cacert` Secret."""
    tls_certificates: Annotated[tuple[TLSCertificate, ...], size(2, least=1)] = ()
    """Several certificates in files. Replaces `serverCertificate` and `privateKey`."""
    subject_alt_names: tuple[str, ...] = ()
    """The client certificate must have one of these names (`match_typed_subject_alt_names`)."""
    verify_certificate_spki: tuple[str, ...] = ()
    """Base64 SHA-256 hashes of the public keys of accepted client certificates."""
    verify_certificate_hash: tuple[str, ...] = ()
    """Hex SHA-256 hashes of accepted client certificates."""
    min_protocol_version: TLSProtocol = TLSProtocol.TLS_AUTO
    """Minimum TLS version (`tls_minimum_protocol_version`)."""
    max_protocol_version: TLSProtocol = TLSProtocol.TLS_AUTO
    """Maximum TLS version (`tls_maximum_protocol_version`)."""
    cipher_suites: tuple[str, ...] = ()
    """Cipher suites for TLS 1.2 and older (`cipher_suites`). Suites that Envoy does not know are dropped."""
    insecure_skip_verify: BoolValue = None
    """Accepts any client certificate (`trust_chain_verification: ACCEPT_UNTRUSTED`). Since Istio 1.31."""


class Port(Node):
    """A port of a gateway, and its protocol."""

    number: UInt32
    """Number of the gateway's Service port. The listener opens the target port of that port."""
    protocol: str
    """HTTP, HTTPS, GRPC, GRPC-WEB, HTTP2, MONGO, TCP or TLS. It determines the filters of the listener."""
    name: str
    """Label of the port. It is part of the route name of an HTTPS server."""
    target_port: UInt32 = 0
    """Deprecated. It has no effect."""


class Server(Node):
    """The hosts that a gateway serves on a port: a filter chain and its route configuration."""

    port: Port
    """Port to listen on."""
    bind: str = ""
    """Address or Unix domain socket to listen on. By default, all addresses. It is part of the listener's name."""
    hosts: tuple[str, ...]
    """Hosts to serve, as `host` or `namespace/host`: the SNI match of TLS, and the only hosts that bound virtual
    services may route.
    """
    tls: ServerTLSSettings | None = None
    """TLS settings of the port."""
    default_endpoint: str = ""
    """Istio does not implement it. It has no effect."""
    name: str = ""
    """Label of the server. It is the statistics prefix of an HTTPS server."""


class GatewaySpec(Node):
    """Servers, and the gateway proxies that run them."""

    servers: tuple[Server, ...] = ()
    """Servers to run. All servers on one port share a listener, even those of different gateways."""
    selector: Mapping[str, str] = {}
    """Labels of the gateway pods, in any namespace. Empty selects every gateway proxy."""


class Gateway(IstioResource):
    """Opens ports on gateway proxies. Virtual services bound to the gateway route the traffic."""

    api_version: ApiVersion = "networking.istio.io/v1"
    kind: Literal["Gateway"] = "Gateway"
    spec: GatewaySpec = Field(default_factory=GatewaySpec)
