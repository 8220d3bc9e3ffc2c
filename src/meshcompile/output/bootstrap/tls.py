"""TLS contexts with their certificates in them, in the place of secrets that Envoy would fetch.

Names of secrets follow istiod's `pilot/pkg/model/credentials` and `security.SdsCertificateConfig`.
"""

from collections.abc import Mapping
from typing import Any

from meshcompile.output.bootstrap.extensions import type_of
from meshcompile.output.bootstrap.options import Credential, Flavour, Options

Json = Mapping[str, Any]

WORKLOAD_CERTIFICATE = "default"
WORKLOAD_AUTHORITIES = "ROOTCA"
SYSTEM_AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"

TLS = frozenset(
    {
        "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
        "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
    }
)
_CERTIFICATES = "tlsCertificateSdsSecretConfigs"
_VALIDATION = ("validationContextSdsSecretConfig", "combinedValidationContext")
QUIC = "envoy.extensions.transport_sockets.quic.v3.QuicDownstreamTransport"


class MissingSecret(Exception):
    """A secret that nothing is known of; it never leaves this package."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def static_socket(socket: Json, options: Options) -> Json:
    """The transport socket with its certificates inlined. Raises MissingSecret."""
    config = socket.get("typedConfig", {})
    match type_of(config):
        case name if name in TLS:
            return {**socket, "typedConfig": _static_context(config, options)}
        case name if name == QUIC:
            context = _static_context(config["downstreamTlsContext"], options)
            return {**socket, "typedConfig": {**config, "downstreamTlsContext": context}}
        case _ if "transportSocket" in config:  # a socket in a socket, such as for the PROXY protocol
            inner = static_socket(config["transportSocket"], options)
            return {**socket, "typedConfig": {**config, "transportSocket": inner}}
        case _:
            return socket


def _static_context(context: Json, options: Options) -> Json:
    return {**context, "commonTlsContext": _static_common(context.get("commonTlsContext", {}), options)}


def _static_common(common: Json, options: Options) -> Json:
    kept = {key: value for key, value in common.items() if key not in (_CERTIFICATES, *_VALIDATION)}
    return {**kept, **_own_certificates(common, options), **_validation(common, options)}


def _own_certificates(common: Json, options: Options) -> Json:
    """What this side shows, as fields of a CommonTlsContext."""
    secrets = common.get(_CERTIFICATES, ())
    if not secrets or _fetched(secrets[0], options):
        return {_CERTIFICATES: secrets} if secrets else {}
    return {"tlsCertificates": [_certificate(secret["name"], options) for secret in secrets]}


def _validation(common: Json, options: Options) -> Json:
    """How the other side is verified, as fields of a CommonTlsContext."""
    combined: Json = common.get("combinedValidationContext", {})
    secret = (combined or common).get("validationContextSdsSecretConfig")
    if secret is None or _fetched(secret, options):
        return {name: common[name] for name in _VALIDATION if name in common}
    default: Json = combined.get("defaultValidationContext", {})
    return {"validationContext": {**default, "trustedCa": _authorities(secret["name"], options)}}


def _fetched(secret: Json, options: Options) -> bool:
    """True for what Istio's agent serves beside the Envoy of Istio's own build."""
    return options.flavour is Flavour.ISTIO and secret["name"] in (WORKLOAD_CERTIFICATE, WORKLOAD_AUTHORITIES)


def _certificate(name: str, options: Options) -> Json:
    """A TlsCertificate."""
    kind, _, rest = name.partition(":")
    if name == WORKLOAD_CERTIFICATE and options.workload_certificates:
        return _files(f"{options.workload_certificates}/cert-chain.pem", f"{options.workload_certificates}/key.pem")
    if kind == "file-cert":
        return _files(*rest.split("~", 1))
    found = _credential(name, options)
    if not (found.certificate and found.private_key):
        raise MissingSecret(name)
    return {
        "certificateChain": {"inlineString": found.certificate},
        "privateKey": {"inlineString": found.private_key},
    }


def _files(certificate: str, private_key: str) -> Json:
    return {"certificateChain": {"filename": certificate}, "privateKey": {"filename": private_key}}


def _authorities(name: str, options: Options) -> Json:
    """The DataSource of the authorities to trust."""
    kind, _, rest = name.partition(":")
    if name == WORKLOAD_AUTHORITIES and options.workload_certificates:
        return {"filename": f"{options.workload_certificates}/root-cert.pem"}
    if kind == "file-root":
        return {"filename": SYSTEM_AUTHORITIES if rest == "system" else rest}
    if authorities := _credential(name, options).authorities:
        return {"inlineString": authorities}
    # A Secret for the authorities alone goes before the one that holds the certificate too.
    if authorities := _credential(name.removesuffix("-cacert"), options).authorities:
        return {"inlineString": authorities}
    raise MissingSecret(name)


def _credential(name: str, options: Options) -> Credential:
    """The Secret that `kubernetes://NAME`, or `kubernetes-gateway://NAMESPACE/NAME`, stands for."""
    _, _, path = name.partition("://")
    key = path if "/" in path else f"{options.namespace}/{path}"
    return options.credentials.get(key, Credential())
