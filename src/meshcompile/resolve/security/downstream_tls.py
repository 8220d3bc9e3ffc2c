"""TLS of the filter chains of listeners.

Sidecars follow istiod's `authn_utils.BuildInboundTLS`. Gateways build the same value from the settings of their
servers.
"""

from dataclasses import dataclass, field

import msgspec

from meshcompile.documents import NOWHERE, Origin
from meshcompile.models.mesh.mesh_config import MeshConfig, TLSProtocol
from meshcompile.proxy import Proxy
from meshcompile.values.credentials import AUTHORITIES, BUILTIN, EXTERNAL, INVALID, KUBERNETES, TYPED

HTTP_ALPN = ("h2", "http/1.1")
MESH_TCP_ALPN = ("istio-peer-exchange", *HTTP_ALPN)
# The agent serves the workload's certificate and the mesh's roots under these names.
WORKLOAD_CERTIFICATE = "default"
MESH_ROOTS = "ROOTCA"
SDS_CLUSTER = "sds-grpc"
SDS_FILES_CLUSTER = "sds-files-grpc"
# A local SDS server for `sds://` credentials. The node metadata announce it.
EXTERNAL_SDS_CLUSTER = "sds-external"

MESH_CIPHERS = (
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "AES256-GCM-SHA384",
    "AES128-GCM-SHA256",
)


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret by name.

    It comes from the SDS server in `cluster`, or over ADS from the control plane when `cluster` is "". Requests to the
    server name the host `authority`, if it is set.
    """

    name: str
    cluster: str = SDS_CLUSTER
    authority: str = ""
    origin: Origin = field(default=NOWHERE, compare=False, repr=False)

    @property
    def is_preconfigured(self) -> bool:
        """True for the workload's own secrets. A listener waits for them without a time limit."""
        return self.cluster == SDS_CLUSTER and self.name in (WORKLOAD_CERTIFICATE, MESH_ROOTS)


# The secrets of most clusters and listeners.
OF_WORKLOAD, OF_MESH_ROOTS = Secret(WORKLOAD_CERTIFICATE), Secret(MESH_ROOTS)
# istiod sends an empty message when it does not know the source of the secret.
NO_SECRET = Secret("", cluster="")


class ClientValidation(msgspec.Struct, frozen=True):
    """How Envoy verifies a client's certificate. `roots` is None when no authority is configured.

    With `accepts_any`, it accepts a certificate that it cannot verify.
    """

    roots: Secret | None
    san_exact: tuple[str, ...] = ()
    san_prefixes: tuple[str, ...] = ()
    spki_hashes: tuple[str, ...] = ()
    certificate_hashes: tuple[str, ...] = ()
    crl: str = ""
    accepts_any: bool = False


class DownstreamTls(msgspec.Struct, frozen=True):
    """TLS that a chain terminates.

    Versions are names of TLSProtocol (`TLSV1_2`), "" for Envoy's default.
    """

    alpn: tuple[str, ...]
    certificates: tuple[Secret, ...]
    require_client_certificate: bool
    validation: ClientValidation | None = None
    minimum_version: str = ""
    maximum_version: str = ""
    cipher_suites: tuple[str, ...] = ()
    ecdh_curves: tuple[str, ...] = ()
    origin: Origin = NOWHERE


class ProxySecrets(msgspec.Struct, frozen=True):
    """The sources of a proxy's secrets, from its node metadata.

    `certificate` and `roots` are the workload's own, from files or from the agent. `files` is the cluster of the SDS
    server for secrets in files. `credential_socket` means that another SDS server on the proxy's machine has
    credentials.
    """

    certificate: Secret
    roots: Secret
    files: str
    credential_socket: bool

    def file(self, name: str) -> Secret:
        """A secret that is in files."""
        return Secret(name, self.files)


def resource_name(name: str) -> str:
    """The name of a credential in the control plane."""
    if name.startswith(BUILTIN):
        return WORKLOAD_CERTIFICATE
    if name.startswith(INVALID):
        return INVALID
    return name if name.startswith(TYPED) else KUBERNETES + name


def credential(name: str, has_socket: bool, provider: str | None = "") -> Secret:
    """The secret with a credential name, from the workload itself, an SDS server or the control plane.

    `has_socket` means that an SDS server on the proxy's machine has the `sds://` credentials. Else they come from the
    SDS server of the cluster `provider`, or from the control plane if it is "". It is NO_SECRET if `provider` is None.
    """
    if name == BUILTIN:
        return OF_WORKLOAD
    if name == BUILTIN + AUTHORITIES:
        return OF_MESH_ROOTS
    if not name.startswith(EXTERNAL):
        return Secret(resource_name(name), cluster="")
    if has_socket:
        return Secret(name, EXTERNAL_SDS_CLUSTER)
    if provider is None:
        return NO_SECRET
    own_name = name.removeprefix(EXTERNAL)
    return Secret(own_name, provider) if provider else Secret(resource_name(own_name), cluster="")


def proxy_secrets(proxy: Proxy) -> ProxySecrets:
    """The sources of the secrets of a proxy."""
    metadata = proxy.node_metadata
    chain, key, root = metadata.tls_server_cert_chain, metadata.tls_server_key, metadata.tls_server_root_cert
    files = SDS_FILES_CLUSTER if metadata.has_file_credential_socket else SDS_CLUSTER
    return ProxySecrets(
        certificate=Secret(f"file-cert:{chain}~{key}", files) if chain and key else OF_WORKLOAD,
        roots=Secret(f"file-root:{root}", files) if root else OF_MESH_ROOTS,
        files=files,
        credential_socket=metadata.has_credential_socket,
    )


def mesh_server_tls(mesh: MeshConfig, secrets: ProxySecrets, alpn: tuple[str, ...]) -> DownstreamTls:
    """Mutual TLS that a sidecar terminates."""
    settings = mesh.mesh_mTLS
    at_least_13 = settings is not None and settings.min_protocol_version is TLSProtocol.TLSV1_3
    return DownstreamTls(
        alpn=alpn,
        certificates=(secrets.certificate,),
        require_client_certificate=True,
        validation=ClientValidation(
            roots=secrets.roots,
            san_prefixes=tuple(f"spiffe://{domain}/" for domain in accepted_trust_domains(mesh)),
        ),
        minimum_version="TLSV1_3" if at_least_13 else "TLSV1_2",
        maximum_version="TLSV1_3",
        cipher_suites=(settings.cipher_suites if settings is not None else ()) or MESH_CIPHERS,
    )


def accepted_trust_domains(mesh: MeshConfig) -> tuple[str, ...]:
    """The accepted trust domains: the mesh's own, its aliases, and those of further authorities."""
    further = (domain for authority in mesh.ca_certificates for domain in authority.trust_domains)
    return tuple(
        dict.fromkeys(domain for domain in (mesh.trust_domain, *mesh.trust_domain_aliases, *further) if domain)
    )
