"""TLS of outbound clusters. Follows istiod's `cluster_tls.go`."""

from typing import Self

from msgspec import Struct
from msgspec.structs import replace

from meshcompile.models.base import placed
from meshcompile.models.mesh.mesh_config import MeshConfig, TLSConfig
from meshcompile.models.networking.destination_rule import ClientTLSMode, ClientTLSSettings
from meshcompile.resolve.clusters.ir import (
    PLAIN_TEXT,
    Discovery,
    HttpOptions,
    Security,
    Tunnelled,
    UpstreamProtocol,
    UpstreamTls,
)
from meshcompile.resolve.scope.clients import ClientCertificates, ClientKey
from meshcompile.resolve.scope.traffic_policy import EffectivePolicy
from meshcompile.resolve.security.downstream_tls import (
    OF_MESH_ROOTS,
    OF_WORKLOAD,
    SDS_CLUSTER,
    SDS_FILES_CLUSTER,
    Secret,
    credential,
)
from meshcompile.snapshot.authentication import MutualTlsMode
from meshcompile.values.credentials import AUTHORITIES, CONFIG_MAP

H2_ALPN = ("h2",)
MESH_ALPN = ("istio-peer-exchange", "istio")
_FROM_RULE = frozenset({ClientTLSMode.SIMPLE, ClientTLSMode.MUTUAL})


class TlsPeer(Struct, frozen=True):
    """The server side of a cluster, as far as TLS is concerned.

    `mode` is the assumed mutual TLS mode of the service, None outside the mesh. `sni` is the name that Istio mutual TLS
    uses. `is_external_registry` marks ServiceEntries.
    """

    cluster_name: str
    discovery: Discovery
    mode: MutualTlsMode | None
    sni: str
    service_accounts: tuple[str, ...]
    mesh_external: bool
    is_external_registry: bool
    by_host: bool  # DYNAMIC_FORWARD_PROXY
    over_hbone: bool  # the client opens tunnels to endpoints that accept them
    needs_sni: bool = False  # DYNAMIC_FORWARD_PROXY in releases that do not expect an SNI of the rule

    def tunnelled(self, content: Tunnelled) -> Tunnelled:
        """What goes through tunnels. ORIGINAL_DST clusters with TLS cannot tell endpoints apart."""
        usable = self.over_hbone and self.discovery is not Discovery.ORIGINAL_DST
        return content if usable else Tunnelled.NOTHING


class ClusterTls(Struct, frozen=True):
    """The security of a cluster, and the HTTP options that follow from it."""

    security: Security
    http: HttpOptions | None
    insecure_host_options: bool = False

    @classmethod
    def plain(cls, http: HttpOptions | None, tunnelled: Tunnelled = Tunnelled.NOTHING) -> Self:
        """Plain text, without TLS."""
        return cls(PLAIN_TEXT if tunnelled is Tunnelled.NOTHING else Security(tunnelled=tunnelled), http)


def cluster_tls(
    server: TlsPeer,
    policy: EffectivePolicy,
    http: HttpOptions | None,
    mesh: MeshConfig,
    client: ClientKey,
    rule_selects_workloads: bool,
) -> ClusterTls:
    """How a client secures its connections: as the rule says, or with mutual TLS when the server accepts it."""
    if policy.tls is None:
        secured = _automatic(server, http, mesh, client)
    else:
        secured = _as_written(server, policy.tls, http, mesh, client, rule_selects_workloads)
    header = policy.proxy_protocol
    return secured if header is None else replace(secured, security=replace(secured.security, proxy_protocol=header))


def _automatic(server: TlsPeer, http: HttpOptions | None, mesh: MeshConfig, client: ClientKey) -> ClusterTls:
    """Automatic mutual TLS, to each endpoint that accepts it."""
    off = mesh.enable_auto_mtls is False or server.mesh_external
    if off or server.mode is None or server.mode is MutualTlsMode.DISABLE:
        return ClusterTls.plain(http, Tunnelled.PLAIN_TEXT if server.over_hbone else Tunnelled.NOTHING)
    if client.certificates is not None:
        return tls_by_rule(
            server, _from_files(client.certificates, server.service_accounts, server.sni), http, mesh, client
        )
    # ORIGINAL_DST clusters cannot tell endpoints apart, so TLS applies to all of them or to none.
    partial = server.discovery is not Discovery.ORIGINAL_DST
    security = Security(
        _mesh_tls(server, server.sni, server.service_accounts, http),
        only_where_possible=partial,
        tunnelled=server.tunnelled(Tunnelled.PLAIN_TEXT),
    )
    secured = ClusterTls(security, http)
    return (
        _with_automatic_names(secured, ClientTLSSettings(sni=server.sni), by_host=True) if server.by_host else secured
    )


def _as_written(
    server: TlsPeer,
    tls: ClientTLSSettings,
    http: HttpOptions | None,
    mesh: MeshConfig,
    client: ClientKey,
    rule_selects_workloads: bool,
) -> ClusterTls:
    """TLS as the rule configures it.

    The proxy's own certificate files replace the certificates of mutual TLS inside the mesh.
    """
    if tls.mode is ClientTLSMode.DISABLE:
        return ClusterTls.plain(http, server.tunnelled(Tunnelled.PLAIN_TEXT))
    if client.certificates is not None and tls.mode is not ClientTLSMode.SIMPLE and not server.mesh_external:
        written = tls.origin
        skip_verify = None if client.certificates.always_verify else tls.insecure_skip_verify
        tls = _from_files(client.certificates, tls.subject_alt_names, tls.sni, skip_verify)
        tls = placed(tls, written)
    if _is_refused(tls, client, rule_selects_workloads):
        return ClusterTls.plain(http, server.tunnelled(Tunnelled.PLAIN_TEXT))
    if tls.mode is not ClientTLSMode.ISTIO_MUTUAL:
        return tls_by_rule(server, tls, http, mesh, client)
    names = tls.subject_alt_names or server.service_accounts
    mesh_tls = replace(_mesh_tls(server, tls.sni or server.sni, names, http), origin=tls.origin)
    secured = ClusterTls(Security(mesh_tls, tunnelled=server.tunnelled(Tunnelled.PLAIN_TEXT)), http)
    return _with_automatic_names(secured, tls, by_host=True) if server.by_host else secured


