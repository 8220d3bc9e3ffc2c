"""TLS contexts with inlined certificates, in place of secrets that Envoy would fetch.

Names of secrets follow istiod's `pilot/pkg/model/credentials` and `security.SdsCertificateConfig`.
"""

from meshcompile.envoy.config.core import DataSource, TransportSocket
from meshcompile.envoy.extensions.transport_sockets.internal_upstream import InternalUpstreamTransport
from meshcompile.envoy.extensions.transport_sockets.proxy_protocol import ProxyProtocolUpstreamTransport
from meshcompile.envoy.extensions.transport_sockets.quic import QuicDownstreamTransport
from meshcompile.envoy.extensions.transport_sockets.tls import (
    CertificateValidationContext,
    CommonTlsContext,
    DownstreamTlsContext,
    EmbeddedDownstreamTlsContext,
    SdsSecretConfig,
    TlsCertificate,
    UpstreamTlsContext,
)
from meshcompile.envoy.message import Packed, Unmodelled, replaced, to_builtins
from meshcompile.output.bootstrap.options import Credential, Flavour, Options
from meshcompile.output.packed import known
from meshcompile.patch.editing import decoded

WORKLOAD_CERTIFICATE = "default"
WORKLOAD_AUTHORITIES = "ROOTCA"
SYSTEM_AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"


class MissingSecret(Exception):
    """A secret is not available. This exception never leaves the package."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def static_socket(socket: TransportSocket, options: Options) -> TransportSocket:
    """The transport socket with its certificates inlined. Raises MissingSecret."""
    config = None if socket.typed_config is None else _static_config(socket.typed_config, options)
    return replaced(socket, typed_config=config)


def _static_config(config: Packed, options: Options) -> Packed:
    match known(config):
        case DownstreamTlsContext() | UpstreamTlsContext() as context:
            common = context.common_tls_context or CommonTlsContext()
            return replaced(context, common_tls_context=_static_common(common, options))
        case QuicDownstreamTransport() as transport:
            embedded = transport.downstream_tls_context or EmbeddedDownstreamTlsContext()
            common = _static_common(embedded.common_tls_context or CommonTlsContext(), options)
            return replaced(transport, downstream_tls_context=replaced(embedded, common_tls_context=common))
        # A socket in a socket.
        case (
            ProxyProtocolUpstreamTransport(transport_socket=TransportSocket() as inner)
            | InternalUpstreamTransport(transport_socket=TransportSocket() as inner)
        ) as outer:
            return replaced(outer, transport_socket=static_socket(inner, options))
        case Unmodelled(value={"transportSocket": dict(written)} as value):
            socket = static_socket(decoded(TransportSocket, written), options)
            return Unmodelled({**value, "transportSocket": to_builtins(socket)})
        case _:
            return config


def _static_common(common: CommonTlsContext, options: Options) -> CommonTlsContext:
    return _with_validation(_with_certificates(common, options), options)


def _with_certificates(common: CommonTlsContext, options: Options) -> CommonTlsContext:
    """The context with what this side shows."""
    secrets = common.tls_certificate_sds_secret_configs
    if not secrets or _is_served_by_agent(secrets[0], options):
        return common
    certificates = tuple(_certificate(secret.name, options) for secret in secrets)
    return replaced(common, tls_certificates=certificates, tls_certificate_sds_secret_configs=())


def _with_validation(common: CommonTlsContext, options: Options) -> CommonTlsContext:
    """The context with how the other side is verified."""
    combined = common.combined_validation_context
    secret = (common if combined is None else combined).validation_context_sds_secret_config
    if secret is None or _is_served_by_agent(secret, options):
        return common
    default = None if combined is None else combined.default_validation_context
    return replaced(
        common,
        validation_context=replaced(
            default or CertificateValidationContext(), trusted_ca=_authorities(secret.name, options)
        ),
        validation_context_sds_secret_config=None,
        combined_validation_context=None,
    )


def _is_served_by_agent(secret: SdsSecretConfig, options: Options) -> bool:
    """True for what Istio's agent serves beside the Envoy of Istio's own build."""
    return options.flavour is Flavour.ISTIO and secret.name in (WORKLOAD_CERTIFICATE, WORKLOAD_AUTHORITIES)


def _certificate(name: str, options: Options) -> TlsCertificate:
    kind, _, rest = name.partition(":")
    if name == WORKLOAD_CERTIFICATE and options.workload_certificates:
        return _files(f"{options.workload_certificates}/cert-chain.pem", f"{options.workload_certificates}/key.pem")
    if kind == "file-cert":
        return _files(*rest.split("~", 1))
    credential = _credential(name, options)
    if not (credential.certificate and credential.private_key):
        raise MissingSecret(name)
    return TlsCertificate(
        certificate_chain=DataSource(inline_string=credential.certificate),
        private_key=DataSource(inline_string=credential.private_key),
    )


def _files(certificate: str, private_key: str) -> TlsCertificate:
    return TlsCertificate(
        certificate_chain=DataSource(filename=certificate), private_key=DataSource(filename=private_key)
    )


def _authorities(name: str, options: Options) -> DataSource:
    """The trusted certificate authorities."""
    kind, _, rest = name.partition(":")
    if name == WORKLOAD_AUTHORITIES and options.workload_certificates:
        return DataSource(filename=f"{options.workload_certificates}/root-cert.pem")
    if kind == "file-root":
        return DataSource(filename=SYSTEM_AUTHORITIES if rest == "system" else rest)
    if authorities := _credential(name, options).authorities:
        return DataSource(inline_string=authorities)
    # A Secret with only the authorities takes precedence over one that also has the certificate.
    if authorities := _credential(name.removesuffix("-cacert"), options).authorities:
        return DataSource(inline_string=authorities)
    raise MissingSecret(name)


def _credential(name: str, options: Options) -> Credential:
    """The Secret that `kubernetes://NAME` or `kubernetes-gateway://NAMESPACE/NAME` refers to."""
    _, _, path = name.partition("://")
    key = path if "/" in path else f"{options.namespace}/{path}"
    return options.credentials.get(key, Credential())
