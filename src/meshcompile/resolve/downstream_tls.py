"""TLS of a listener's filter chain, decided.

Sidecars follow istiod's `authn_utils.BuildInboundTLS`; gateways make the same piece from their servers' settings.
"""

from dataclasses import dataclass

from meshcompile.models.mesh.mesh_config import MeshConfig
from meshcompile.proxy import Proxy

HTTP_ALPN = ("h2", "http/1.1")
MESH_TCP_ALPN = ("istio-peer-exchange", *HTTP_ALPN)
# Names under which the agent hands out the workload's own certificate and the mesh's roots.
WORKLOAD_CERTIFICATE = "default"
MESH_ROOTS = "ROOTCA"
SDS_CLUSTER = "sds-grpc"
SDS_FILES_CLUSTER = "sds-files-grpc"
# A server on the proxy's machine for credentials of names with `sds://`, when the node metadata announce it.
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
    """A secret by name, from an SDS server that is a cluster; over ADS from the control plane when `cluster` is ""."""

    name: str
    cluster: str = SDS_CLUSTER

    @property
    def is_preconfigured(self) -> bool:
        """True for the workload's own secrets, for which a listener waits without limit."""
        return self.cluster == SDS_CLUSTER and self.name in (WORKLOAD_CERTIFICATE, MESH_ROOTS)


# What istiod asks for, with an empty message, where it does not know who has the secret.
NO_SECRET = Secret("", cluster="")


@dataclass(frozen=True, slots=True)
class ClientValidation:
    """How a client's certificate is checked. `roots` is None when no authority is asked for."""

    roots: Secret | None
    san_exact: tuple[str, ...] = ()
    san_prefixes: tuple[str, ...] = ()
    spki_hashes: tuple[str, ...] = ()
    certificate_hashes: tuple[str, ...] = ()
    crl: str = ""


@dataclass(frozen=True, slots=True)
class DownstreamTls:
    """TLS that a chain terminates. Versions are TLSProtocol names (`TLSV1_2`), "" where Envoy's default stands."""

    alpn: tuple[str, ...]
    certificates: tuple[Secret, ...]
    require_client_certificate: bool
    validation: ClientValidation | None = None
    minimum_version: str = ""
    maximum_version: str = ""
    cipher_suites: tuple[str, ...] = ()
    ecdh_curves: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProxySecrets:
    """Where a proxy gets secrets from, as its node metadata say.

    `certificate` and `roots` are the workload's own: from files, else the agent's. `files` is the cluster of the SDS
    server of secrets in files. `credential_socket`: another SDS server on the proxy's machine has credentials.
    """

    certificate: Secret
    roots: Secret
    files: str
    credential_socket: bool

    def file(self, name: str) -> Secret:
        """A secret in files."""
        return Secret(name, self.files)


def proxy_secrets(proxy: Proxy) -> ProxySecrets:
    """The secrets of a proxy."""
    metadata = proxy.node_metadata
    chain, key, root = metadata.tls_server_cert_chain, metadata.tls_server_key, metadata.tls_server_root_cert
    files = SDS_FILES_CLUSTER if metadata.has_file_credential_socket else SDS_CLUSTER
    return ProxySecrets(
        certificate=Secret(f"file-cert:{chain}~{key}", files) if chain and key else Secret(WORKLOAD_CERTIFICATE),
        roots=Secret(f"file-root:{root}", files) if root else Secret(MESH_ROOTS),
        files=files,
        credential_socket=metadata.has_credential_socket,
    )


def mesh_server_tls(mesh: MeshConfig, secrets: ProxySecrets, alpn: tuple[str, ...]) -> DownstreamTls:
    """Mutual TLS as sidecars terminate it."""
    settings = mesh.mesh_mTLS
    at_least_13 = settings is not None and settings.min_protocol_version == "TLSV1_3"
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
    """The trust domains whose workloads are let in: the mesh's own, its aliases, and those of further authorities."""
    further = (domain for authority in mesh.ca_certificates for domain in authority.trust_domains)
    return tuple(
        dict.fromkeys(domain for domain in (mesh.trust_domain, *mesh.trust_domain_aliases, *further) if domain)
    )
