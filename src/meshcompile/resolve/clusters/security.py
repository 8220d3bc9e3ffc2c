"""TLS of outbound clusters. Follows istiod's `cluster_tls.go`."""

from dataclasses import dataclass, replace
from typing import Self

from meshcompile.models.mesh.mesh_config import MeshConfig
from meshcompile.models.networking.destination_rule import ClientTLSMode, ClientTLSSettings
from meshcompile.resolve.clients import Client
from meshcompile.resolve.clusters.pieces import (
    PLAIN_TEXT,
    Discovery,
    HttpOptions,
    Security,
    UpstreamProtocol,
    UpstreamTls,
)
from meshcompile.resolve.downstream_tls import (
    MESH_ROOTS,
    SDS_CLUSTER,
    SDS_FILES_CLUSTER,
    WORKLOAD_CERTIFICATE,
    Secret,
)
from meshcompile.resolve.traffic_policy import Policy
from meshcompile.snapshot.authentication import MutualTlsMode

EXTERNAL_SDS_CLUSTER = "sds-external"
H2_ALPN = ("h2",)
MESH_ALPN = ("istio-peer-exchange", "istio")
CONFIG_MAP = "configmap://"
# What a credentialName may start with to say what it is; any other names a Kubernetes Secret.
_TYPED_CREDENTIALS = (CONFIG_MAP, "kubernetes://", "kubernetes-gateway://")
_FROM_RULE = frozenset({ClientTLSMode.SIMPLE, ClientTLSMode.MUTUAL})


@dataclass(frozen=True, slots=True)
class Server:
    """Who a cluster's connections go to, as far as TLS is concerned.

    `mode` is what the service is assumed to take, None for one outside of the mesh. `sni` is the one that mutual TLS
    of the mesh uses. `is_external_registry` marks ServiceEntries.
    """

    cluster_name: str
    discovery: Discovery
    mode: MutualTlsMode | None
    sni: str
    service_accounts: tuple[str, ...]
    mesh_external: bool
    is_external_registry: bool
    by_host: bool  # DYNAMIC_FORWARD_PROXY


@dataclass(frozen=True, slots=True)
class Secured:
    """The security of a cluster, and what it makes of the cluster's HTTP options."""

    security: Security
    http: HttpOptions | None
    insecure_host_options: bool = False

    @classmethod
    def plain(cls, http: HttpOptions | None) -> Self:
        """Plain text."""
        return cls(PLAIN_TEXT, http)


def secured(
    server: Server,
    policy: Policy,
    http: HttpOptions | None,
    mesh: MeshConfig,
    client: Client,
    rule_selects_workloads: bool,
) -> Secured:
    """How a client secures its connections: as the rule says, else mutual TLS where the server takes it."""
    wanted = _wanted(server, policy.tls, mesh, client)
    found = _secured(server, wanted, http, mesh, client, rule_selects_workloads)
    version = None if policy.proxy_protocol is None else policy.proxy_protocol.version
    return replace(found, security=replace(found.security, proxy_protocol=version)) if version else found


@dataclass(frozen=True, slots=True)
class Wanted:
    """TLS settings completed; `automatic` ones were chosen by Istio, and not for endpoints that cannot."""

    settings: ClientTLSSettings | None
    automatic: bool = False


def _wanted(server: Server, tls: ClientTLSSettings | None, mesh: MeshConfig, client: Client) -> Wanted:
    if tls is None:
        off = mesh.enable_auto_mtls is False or server.mesh_external
        if off or server.mode is None or server.mode is MutualTlsMode.DISABLE:
            return Wanted(None)
        return Wanted(_mutual(client, server.service_accounts, server.sni, None), automatic=True)
    if tls.mode in (ClientTLSMode.DISABLE, ClientTLSMode.SIMPLE):
        return Wanted(tls)
    if client.certificates is not None:
        if server.mesh_external:
            return Wanted(tls)
        return Wanted(_mutual(client, tls.subject_alt_names, tls.sni, tls.insecure_skip_verify))
    if tls.mode is ClientTLSMode.MUTUAL:
        return Wanted(tls)
    names = tls.subject_alt_names or server.service_accounts
    return Wanted(_mutual(client, names, tls.sni or server.sni, tls.insecure_skip_verify))


def _mutual(client: Client, names: tuple[str, ...], sni: str, skip_verify: bool | None) -> ClientTLSSettings:
    """Mutual TLS with the certificate of the mesh, or with the files that the proxy's metadata name."""
    files = client.certificates
    return ClientTLSSettings(
        mode=ClientTLSMode.ISTIO_MUTUAL if files is None else ClientTLSMode.MUTUAL,
        client_certificate="" if files is None else files.chain,
        private_key="" if files is None else files.key,
        ca_certificates="" if files is None else files.roots,
        subject_alt_names=names,
        sni=sni,
        insecure_skip_verify=skip_verify,
    )


