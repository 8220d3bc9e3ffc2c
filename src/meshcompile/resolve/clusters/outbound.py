"""Outbound clusters: one for each port of each service, and one for each of its subsets.

Follows istiod's `buildOutboundClusters`, `buildOutboundSniDnatClusters`, `applyDestinationRule` and
`buildSubsetCluster`.
"""

from collections.abc import Iterable, Iterator

import msgspec

from meshcompile.models.networking.destination_rule import Subset
from meshcompile.queries import query
from meshcompile.resolve.clusters.balancing import asks_for_passthrough
from meshcompile.resolve.clusters.cluster_mode import OUTBOUND, SNI_DNAT, ClusterMode, HostKey
from meshcompile.resolve.clusters.dynamic_hosts import dynamic_clusters
from meshcompile.resolve.clusters.ir import Cluster, Discovery, HostClusters, SharedClusters
from meshcompile.resolve.clusters.service_parts import ServiceParts
from meshcompile.resolve.endpoints.endpoint_builder import Upstream, endpoint_builder
from meshcompile.resolve.endpoints.locality_balancing import Localities, balanced
from meshcompile.resolve.endpoints.locality_groups import LocalityGroup
from meshcompile.resolve.scope.clients import ClientKey, ScopedClientKey
from meshcompile.resolve.scope.sidecar import SidecarScope, l4_scope
from meshcompile.snapshot.service import Resolution, Service, ServicePort
from meshcompile.snapshot.slice_endpoints import keeps_draining
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.values.ports import Protocol

BY_DNS = frozenset({Discovery.STRICT_DNS, Discovery.LOGICAL_DNS})
"""The clusters that contain their endpoints."""


@query
def outbound_clusters(snapshot: Snapshot, key: ScopedClientKey) -> SharedClusters:
    """The outbound clusters of a client key, in the order of the services in the scope."""
    return SharedClusters(tuple(host_clusters(snapshot, host) for host in outbound_hosts(snapshot, key)))


@query
def sni_dnat_clusters(snapshot: Snapshot, key: ScopedClientKey) -> SharedClusters:
    """The clusters of a gateway that routes TLS by SNI without terminating it."""
    return SharedClusters(tuple(host_clusters(snapshot, host) for host in sni_dnat_hosts(snapshot, key)))


def outbound_hosts(snapshot: Snapshot, key: ScopedClientKey) -> Iterator[HostKey]:
    """The services that have outbound clusters."""
    scope = l4_scope(snapshot, key.scope)
    services = (service for service in scope.services if _has_clusters(service))
    return _hosts(key.client, scope, services, OUTBOUND)


def _has_clusters(service: Service) -> bool:
    return service.resolution is not Resolution.ALIAS and not service.needs_waypoint


def sni_dnat_hosts(snapshot: Snapshot, key: ScopedClientKey) -> Iterator[HostKey]:
    """The services that clients in other networks can reach through a gateway."""
    scope = l4_scope(snapshot, key.scope)
    return _hosts(key.client, scope, (service for service in scope.services if not service.mesh_external), SNI_DNAT)


def _hosts(client: ClientKey, scope: SidecarScope, services: Iterable[Service], mode: ClusterMode) -> Iterator[HostKey]:
    labels = dict(client.labels)
    for service in services:
        yield HostKey(client, service, scope.destination_rule(service.hostname, labels), mode)


@query
def host_clusters(snapshot: Snapshot, key: HostKey) -> HostClusters:
    """The clusters of a service."""
    if key.service.is_dynamic and key.mode == OUTBOUND:
        return HostClusters(tuple(dynamic_clusters(ServiceParts(snapshot, key))))
    return HostClusters(tuple(ServiceClusters(snapshot, key).all()))


