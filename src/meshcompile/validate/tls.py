"""TLS settings of servers (Gateway, Sidecar) and of clients (DestinationRule).

Follows istiod's `validateTLSOptions` and `agent.ValidateTLS`.
"""

from meshcompile.codes import validation as codes
from meshcompile.models.networking.destination_rule import ClientTLSMode, ClientTLSSettings
from meshcompile.models.networking.gateway import ServerTLSSettings, TLSMode, TLSProtocol
from meshcompile.validate.checks import Found, exclusive, listed
from meshcompile.values.credentials import CONFIG_MAP
from meshcompile.words import words

CIPHER_SUITES = words(
    """
    ECDHE-ECDSA-AES128-GCM-SHA256 ECDHE-RSA-AES128-GCM-SHA256 ECDHE-ECDSA-AES256-GCM-SHA384
    ECDHE-RSA-AES256-GCM-SHA384 ECDHE-ECDSA-CHACHA20-POLY1305 ECDHE-RSA-CHACHA20-POLY1305 ECDHE-ECDSA-AES128-SHA
    ECDHE-RSA-AES128-SHA ECDHE-ECDSA-AES256-SHA ECDHE-RSA-AES256-SHA AES128-GCM-SHA256 AES256-GCM-SHA384 AES128-SHA
    AES256-SHA DES-CBC3-SHA
    """
)
"""Cipher suites by BoringSSL's names. Expressions that begin with a sign are accepted as they are."""

PASSES_ON = (TLSMode.PASSTHROUGH, TLSMode.AUTO_PASSTHROUGH)
VERIFIES_CLIENTS = (TLSMode.MUTUAL, TLSMode.OPTIONAL_MUTUAL)
TERMINATES = (TLSMode.SIMPLE, *VERIFIES_CLIENTS)
CREDENTIALS = {
    "server_certificate": "serverCertificate",
    "private_key": "privateKey",
    "ca_certificates": "caCertificates",
    "tls_certificates": "tlsCertificates",
    "credential_name": "credentialName",
    "credential_names": "credentialNames",
}
"""The fields that provide the certificates of a server, and their JSON names."""


def server(tls: ServerTLSSettings) -> Found:
    """Findings about how a server terminates TLS, for any protocol."""
    yield from exclusive(tls, "tls_certificates", "credential_names")
    yield from exclusive(tls, "credential_name", "credential_names")
    yield from _ciphers(tls)
    if tls.mode is TLSMode.ISTIO_MUTUAL:
        yield from _own_certificates(tls)
        return
    if tls.mode in PASSES_ON and (tls.ca_crl or _given(tls)):
        yield codes.TLS_IGNORED(tls, problem=f"mode {tls.mode} does not use certificates")
    yield from _certificate_sources(tls)
    if tls.mode in TERMINATES and (tls.credential_name or tls.credential_names):
        return
    if tls.mode in TERMINATES:
        yield from _certificate_files(tls)
    if tls.ca_crl and tls.credential_name:
        yield codes.TLS_CREDENTIALS(
            tls.at("ca_crl"),
            problem="with `credentialName`, the revocation list comes from the Secret, not from `caCrl`",
        )
    if tls.ca_crl and tls.mode is TLSMode.SIMPLE:
        yield codes.TLS_CREDENTIALS(tls.at("ca_crl"), problem="`caCrl` has no effect in mode SIMPLE")


def _ciphers(tls: ServerTLSSettings) -> Found:
    if tls.min_protocol_version in (TLSProtocol.TLSV1_0, TLSProtocol.TLSV1_1) and not tls.cipher_suites:
        problem = "TLS below 1.2 needs `cipherSuites`, because the default suites do not support it"
        yield codes.TLS_IGNORED(tls.at("min_protocol_version"), problem=problem)
    unknown = sorted({suite for suite in tls.cipher_suites if not _is_cipher_suite(suite)})
    if unknown:
        problem = f"Envoy does not have the cipher suites {listed(unknown)}"
        yield codes.TLS_IGNORED(tls.at("cipher_suites"), problem=problem)
    known = [suite for suite in tls.cipher_suites if suite not in unknown]
    if repeated := sorted({suite for suite in known if known.count(suite) > 1}):
        problem = f"cipher suites appear twice: {listed(repeated)}"
        yield codes.TLS_IGNORED(tls.at("cipher_suites"), problem=problem)