def _secured(
    server: Server,
    wanted: Wanted,
    http: HttpOptions | None,
    mesh: MeshConfig,
    client: Client,
    rule_selects_workloads: bool,
) -> Secured:
    tls = wanted.settings
    if tls is None or tls.mode is ClientTLSMode.DISABLE or _is_refused(tls, client, rule_selects_workloads):
        return Secured(PLAIN_TEXT, http)
    if tls.mode is ClientTLSMode.ISTIO_MUTUAL:
        # Clusters that go where the client meant cannot tell endpoints apart: they are all or nothing.
        partial = wanted.automatic and server.discovery is not Discovery.ORIGINAL_DST
        security = Security(_mesh_tls(server, tls, http), only_where_possible=partial)
        return (
            _with_automatic_names(Secured(security, http), server, tls) if server.by_host else Secured(security, http)
        )
    return _with_automatic_names(Secured(Security(_originated(server, tls, http, mesh, client)), http), server, tls)


def _is_refused(tls: ClientTLSSettings, client: Client, rule_selects_workloads: bool) -> bool:
    """True for a Secret that not every sidecar may read: only rules that select workloads may name one."""
    return (
        client.is_sidecar
        and not rule_selects_workloads
        and tls.mode in _FROM_RULE
        and bool(tls.credential_name)
        and not tls.credential_name.startswith(CONFIG_MAP)
    )


def _speaks_http2(http: HttpOptions | None) -> bool:
    return http is not None and http.protocol is UpstreamProtocol.HTTP2


def _mesh_tls(server: Server, tls: ClientTLSSettings, http: HttpOptions | None) -> UpstreamTls:
    return UpstreamTls(
        sni=tls.sni or ("" if server.by_host else server.cluster_name),
        subject_alt_names=tls.subject_alt_names,
        certificate=Secret(WORKLOAD_CERTIFICATE),
        roots=Secret(MESH_ROOTS),
        alpn=MESH_ALPN + H2_ALPN if _speaks_http2(http) else MESH_ALPN,
    )


def _originated(
    server: Server, tls: ClientTLSSettings, http: HttpOptions | None, mesh: MeshConfig, client: Client
) -> UpstreamTls | None:
    """TLS as a rule asks for it; None for mutual TLS that lacks its certificate."""
    names = tls.subject_alt_names
    if server.is_external_registry and not names:
        names = server.service_accounts
    defaults = mesh.tls_defaults
    settings = UpstreamTls(
        sni=tls.sni,
        subject_alt_names=names,
        alpn=H2_ALPN if _speaks_http2(http) else (),
        cipher_suites=defaults.cipher_suites if defaults is not None else (),
        ecdh_curves=defaults.ecdh_curves if defaults is not None else (),
    )
    unchecked = tls.insecure_skip_verify is True
    if tls.credential_name:
        return replace(
            settings,
            certificate=_credential(tls.credential_name, client) if tls.mode is ClientTLSMode.MUTUAL else None,
            roots=None if unchecked else _credential(tls.credential_name + "-cacert", client),
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


def _file(name: str, client: Client) -> Secret:
    return Secret(name, SDS_FILES_CLUSTER if client.file_credential_socket else SDS_CLUSTER)


def _credential(name: str, client: Client) -> Secret:
    """A credential by name: from the workload itself, an external server, or the control plane."""
    if name == "builtin://":
        return Secret(WORKLOAD_CERTIFICATE)
    if name == "builtin://-cacert":
        return Secret(MESH_ROOTS)
    if name.startswith("sds://"):
        if client.credential_socket:
            return Secret(name, EXTERNAL_SDS_CLUSTER)
        name = name.removeprefix("sds://")
    if name.startswith("builtin://"):
        return Secret(WORKLOAD_CERTIFICATE, "")
    if name.startswith("invalid://"):
        return Secret("invalid://", "")
    return Secret(name if name.startswith(_TYPED_CREDENTIALS) else f"kubernetes://{name}", "")


def _with_automatic_names(found: Secured, server: Server, tls: ClientTLSSettings) -> Secured:
    """The SNI from each request's host unless the rule sets one, and the certificate's names checked against it.

    For clusters by host the names are always checked; leaving anything of this out needs Envoy's explicit consent.
    """
    unchecked = tls.insecure_skip_verify is True
    sni = not tls.sni
    names = not unchecked and (server.by_host or (sni and not tls.subject_alt_names))
    insecure = server.by_host and (unchecked or not sni or not names)
    if not sni and not names:
        return replace(found, insecure_host_options=insecure)
    http = found.http or HttpOptions(UpstreamProtocol.HTTP1)
    return replace(found, http=replace(http, auto_sni=sni, auto_san_validation=names), insecure_host_options=insecure)