class ServiceClusters:
    """The clusters of one service, in one mode."""

    def __init__(self, snapshot: Snapshot, key: HostKey) -> None:
        self._key, self._parts = key, ServiceParts(snapshot, key)
        self._endpoint_builder = endpoint_builder(snapshot, key.client)

    def all(self) -> Iterator[Cluster]:
        """The cluster of each port, followed by the clusters of its subsets. A port without a cluster has neither."""
        service, rule = self._key.service, self._key.rule
        subsets = () if rule is None or service.is_dynamic else rule.subsets
        discovery = service_discovery(service, self._key.client)
        for port in service.ports:
            if port.protocol is Protocol.UDP:
                continue
            whole = self._cluster(self._parts.upstream(port), discovery)
            if whole is None:
                continue
            yield whole
            for subset in subsets:
                part = self._subset_cluster(port, subset, whole.discovery)
                if part is not None:
                    yield part

    def _subset_cluster(self, port: ServicePort, subset: Subset, discovery: Discovery) -> Cluster | None:
        own = subset.traffic_policy
        if own is not None and asks_for_passthrough(own.load_balancer):
            discovery = Discovery.ORIGINAL_DST
        return self._cluster(self._parts.upstream(port, subset), discovery)

    def _cluster(self, upstream: Upstream, found_by: Discovery) -> Cluster | None:
        """One cluster; None when it must list its endpoints and has none."""
        parts, mode, port, policy = self._parts, self._key.mode, upstream.port, upstream.policy
        by_dns = found_by in BY_DNS
        groups = self._endpoint_builder.inlined(upstream, mode.only_mutual_tls) if by_dns else ()
        if by_dns and not groups:
            return None
        passthrough = asks_for_passthrough(policy.load_balancer)
        discovery = Discovery.ORIGINAL_DST if passthrough else found_by
        settings = parts.settings.of(policy, found_by, keeps_draining=self._keeps_draining(upstream))
        name = mode.cluster_name(port.number, upstream.subset_name, upstream.service.hostname)
        tls = parts.tls(upstream, discovery, name)
        return Cluster(
            name=name,
            stat_name=parts.stat_name(upstream, name),
            discovery=discovery,
            connect_timeout=settings.connect_timeout,
            balancing=settings.balancing,
            thresholds=settings.thresholds,
            keepalive=settings.keepalive,
            http=tls.http,
            security=tls.security,
            outlier_detection=policy.outlier_detection,
            metadata=parts.metadata(upstream, parts.names),
            groups=self._balanced(groups, settings.localities, upstream) if groups and not passthrough else (),
            dns=parts.dns() if by_dns else None,
            port_override=_port_override(upstream) if found_by is Discovery.ORIGINAL_DST else None,
            exchanges_metadata=True,
            upstream=upstream if discovery is Discovery.EDS else None,
            only_mutual_tls=mode.only_mutual_tls,
            origins=upstream.origins,
        )

    def _keeps_draining(self, upstream: Upstream) -> bool:
        """True for the cluster of a whole service with persistent sessions."""
        return self._key.mode.keeps_draining and upstream.subset is None and keeps_draining(upstream.service)

    def _balanced(
        self, groups: tuple[LocalityGroup, ...], localities: Localities | None, upstream: Upstream
    ) -> tuple[LocalityGroup, ...]:
        client = self._key.client
        # istiod checks endpoint labels only for the cluster of the whole service.
        is_whole = upstream.subset is None and self._key.mode.prefers_client_labels
        if not (is_whole and self._parts.snapshot.behaviour.dns_failover_priority):
            client = msgspec.structs.replace(client, has_labels=False)
        return balanced(groups, localities, client, upstream.policy.outlier_detection is not None)


def _port_override(upstream: Upstream) -> int | None:
    return upstream.service.passthrough_target_ports.get(upstream.port.number)


def service_discovery(service: Service, client: ClientKey) -> Discovery:
    """How a client finds the endpoints of a service."""
    match service.resolution:
        case Resolution.DNS_LB:
            return Discovery.LOGICAL_DNS if service.dns_connect_race else Discovery.STRICT_DNS
        case Resolution.DNS_ROUND_ROBIN_LB:
            return Discovery.LOGICAL_DNS
        case Resolution.PASSTHROUGH if not client.is_router:
            return Discovery.ORIGINAL_DST
    # Gateways have no original destination, so they also balance over the endpoints of headless services.
    return Discovery.EDS
