"""TLS that the servers of a gateway terminate. Follows istiod's `BuildListenerTLSContext`."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from msgspec import Struct

from meshcompile.models.mesh.extension_providers import SDSProvider
from meshcompile.models.mesh.mesh_config import TLSConfig
from meshcompile.models.mesh.mesh_config import TLSProtocol as MeshTLSProtocol
from meshcompile.proxy import Proxy
from meshcompile.resolve.gateways.server import CertificateFiles, GatewayServer, ServerTls
from meshcompile.resolve.security.downstream_tls import (
    EXTERNAL_SDS_CLUSTER,
    HTTP_ALPN,
    MESH_TCP_ALPN,
    NO_SECRET,
    OF_MESH_ROOTS,
    OF_WORKLOAD,
    ClientValidation,
    DownstreamTls,
    ProxySecrets,
    Secret,
    credential,
    proxy_secrets,
    resource_name,
)
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.values.credentials import AUTHORITIES, EXTERNAL
from meshcompile.values.names import outbound

# The suites that Envoy's BoringSSL supports. Envoy rejects a listener with any other suite.
CIPHER_SUITES = frozenset(
    {
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "ECDHE-RSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-RSA-AES256-GCM-SHA384",
        "ECDHE-ECDSA-CHACHA20-POLY1305",
        "ECDHE-RSA-CHACHA20-POLY1305",
        "ECDHE-ECDSA-AES128-SHA",
        "ECDHE-RSA-AES128-SHA",
        "ECDHE-ECDSA-AES256-SHA",
        "ECDHE-RSA-AES256-SHA",
        "AES128-GCM-SHA256",
        "AES256-GCM-SHA384",
        "AES128-SHA",
        "AES256-SHA",
        "DES-CBC3-SHA",
        "",
        "ALL",
    }
)


class GatewaySecrets(Struct, frozen=True):
    """The sources of a gateway's secrets.

    `provider` is the cluster of the SDS server that the mesh config sets for `sds://` credentials. It is "" without a
    server, and None unless the server is exactly one known service. `authority` is the host that requests to it name;
    "" in releases that name none. In releases that find the server by the name in the credential, `named` are the
    clusters of all SDS servers by their names; it is None in others.
    """

    proxy: ProxySecrets
    provider: str | None
    authority: str = ""
    named: Mapping[str, str | None] | None = None


def gateway_secrets(snapshot: Snapshot, proxy: Proxy) -> GatewaySecrets:
    """The sources of the secrets of a gateway."""
    provider = _provider_cluster(snapshot)
    authority = provider.rpartition("|")[2] if provider and snapshot.behaviour.sds_authority else ""
    named = None if snapshot.behaviour.sds_credential_names else dict(_clusters_of_providers(snapshot))
    return GatewaySecrets(proxy_secrets(proxy), provider, authority, named)


def server_tls(server: GatewayServer, defaults: TLSConfig | None, secrets: GatewaySecrets) -> DownstreamTls | None:
    """The TLS of a server, with the mesh's defaults; None for a server without TLS or with passthrough."""
    tls = server.tls
    if tls is None or tls.passes_through:
        return None
    limits = TLSConfig() if tls.is_mesh or defaults is None else defaults
    return DownstreamTls(
        alpn=MESH_TCP_ALPN if tls.is_mesh and not server.is_http else HTTP_ALPN,
        certificates=tuple(_certificates(secrets, tls)),
        require_client_certificate=tls.requires_client_certificate,
        validation=_validation(secrets, tls),
        minimum_version=("" if tls.is_mesh else tls.minimum_version) or _minimum_version(limits),
        maximum_version="" if tls.is_mesh else tls.maximum_version,
        cipher_suites=(() if tls.is_mesh else cipher_suites(tls.cipher_suites)) or limits.cipher_suites,
        ecdh_curves=limits.ecdh_curves,
        origin=tls.origin,
    )


def cipher_suites(names: tuple[str, ...]) -> tuple[str, ...]:
    """The cipher suites that Envoy supports, without duplicates. Expressions such as `-ALL` and `[A|B]` are kept."""
    known = (name for name in names if name in CIPHER_SUITES or not (name[0].isalpha() or name[0].isnumeric()))
    return tuple(dict.fromkeys(known))


def _minimum_version(limits: TLSConfig) -> str:
    """The minimum version of the mesh config, which supports only 1.2 and 1.3."""
    if limits.min_protocol_version is MeshTLSProtocol.TLS_AUTO:
        return ""
    return "TLSV1_3" if limits.min_protocol_version is MeshTLSProtocol.TLSV1_3 else "TLSV1_2"


