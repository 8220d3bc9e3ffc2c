"""Outbound clusters: one for each port of each service, and one for each of its subsets.

Follows istiod's `buildOutboundClusters`, `buildOutboundSniDnatClusters`, `applyDestinationRule` and
`buildSubsetCluster`.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from meshcompile.models.networking.destination_rule import ClientTLSMode, Subset
from meshcompile.queries import Key, query
from meshcompile.resolve.clusters.balancing import asks_for_passthrough, balancing
from meshcompile.resolve.clusters.http import outbound_http
from meshcompile.resolve.clusters.ir import (
    Algorithm,
    Balancing,
    Cluster,
    ClusterMetadata,
    Discovery,
    DnsSettings,
    HostClusters,
    Keepalive,
    ServiceName,
    SharedClusters,
    Thresholds,
)
from meshcompile.resolve.clusters.pool import connect_timeout, keepalive, thresholds
from meshcompile.resolve.clusters.security import ClusterTls, TlsPeer, cluster_tls
from meshcompile.resolve.endpoints.endpoint_builder import Upstream, endpoint_builder
from meshcompile.resolve.endpoints.locality_balancing import LocalitySettings, balanced, locality_settings
from meshcompile.resolve.endpoints.locality_groups import LocalityGroup
from meshcompile.resolve.listeners.stat_names import StatSubject, stat_name
from meshcompile.resolve.scope.clients import ClientKey, ScopedClientKey
from meshcompile.resolve.scope.sidecar import sidecar_scope
from meshcompile.resolve.scope.traffic_policy import EffectivePolicies, EffectivePolicy
from meshcompile.resolve.security.mtls import service_mode
from meshcompile.snapshot.destination_rules import MergedDestinationRule
from meshcompile.snapshot.service import Registry, Resolution, Service, ServicePort
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.values.durations import Duration
from meshcompile.values.hosts import is_wildcard
from meshcompile.values.names import outbound, outbound_sni
from meshcompile.values.ports import Protocol

TUNNEL_LABEL = "networking.istio.io/tunnel"
BY_HOST_PROTOCOLS = frozenset({Protocol.HTTP, Protocol.TLS, Protocol.GRPC, Protocol.HTTP2})
_DNS = frozenset({Discovery.STRICT_DNS, Discovery.LOGICAL_DNS})


class HostKey(Key, frozen=True):
    """A service, its DestinationRule and the client. The clusters are the same in every scope.

    `sni_dnat` marks the clusters of AUTO_PASSTHROUGH gateways, named by the SNI of Istio mutual TLS.
    """

    client: ClientKey
    service: Service
    rule: MergedDestinationRule | None
    sni_dnat: bool = False


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
    scope, labels = sidecar_scope(snapshot, key.scope), dict(key.client.labels)
    for service in scope.services:
        if service.resolution is not Resolution.ALIAS:
            yield HostKey(key.client, service, scope.destination_rule(service.hostname, labels))


def sni_dnat_hosts(snapshot: Snapshot, key: ScopedClientKey) -> Iterator[HostKey]:
    """The services that clients in other networks can reach through a gateway."""
    scope, labels = sidecar_scope(snapshot, key.scope), dict(key.client.labels)
    for service in scope.services:
        if not service.mesh_external:
            yield HostKey(key.client, service, scope.destination_rule(service.hostname, labels), sni_dnat=True)


@query
def host_clusters(snapshot: Snapshot, key: HostKey) -> HostClusters:
    """The clusters of a service."""
    makes = ServiceClusters(snapshot, key)
    by_host = _is_by_host(key.service) and not key.sni_dnat
    return HostClusters(tuple(makes.by_host() if by_host else makes.all()))


def _is_by_host(service: Service) -> bool:
    """True for a wildcard service that Envoy resolves by the host of each request."""
    return service.resolution is Resolution.DYNAMIC_DNS and is_wildcard(service.hostname)


@dataclass(frozen=True, slots=True)
class PolicySettings:
    """The settings that clusters with one policy share, on any port."""

    connect_timeout: Duration | None
    thresholds: Thresholds
    keepalive: Keepalive | None
    localities: LocalitySettings | None
    balancing: Balancing


class ServiceClusters:
    """The clusters of one service.

    What depends on the policy alone is computed once for all ports and subsets.
    """

    def __init__(self, snapshot: Snapshot, key: HostKey) -> None:
        self._snapshot, self._client = snapshot, key.client
        self._endpoint_builder = endpoint_builder(snapshot, key.client)
        self._service, self._rule, self._sni_dnat = key.service, key.rule, key.sni_dnat
        self._policies = EffectivePolicies(None if key.rule is None else key.rule.traffic_policy)
        self._names = (service_name(key.service),)
        self._settings_made: dict[tuple[EffectivePolicy, Discovery, bool], tuple[EffectivePolicy, PolicySettings]] = {}

    def all(self) -> Iterator[Cluster]:
        """The cluster of each port, followed by the clusters of its subsets. A port without a cluster has neither."""
        service, rule = self._service, self._rule
        discovery = _discovery(service, self._client)
        for port in service.ports:
            if port.protocol is Protocol.UDP:
                continue
            whole = self._cluster(Upstream(service, port, rule, self._policies.of_port(port.number)), discovery)
            if whole is None:
                continue
            yield whole
            for subset in () if rule is None or _is_by_host(service) else rule.subsets:
                part = self._subset_cluster(port, subset, whole.discovery)
                if part is not None:
                    yield part

    def _subset_cluster(self, port: ServicePort, subset: Subset, discovery: Discovery) -> Cluster | None:
        own = subset.traffic_policy
        if own is not None and asks_for_passthrough(own.load_balancer):
            discovery = Discovery.ORIGINAL_DST
        policy = self._policies.of_subset(own, port.number)
        return self._cluster(Upstream(self._service, port, self._rule, policy, subset), discovery)

    def _cluster(self, upstream: Upstream, found_by: Discovery) -> Cluster | None:
        """One cluster; None when it must list its endpoints and has none."""
        service, port, policy = self._service, upstream.port, upstream.policy
        by_dns = found_by in _DNS
        groups = self._endpoint_builder.inlined(upstream, only_mutual_tls=self._sni_dnat) if by_dns else ()
        if by_dns and not groups:
            return None
        passthrough = asks_for_passthrough(policy.load_balancer)
        discovery = Discovery.ORIGINAL_DST if passthrough else found_by
        settings = self._settings(policy, found_by, upstream.subset is not None)
        name = (outbound_sni if self._sni_dnat else outbound)(port.number, upstream.subset_name, service.hostname)
        security = self._security(upstream, discovery, name)
        return Cluster(
            name=name,
            stat_name=self._stat_name(upstream, name),
            discovery=discovery,
            connect_timeout=settings.connect_timeout,
            balancing=settings.balancing,
            thresholds=settings.thresholds,
            keepalive=settings.keepalive,
            http=security.http,
            security=security.security,
            outlier_detection=policy.outlier_detection,
            metadata=self._metadata(upstream, self._names),
            groups=self._balanced(groups, settings, upstream) if groups and not passthrough else (),
            dns=self._dns() if by_dns else None,
            port_override=(
                service.passthrough_target_ports.get(port.number) if found_by is Discovery.ORIGINAL_DST else None
            ),
            exchanges_metadata=True,
            upstream=upstream if discovery is Discovery.EDS else None,
            is_sni_dnat=self._sni_dnat,
            origins=upstream.origins,
        )

    def by_host(self) -> Iterator[Cluster]:
        """The clusters of a wildcard service that Envoy resolves by the host of each request."""
        for port in self._service.ports:
            if port.protocol in BY_HOST_PROTOCOLS:
                policy = self._policies.of_port(port.number)
                yield self._host_cluster(Upstream(self._service, port, self._rule, policy))

    def _host_cluster(self, upstream: Upstream) -> Cluster:
        name = outbound(upstream.port.number, "", self._service.hostname)
        settings = self._settings(upstream.policy, Discovery.DYNAMIC_FORWARD_PROXY, False)
        security = self._security(upstream, Discovery.DYNAMIC_FORWARD_PROXY, name)
        return Cluster(
            name=name,
            stat_name=name,
            discovery=Discovery.DYNAMIC_FORWARD_PROXY,
            connect_timeout=settings.connect_timeout,
            balancing=Balancing(Algorithm.CLUSTER_PROVIDED),
            common_balancing=False,
            thresholds=settings.thresholds,
            keepalive=settings.keepalive,
            http=security.http,
            security=security.security,
            outlier_detection=upstream.policy.outlier_detection,
            metadata=self._metadata(upstream, None),
            host=self._service.hostname,
            insecure_host_options=security.insecure_host_options,
            exchanges_metadata=True,
            origins=upstream.origins,
        )

    def _settings(self, policy: EffectivePolicy, discovery: Discovery, is_subset: bool) -> PolicySettings:
        key = (policy, discovery, is_subset)
        known = self._settings_made.get(key)
        # Equal policies may be written in several places, and settings name their place.
        if known is not None and known[0].is_written_where(policy):
            return known[1]
        made = self._new_settings(policy, discovery, is_subset)
        self._settings_made[key] = (policy, made)
        return made

    def _new_settings(self, policy: EffectivePolicy, discovery: Discovery, is_subset: bool) -> PolicySettings:
        mesh, service, pool = self._snapshot.mesh, self._service, policy.connection_pool
        localities = locality_settings(mesh, policy.load_balancer, service)
        return PolicySettings(
            connect_timeout=connect_timeout(pool, mesh),
            thresholds=thresholds(pool, policy.retry_budget),
            keepalive=keepalive(pool, mesh),
            localities=localities,
            balancing=balancing(service, policy, discovery, localities, is_subset=is_subset),
        )

    def _security(self, upstream: Upstream, discovery: Discovery, name: str) -> ClusterTls:
        snapshot, service, rule = self._snapshot, self._service, self._rule
        http = outbound_http(
            upstream.port.protocol,
            upstream.policy.connection_pool,
            snapshot.mesh,
            sniffs=not self._client.is_router,
            preserves_header_case=self._client.preserves_header_case,
        )
        if self._sni_dnat:
            return ClusterTls.plain(http)
        by_host = discovery is Discovery.DYNAMIC_FORWARD_PROXY
        server = TlsPeer(
            cluster_name=name,
            discovery=discovery,
            mode=service_mode(snapshot, service, upstream.port, upstream.level_policy),
            sni="" if by_host else outbound_sni(upstream.port.number, upstream.subset_name, service.hostname),
            service_accounts=() if by_host else snapshot.endpoints.service_accounts(service),
            mesh_external=service.mesh_external,
            is_external_registry=service.registry is Registry.EXTERNAL,
            by_host=by_host,
        )
        selects_workloads = rule is not None and rule.workload_selector is not None
        return cluster_tls(server, upstream.policy, http, snapshot.mesh, self._client, selects_workloads)

    def _metadata(self, upstream: Upstream, names: tuple[ServiceName, ...] | None) -> ClusterMetadata:
        rule, whole = self._rule, upstream.subset is None
        tunnelled = whole and not self._sni_dnat and self._is_tunnelled(upstream.port)
        return ClusterMetadata(
            services=names,
            rule=None if rule is None else (rule.namespace, rule.name),
            subset=upstream.subset_name,
            is_external=whole and self._service.mesh_external and not tunnelled,
            is_tunnelled=tunnelled,
            keeps_alpn=upstream.policy.tls_mode in (ClientTLSMode.SIMPLE, ClientTLSMode.MUTUAL),
        )

    def _is_tunnelled(self, port: ServicePort) -> bool:
        """True when every endpoint accepts HBONE."""
        endpoints = self._snapshot.endpoints.numbered(self._service, port.number)
        return bool(endpoints) and all("http" in e.labels.get(TUNNEL_LABEL, "").split(",") for e in endpoints)

    def _stat_name(self, upstream: Upstream, default: str) -> str:
        pattern = self._snapshot.mesh.outbound_cluster_stat_name
        if not pattern:
            return default  # most meshes have none
        service, port = self._service, upstream.port
        return stat_name(pattern, StatSubject(service.hostname, service, port.number, port.name, upstream.subset_name))

    def _balanced(
        self, groups: tuple[LocalityGroup, ...], settings: PolicySettings, upstream: Upstream
    ) -> tuple[LocalityGroup, ...]:
        localities, client = settings.localities, self._client
        # istiod checks endpoint labels only for the cluster of the whole service.
        if upstream.subset is not None or self._sni_dnat:
            client = msgspec.structs.replace(client, has_labels=False)
        return balanced(groups, localities, client, upstream.policy.outlier_detection is not None)

    def _dns(self) -> DnsSettings:
        client = self._client
        families = "V6_ONLY" if client.ipv6 and not client.ipv4 else "V4_ONLY"
        rate = self._snapshot.mesh.dns_refresh_rate
        return DnsSettings("ALL" if self._service.dns_connect_race else families, rate)


def service_name(service: Service) -> ServiceName:
    return ServiceName(service.hostname, service.name, service.namespace)


def _discovery(service: Service, client: ClientKey) -> Discovery:
    match service.resolution:
        case Resolution.DNS_LB:
            return Discovery.LOGICAL_DNS if service.dns_connect_race else Discovery.STRICT_DNS
        case Resolution.DNS_ROUND_ROBIN_LB:
            return Discovery.LOGICAL_DNS
        case Resolution.PASSTHROUGH if not client.is_router:
            return Discovery.ORIGINAL_DST
    # Gateways have no original destination, so they also balance over the endpoints of headless services.
    return Discovery.EDS
