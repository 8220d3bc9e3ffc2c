"""What the clusters and endpoints of a proxy depend on beside its scope.

Proxies of one scope with equal clients get the same outbound clusters and endpoints: these are made once.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from meshcompile.labels import HOSTNAME, NETWORK, REGION, SUBZONE, ZONE
from meshcompile.localities import Locality
from meshcompile.models.mesh.proxy_config import ProxyConfig
from meshcompile.node_metadata import NodeMetadata
from meshcompile.proxy import Proxy, ProxyType
from meshcompile.queries import Key, query
from meshcompile.resolve.scope import ScopeKey, SidecarScope, sidecar_scope
from meshcompile.snapshot.service import Service, TrafficDistribution
from meshcompile.snapshot.snapshot import Snapshot

DISTRIBUTION_LABELS = {
    TrafficDistribution.ANY: (),
    TrafficDistribution.PREFER_SAME_ZONE: (NETWORK, REGION, ZONE),
    TrafficDistribution.PREFER_SAME_NODE: (NETWORK, REGION, ZONE, SUBZONE, HOSTNAME),
}


class ClientCertificates(Key, frozen=True):
    """The files that the proxy's metadata name for its own certificate, key and roots."""

    chain: str
    key: str
    roots: str


class ClientKey(Key, frozen=True):
    """The traits of a proxy that its outbound clusters and endpoints depend on.

    `labels` are those of its labels that some rule looks at; `node_name` is "" where no service asks for it.
    `visible_networks` is None for a proxy that sees every network.
    """

    type: ProxyType
    cluster: str
    network: str
    visible_networks: frozenset[str] | None
    locality: Locality
    node_name: str
    labels: tuple[tuple[str, str], ...]
    has_labels: bool
    ipv4: bool
    ipv6: bool
    certificates: ClientCertificates | None
    preserves_header_case: bool
    credential_socket: bool
    file_credential_socket: bool

    @property
    def is_sidecar(self) -> bool:
        return self.type is ProxyType.SIDECAR

    @property
    def is_router(self) -> bool:
        return self.type is ProxyType.ROUTER

    def in_network(self, network: str) -> bool:
        """True when the network is the proxy's, or when either is not known."""
        return not network or not self.network or network == self.network

    def sees(self, network: str) -> bool:
        return self.visible_networks is None or not network or network in self.visible_networks


class ScopedClientKey(Key, frozen=True):
    """A kind of client, and what it sees."""

    scope: ScopeKey
    client: ClientKey


def client_key(snapshot: Snapshot, scope: SidecarScope, proxy: Proxy, config: ProxyConfig) -> ClientKey:
    """The traits of a proxy."""
    referenced = referenced_traits(snapshot, scope.key)
    headers, metadata = config.proxy_headers, proxy.node_metadata
    return ClientKey(
        type=proxy.type,
        cluster=proxy.cluster,
        network=metadata.network,
        visible_networks=frozenset(metadata.requested_network_view) or None,
        locality=proxy.locality,
        node_name=proxy.node_name if referenced.node_name else "",
        labels=tuple(sorted((key, value) for key, value in proxy.labels.items() if key in referenced.labels)),
        has_labels=bool(proxy.labels),
        ipv4=proxy.supports_ipv4,
        ipv6=proxy.supports_ipv6,
        certificates=_certificates(metadata),
        preserves_header_case=headers is not None and headers.preserve_http1_header_case is True,
        credential_socket=metadata.has_credential_socket,
        file_credential_socket=metadata.has_file_credential_socket,
    )


@dataclass(frozen=True, slots=True)
class ReferencedTraits:
    """The labels of clients that anything in a scope looks at, and whether anything looks at the client's node."""

    labels: frozenset[str]
    node_name: bool


@query
def referenced_traits(snapshot: Snapshot, key: ScopeKey) -> ReferencedTraits:
    services = sidecar_scope(snapshot, key).services
    return ReferencedTraits(frozenset(_label_keys(snapshot, services)), any(service.node_local for service in services))


def _label_keys(snapshot: Snapshot, services: Iterable[Service]) -> Iterator[str]:
    """The labels of clients that rules, the mesh's locality settings and services look at."""
    yield from snapshot.destination_rules.label_keys
    settings = snapshot.mesh.locality_lb_setting
    if settings is not None:
        yield from (priority.partition("=")[0] for priority in settings.failover_priority)
    for distribution in {service.traffic_distribution for service in services}:
        yield from DISTRIBUTION_LABELS[distribution]


def _certificates(metadata: NodeMetadata) -> ClientCertificates | None:
    chain = metadata.tls_client_cert_chain
    return ClientCertificates(chain, metadata.tls_client_key, metadata.tls_client_root_cert) if chain else None