# ---- certificates


def _certificates(secrets: GatewaySecrets, tls: ServerTls) -> Iterator[Secret]:
    """The server's certificates: the mesh's own, those of credentials, or files of the proxy."""
    if tls.is_mesh:
        yield secrets.proxy.certificate
    elif tls.credentials:
        yield from (_credential(secrets, name) for name in tls.credentials)
    else:
        for files in tls.files:
            yield replace(_key_pair(secrets, files), origin=files.origin)


def _key_pair(secrets: GatewaySecrets, files: CertificateFiles) -> Secret:
    if not (files.chain and files.key):
        return OF_WORKLOAD
    return secrets.proxy.file(f"file-cert:{files.chain}~{files.key}")


def _credential(secrets: GatewaySecrets, name: str) -> Secret:
    """The secret with a credential name; NO_SECRET if the name is empty."""
    if not name:
        return NO_SECRET
    if secrets.named is not None and name.startswith(EXTERNAL):
        return _credential_of_provider(name, secrets.named, secrets.proxy.credential_socket)
    secret = credential(name, secrets.proxy.credential_socket, secrets.provider)
    is_provided = bool(secrets.provider) and secret.cluster == secrets.provider
    return replace(secret, authority=secrets.authority) if is_provided else secret


def _credential_of_provider(name: str, named: Mapping[str, str | None], has_socket: bool) -> Secret:
    """The secret of the SDS server that a credential names, with the whole name, else that of the proxy's machine or of
    the control plane.
    """
    provider = name.removeprefix(EXTERNAL)
    if provider in named:
        cluster = named[provider]
        return NO_SECRET if cluster is None else Secret(name, cluster)
    return Secret(name, EXTERNAL_SDS_CLUSTER) if has_socket else Secret(resource_name(name), cluster="")


def _clusters_of_providers(snapshot: Snapshot) -> Iterator[tuple[str, str | None]]:
    """The cluster of each SDS provider by its name; the last is the first in the mesh config."""
    for each in reversed(snapshot.mesh.extension_providers):
        if each.sds is not None:
            yield each.sds.name, _cluster_of(snapshot, each.sds)


def _provider_cluster(snapshot: Snapshot) -> str | None:
    """The cluster of the first SDS provider, a `host` or `namespace/host`.

    It is None unless the provider is exactly one service.
    """
    provider = next((each.sds for each in snapshot.mesh.extension_providers if each.sds is not None), None)
    return "" if provider is None else _cluster_of(snapshot, provider)


def _cluster_of(snapshot: Snapshot, provider: SDSProvider) -> str | None:
    """The cluster of a provider; None unless it is exactly one service."""
    namespace, slash, host = provider.service.rpartition("/")
    known = snapshot.services.by_hostname.get(host, {})
    service = known.get(namespace) if slash else next(iter(known.values())) if len(known) == 1 else None
    return None if service is None else outbound(provider.port, "", service.hostname)


# ---- checks of client certificates


def _validation(secrets: GatewaySecrets, tls: ServerTls) -> ClientValidation | None:
    checks, is_checked = tls.client, tls.checks_client_certificate
    by_credential = bool(tls.credentials) and not tls.is_mesh
    if by_credential and is_checked:
        return ClientValidation(
            roots=_credential(secrets, _authorities(tls)),
            san_exact=checks.subject_alt_names,
            spki_hashes=checks.spki_hashes,
            certificate_hashes=checks.certificate_hashes,
            accepts_any=checks.accepts_any,
        )
    if by_credential:
        return ClientValidation(roots=None, san_exact=checks.subject_alt_names) if checks.subject_alt_names else None
    if not is_checked:
        return None
    roots = secrets.proxy.roots if tls.is_mesh else _roots_file(secrets, checks.authorities_file)
    return ClientValidation(
        roots=roots,
        san_exact=checks.subject_alt_names,
        crl=checks.revocation_file,
        accepts_any=checks.accepts_any,
    )


def _roots_file(secrets: GatewaySecrets, path: str) -> Secret:
    return secrets.proxy.file(f"file-root:{path}") if path else OF_MESH_ROOTS


def _authorities(tls: ServerTls) -> str:
    """The credential with the certificate authorities of clients."""
    return tls.client.authorities_credential or tls.credentials[0] + AUTHORITIES
