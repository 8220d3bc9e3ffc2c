"""What the clusters and endpoints of a proxy depend on, in addition to its scope.

Proxies of one scope with equal client keys get the same outbound clusters and endpoints, so these are built once.
"""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from meshcompile.behaviour import Behaviour
from meshcompile.models.mesh.proxy_config import ProxyConfig
from meshcompile.node_metadata import NodeMetadata
from meshcompile.proxy import Proxy, ProxyType
from meshcompile.queries import Key, query
from meshcompile.resolve.dns_caches import lookup_families
from meshcompile.resolve.scope.sidecar import ScopeKey, SidecarScope, l4_scope
from meshcompile.snapshot.service import Service, TrafficDistribution
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.values.labels import HOSTNAME, NETWORK, REGION, SUBZONE, ZONE
from meshcompile.values.localities import Locality

DISTRIBUTION_LABELS = {
    TrafficDistribution.ANY: (),
    TrafficDistribution.PREFER_SAME_ZONE: (NETWORK, REGION, ZONE),
    TrafficDistribution.PREFER_SAME_NODE: (NETWORK, REGION, ZONE, SUBZONE, HOSTNAME),
}


class ClientCertificates(Key, frozen=True):
    """The certificate, key and root files that the node metadata name for the proxy's own certificate.

    `always_verify` if a rule cannot skip the verification of servers.
    """

    chain: str
    key: str
    roots: str
    always_verify: bool = False


class ClientKey(Key, frozen=True):
    """What outbound clusters and endpoints depend on in a proxy.

    `labels` are the proxy labels that some rule refers to. `node_name` is "" unless a service needs it.
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
    opens_tunnels: bool
    lookup_families: str = "V4_ONLY"

    @property
    def is_sidecar(self) -> bool:
        return self.type is ProxyType.SIDECAR

    @property
    def is_router(self) -> bool:
        return self.type is ProxyType.ROUTER

    def in_network(self, network: str) -> bool:
        """True when the proxy is in the network, or when either network is unknown."""
        return not network or not self.network or network == self.network

    def sees(self, network: str) -> bool:
        return self.visible_networks is None or not network or network in self.visible_networks


class ScopedClientKey(Key, frozen=True):
    """A client key, together with the scope of the proxy."""

    scope: ScopeKey
    client: ClientKey


def client_key(snapshot: Snapshot, scope: SidecarScope, proxy: Proxy, config: ProxyConfig) -> ClientKey:
    """The client key of a proxy."""
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
        certificates=_certificates(metadata, snapshot.behaviour),
        preserves_header_case=headers is not None and headers.preserve_http1_header_case is True,
        credential_socket=metadata.has_credential_socket,
        file_credential_socket=metadata.has_file_credential_socket,
        opens_tunnels=not metadata.disable_hbone_send,
        lookup_families=lookup_families(snapshot.behaviour, ipv4=proxy.supports_ipv4, ipv6=proxy.supports_ipv6),
    )


class ReferencedTraits(Struct, frozen=True):
    """The proxy labels that anything in a scope refers to, and whether anything refers to the node name."""

    labels: frozenset[str]
    node_name: bool


@query
def referenced_traits(snapshot: Snapshot, key: ScopeKey) -> ReferencedTraits:
    services = l4_scope(snapshot, key).services
    return ReferencedTraits(frozenset(_label_keys(snapshot, services)), any(service.node_local for service in services))


def _label_keys(snapshot: Snapshot, services: Iterable[Service]) -> Iterator[str]:
    """The label keys that destination rules, the mesh's locality settings and services refer to."""
    yield from snapshot.destination_rules.label_keys
    for settings in (snapshot.mesh.locality_lb_setting, snapshot.mesh.zone_aware_lb_setting):
        if settings is not None:
            yield from (priority.partition("=")[0] for priority in settings.failover_priority)
    for distribution in {service.traffic_distribution for service in services}:
        yield from DISTRIBUTION_LABELS[distribution]


def _certificates(metadata: NodeMetadata, behaviour: Behaviour) -> ClientCertificates | None:
    if not metadata.tls_client_cert_chain:
        return None
    return ClientCertificates(
        chain=metadata.tls_client_cert_chain,
        key=metadata.tls_client_key,
        roots=metadata.tls_client_root_cert,
        always_verify=not behaviour.unverified_own_certificates,
    )