def _is_cipher_suite(suite: str) -> bool:
    return suite in ("", "ALL") or suite in CIPHER_SUITES or not _is_go_alphanumeric(suite)


def _is_go_alphanumeric(suite: str) -> bool:
    """Whether the first byte, read as a character, is a letter or a digit."""
    first = chr(suite.encode()[0])
    return first.isalpha() or first.isnumeric()


def _own_certificates(tls: ServerTLSSettings) -> Found:
    for field, name in CREDENTIALS.items():
        if getattr(tls, field):
            problem = f"mode ISTIO_MUTUAL uses Istio's certificates, so `{name}` cannot be set"
            yield codes.TLS_CREDENTIALS(tls.at(field), problem=problem)


def _given(tls: ServerTLSSettings) -> bool:
    return any(getattr(tls, field) for field in CREDENTIALS)


def _certificate_sources(tls: ServerTLSSettings) -> Found:
    files = tls.server_certificate and tls.private_key
    if sum(map(bool, (files, tls.credential_name, tls.credential_names, tls.tls_certificates))) > 1:
        problem = (
            "only one of `credentialName`, `credentialNames`, `tlsCertificates` and `serverCertificate` with "
            "`privateKey` can be set"
        )
        yield codes.TLS_CREDENTIALS(tls, problem=problem)


def _certificate_files(tls: ServerTLSSettings) -> Found:
    if tls.mode in VERIFIES_CLIENTS and not tls.ca_certificates:
        problem = f"mode {tls.mode} needs `caCertificates` to verify clients, or a `credentialName`"
        yield codes.TLS_CREDENTIALS(tls, problem=problem)
    for certificate in tls.tls_certificates or (tls,):
        for field, name in (("server_certificate", "serverCertificate"), ("private_key", "privateKey")):
            if not getattr(certificate, field):
                problem = f"mode {tls.mode} needs a `{name}`, or a `credentialName`"
                yield codes.TLS_CREDENTIALS(certificate, problem=problem)


def client(tls: ClientTLSSettings, namespace: str) -> Found:
    """Findings about how a client originates TLS, in a rule of `namespace`."""
    if tls.credential_name.startswith(CONFIG_MAP) and (problem := _config_map_problem(tls, namespace)):
        yield codes.TLS_CREDENTIALS(tls.at("credential_name"), problem=problem)
    if tls.insecure_skip_verify:
        yield from _useless_authorities(tls)
    if tls.mode not in (ClientTLSMode.SIMPLE, ClientTLSMode.MUTUAL):
        return
    if tls.credential_name:
        if tls.client_certificate or tls.ca_certificates or tls.private_key or tls.ca_crl:
            problem = "`credentialName` excludes certificates, keys and revocation lists in files"
            yield codes.TLS_CREDENTIALS(tls.at("credential_name"), problem=problem)
    elif tls.mode is ClientTLSMode.MUTUAL:
        for field, name in (("client_certificate", "clientCertificate"), ("private_key", "privateKey")):
            if not getattr(tls, field):
                yield codes.TLS_CREDENTIALS(tls, problem=f"mode MUTUAL needs a `{name}`, or a `credentialName`")


def _config_map_problem(tls: ClientTLSSettings, namespace: str) -> str | None:
    parts = tls.credential_name.removeprefix(CONFIG_MAP).split("/")
    if len(parts) < 2 or not parts[0] or not parts[1]:
        return "a ConfigMap reference is `configmap://NAMESPACE/NAME`"
    return None if parts[0] == namespace else f"the ConfigMap must be in the rule's own namespace, `{namespace}`"


def _useless_authorities(tls: ClientTLSSettings) -> Found:
    """Settings that verify the server although `insecureSkipVerify` disables verification."""
    fields = {"ca_certificates": "caCertificates", "subject_alt_names": "subjectAltNames"}
    if tls.mode is ClientTLSMode.SIMPLE:
        fields["credential_name"] = "credentialName"
    elif tls.mode is not ClientTLSMode.MUTUAL:
        return
    for field, name in fields.items():
        if getattr(tls, field):
            problem = f"`{name}` has no effect, because `insecureSkipVerify` disables verification"
            yield codes.TLS_CREDENTIALS(tls.at(field), problem=problem)