def tls_by_rule(
    server: TlsPeer, tls: ClientTLSSettings, http: HttpOptions | None, mesh: MeshConfig, client: ClientKey
) -> ClusterTls:
    """TLS as a rule configures it, in SIMPLE or MUTUAL mode."""
    originated = _originated(server, tls, http, mesh, client)
    content = Tunnelled.NOTHING if originated is None else Tunnelled.TLS
    security = Security(originated, tunnelled=server.tunnelled(content))
    named = _with_automatic_names(ClusterTls(security, http), tls, by_host=server.by_host)
    return replace(named, insecure_host_options=False) if server.needs_sni and not tls.insecure_skip_verify else named


def _from_files(
    files: ClientCertificates, names: tuple[str, ...], sni: str, skip_verify: bool | None = None
) -> ClientTLSSettings:
    return ClientTLSSettings(
        mode=ClientTLSMode.MUTUAL,
        client_certificate=files.chain,
        private_key=files.key,
        ca_certificates=files.roots,
        subject_alt_names=names,
        sni=sni,
        insecure_skip_verify=skip_verify,
    )


def _is_refused(tls: ClientTLSSettings, client: ClientKey, rule_selects_workloads: bool) -> bool:
    """True for a Secret that not every sidecar may read.

    Only rules with a workload selector may name one.
    """
    return (
        client.is_sidecar
        and not rule_selects_workloads
        and tls.mode in _FROM_RULE
        and bool(tls.credential_name)
        and not tls.credential_name.startswith(CONFIG_MAP)
    )


def _speaks_http2(http: HttpOptions | None) -> bool:
    return http is not None and http.protocol is UpstreamProtocol.HTTP2


def _mesh_tls(server: TlsPeer, sni: str, names: tuple[str, ...], http: HttpOptions | None) -> UpstreamTls:
    return UpstreamTls(
        sni=sni or ("" if server.by_host else server.cluster_name),
        subject_alt_names=names,
        certificate=OF_WORKLOAD,
        roots=OF_MESH_ROOTS,
        alpn=MESH_ALPN + H2_ALPN if _speaks_http2(http) else MESH_ALPN,
    )


def _originated(
    server: TlsPeer, tls: ClientTLSSettings, http: HttpOptions | None, mesh: MeshConfig, client: ClientKey
) -> UpstreamTls | None:
    """TLS as a rule configures it; None for MUTUAL without a certificate."""
    settings = _without_secrets(server, tls, http, mesh.tls_defaults)
    unchecked = tls.insecure_skip_verify is True
    if tls.credential_name:
        name, has_socket = tls.credential_name, client.credential_socket
        return replace(
            settings,
            certificate=credential(name, has_socket) if tls.mode is ClientTLSMode.MUTUAL else None,
            roots=None if unchecked else credential(name + AUTHORITIES, has_socket),
        )
    if tls.mode is ClientTLSMode.MUTUAL and not (tls.client_certificate and tls.private_key):
        return None
    return replace(
        settings,
        certificate=(
            _file(f"file-cert:{tls.client_certificate}~{tls.private_key}", client)
            if tls.mode is ClientTLSMode.MUTUAL
            else None
        ),
        roots=None if unchecked else _file(f"file-root:{tls.ca_certificates or 'system'}", client),
        crl="" if unchecked else tls.ca_crl,
        empty_validation=unchecked,
    )


def _without_secrets(
    server: TlsPeer, tls: ClientTLSSettings, http: HttpOptions | None, defaults: TLSConfig | None
) -> UpstreamTls:
    names = tls.subject_alt_names
    return UpstreamTls(
        sni=tls.sni,
        subject_alt_names=server.service_accounts if server.is_external_registry and not names else names,
        alpn=H2_ALPN if _speaks_http2(http) else (),
        cipher_suites=() if defaults is None else defaults.cipher_suites,
        ecdh_curves=() if defaults is None else defaults.ecdh_curves,
        origin=tls.origin,
    )


def _file(name: str, client: ClientKey) -> Secret:
    return Secret(name, SDS_FILES_CLUSTER if client.file_credential_socket else SDS_CLUSTER)


def _with_automatic_names(secured: ClusterTls, tls: ClientTLSSettings, *, by_host: bool) -> ClusterTls:
    """TLS with the SNI of each request's host, unless the rule sets one, and a check of the certificate names.

    Clusters by host always check the names. To leave out a part of this, Envoy needs explicit consent.
    """
    unchecked = tls.insecure_skip_verify is True
    sni = not tls.sni
    names = not unchecked and (by_host or (sni and not tls.subject_alt_names))
    insecure = by_host and not (sni and names)
    if not sni and not names:
        return replace(secured, insecure_host_options=insecure)
    http = secured.http or HttpOptions(UpstreamProtocol.HTTP1)
    return replace(secured, http=replace(http, auto_sni=sni, auto_san_validation=names), insecure_host_options=insecure)
