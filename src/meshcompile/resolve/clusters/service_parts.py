"""The parts that all clusters of one service are made of: settings, TLS, metadata, names for statistics."""

from meshcompile.models.mesh.mesh_config import MeshConfig
from meshcompile.models.networking.destination_rule import ClientTLSMode, Subset
from meshcompile.resolve.clusters.cluster_mode import HostKey
from meshcompile.resolve.clusters.http import outbound_http
from meshcompile.resolve.clusters.ir import ClusterMetadata, Discovery, DnsSettings, HttpOptions, ServiceName
from meshcompile.resolve.clusters.policy_settings import SettingsByPolicy
from meshcompile.resolve.clusters.security import ClusterTls, TlsPeer, cluster_tls
from meshcompile.resolve.endpoints.endpoint_builder import Upstream
from meshcompile.resolve.endpoints.tunnels import takes_tunnels
from meshcompile.resolve.listeners.stat_names import StatSubject, stat_name
from meshcompile.resolve.scope.clients import ClientKey
from meshcompile.resolve.scope.traffic_policy import EffectivePolicies, EffectivePolicy
from meshcompile.resolve.security.mtls import service_mode
from meshcompile.snapshot.service import Registry, Service, ServicePort
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.values.names import outbound_sni


class ServiceParts:
    """The parts of the clusters of a host key. What depends on the policy alone is computed once for all ports."""

    def __init__(self, snapshot: Snapshot, key: HostKey) -> None:
        self.snapshot, self.key = snapshot, key
        rule, default = None if key.rule is None else key.rule.traffic_policy, snapshot.mesh.default_traffic_policy
        self._policies = EffectivePolicies(rule, default)
        self._rule_policies = None if default is None else EffectivePolicies(rule)
        self.settings = SettingsByPolicy(snapshot.mesh, key.service, snapshot.behaviour, key.client)
        self.names = (service_name(key.service),)
        self._rule = None if key.rule is None else (key.rule.namespace, key.rule.name)
        self._metadata: dict[ClusterMetadata, ClusterMetadata] = {}

    def upstream(self, port: ServicePort, subset: Subset | None = None) -> Upstream:
        """A port of the service or of a subset, with its traffic policy."""
        policy = _policy(self._policies, port, subset)
        of_rule = None if self._rule_policies is None else _policy(self._rule_policies, port, subset)
        return Upstream(self.key.service, port, self.key.rule, policy, subset, of_rule)

    def tls(self, upstream: Upstream, discovery: Discovery, cluster_name: str) -> ClusterTls:
        """The TLS of a cluster, with its HTTP options."""
        http = self._http(upstream)
        if not self.key.mode.originates_tls:
            return ClusterTls.plain(http)
        rule = self.key.rule
        selects_workloads = rule is not None and rule.workload_selector is not None
        peer = self._peer(upstream, discovery, cluster_name)
        return cluster_tls(peer, upstream.policy, http, self.snapshot.mesh, self.key.client, selects_workloads)

    def _http(self, upstream: Upstream) -> HttpOptions | None:
        client = self.key.client
        return outbound_http(
            upstream.port.protocol,
            upstream.policy.connection_pool,
            self.snapshot.mesh,
            sniffs=not client.is_router,
            preserves_header_case=client.preserves_header_case,
        )

    def _peer(self, upstream: Upstream, discovery: Discovery, cluster_name: str) -> TlsPeer:
        snapshot, service = self.snapshot, self.key.service
        by_host = discovery is Discovery.DYNAMIC_FORWARD_PROXY
        return TlsPeer(
            cluster_name=cluster_name,
            discovery=discovery,
            mode=service_mode(snapshot, service, upstream.port, upstream.level_policy),
            sni="" if by_host else outbound_sni(upstream.port.number, upstream.subset_name, service.hostname),
            service_accounts=() if by_host else snapshot.endpoints.service_accounts(service),
            mesh_external=service.mesh_external,
            is_external_registry=service.registry is Registry.EXTERNAL,
            by_host=by_host,
            over_hbone=snapshot.ambient,
        )

    def metadata(self, upstream: Upstream, names: tuple[ServiceName, ...] | None) -> ClusterMetadata:
        """The metadata of a cluster: one object for all ports with equal metadata.

        `names` are its services in telemetry.
        """
        is_whole = upstream.subset is None
        tunnelled = is_whole and self.key.mode.detects_tunnels and self._is_tunnelled(upstream.port)
        metadata = ClusterMetadata(
            services=names,
            rule=self._rule,
            subset=upstream.subset_name,
            is_external=is_whole and self.key.service.mesh_external and not tunnelled,
            is_tunnelled=tunnelled,
            keeps_alpn=upstream.policy.tls_mode in (ClientTLSMode.SIMPLE, ClientTLSMode.MUTUAL),
        )
        return self._metadata.setdefault(metadata, metadata)

    def _is_tunnelled(self, port: ServicePort) -> bool:
        """True when every endpoint accepts HBONE."""
        endpoints = self.snapshot.endpoints.numbered(self.key.service, port.number)
        index = self.snapshot.ambient_index
        return bool(endpoints) and all(takes_tunnels(index, endpoint) for endpoint in endpoints)

    def stat_name(self, upstream: Upstream, cluster_name: str) -> str:
        """The name of a cluster in statistics: that of the mesh's pattern, or its own."""
        pattern = self.snapshot.mesh.outbound_cluster_stat_name
        if not pattern:
            return cluster_name  # most meshes have none
        service, port = self.key.service, upstream.port
        return stat_name(pattern, StatSubject(service.hostname, service, port.number, port.name, upstream.subset_name))

    def dns(self) -> DnsSettings:
        """How Envoy resolves the host names of endpoints."""
        return dns_settings(self.snapshot.mesh, self.key.service, self.key.client)


def _policy(policies: EffectivePolicies, port: ServicePort, subset: Subset | None) -> EffectivePolicy:
    return policies.of_subset(None if subset is None else subset.traffic_policy, port.number)


def dns_settings(mesh: MeshConfig, service: Service, client: ClientKey) -> DnsSettings:
    """How Envoy resolves the host names of a service's endpoints."""
    families = "V6_ONLY" if client.ipv6 and not client.ipv4 else "V4_ONLY"
    return DnsSettings("ALL" if service.dns_connect_race else families, mesh.dns_refresh_rate)


def service_name(service: Service) -> ServiceName:
    return ServiceName(service.hostname, service.name, service.namespace)
