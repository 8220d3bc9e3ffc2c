"""The clusters of a waypoint for the services behind it, and their endpoints.

Follows istiod's `buildWaypointInboundVIP`, `buildWaypointInboundVIPCluster` and `buildWaypointTLSContext`.
"""

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from meshcompile.models.networking.destination_rule import ClientTLSMode, Subset
from meshcompile.queries import Key, query
from meshcompile.resolve.clusters.http import outbound_http
from meshcompile.resolve.clusters.ir import (
    Algorithm,
    Balancing,
    Cluster,
    ClusterMetadata,
    Discovery,
    HostClusters,
    HttpOptions,
    Tunnelled,
)
from meshcompile.resolve.clusters.outbound import BY_DNS, service_discovery
from meshcompile.resolve.clusters.policy_settings import PolicySettings, SettingsByPolicy
from meshcompile.resolve.clusters.security import ClusterTls, TlsPeer, tls_by_rule
from meshcompile.resolve.clusters.service_parts import dns_settings, service_name
from meshcompile.resolve.dns_caches import host_cache
from meshcompile.resolve.endpoints.endpoint_builder import EndpointBuilder, Upstream, waypoint_endpoint_builder
from meshcompile.resolve.endpoints.locality_balancing import balanced
from meshcompile.resolve.endpoints.locality_groups import LocalityGroup
from meshcompile.resolve.facts import ProxyFacts
from meshcompile.resolve.scope.clients import ClientKey
from meshcompile.resolve.scope.traffic_policy import NO_POLICY, EffectivePolicies, EffectivePolicy
from meshcompile.snapshot.destination_rules import MergedDestinationRule
from meshcompile.snapshot.service import Resolution, Service, ServicePort
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.values.names import inbound_vip
from meshcompile.values.ports import Protocol

_ORIGINATED = (ClientTLSMode.SIMPLE, ClientTLSMode.MUTUAL)


class VipKey(Key, frozen=True):
    """A service behind a waypoint.

    `rule` decides the settings of its clusters. `seen` is the service that the waypoint sees at the same host, if it
    sees any, and `client_rule` the rule for clients of it: both decide the endpoints.
    """

    client: ClientKey
    service: Service
    rule: MergedDestinationRule | None
    seen: Service | None
    client_rule: MergedDestinationRule | None


def vip_keys(facts: ProxyFacts, client: ClientKey) -> Iterator[VipKey]:
    """The services behind a waypoint."""
    scope, labels = facts.scope, facts.proxy.labels
    for service in facts.behind.services:
        host = service.hostname
        rule, client_rule = scope.inbound_destination_rule(host), scope.destination_rule(host, labels)
        yield VipKey(client, service, rule, scope.service(host), client_rule)


@query
def vip_clusters(snapshot: Snapshot, key: VipKey) -> HostClusters:
    """The clusters of a service behind a waypoint. Of several with one name, the first counts."""
    named: dict[str, Cluster] = {}
    for cluster in VipClusters(snapshot, key).all():
        named.setdefault(cluster.name, cluster)
    return HostClusters(tuple(named.values()))


class VipClusters:
    """Makes the clusters of one service behind a waypoint."""

    def __init__(self, snapshot: Snapshot, key: VipKey) -> None:
        self._snapshot, self._key = snapshot, key
        self._policies = EffectivePolicies(None if key.rule is None else key.rule.traffic_policy)
        self._settings = SettingsByPolicy(
            snapshot.mesh, key.service, snapshot.behaviour, key.client, behind_waypoint=True
        )
        self._endpoint_builder = waypoint_endpoint_builder(snapshot, key.client)
        self._is_dynamic = key.service.resolution is Resolution.DYNAMIC_DNS

    def all(self) -> Iterator[Cluster]:
        """The clusters of each port: for TCP, for HTTP or for both, then those of its subsets."""
        subsets = () if self._key.rule is None else self._key.rule.subsets
        for port in self._key.service.ports:
            kinds = tuple(_kinds(port.protocol, self._is_dynamic))
            for subset in (None, *subsets) if kinds else ():
                upstream = self._upstream(port, subset)
                yield from filter(None, (self._cluster(upstream, kind) for kind in kinds))

    def _upstream(self, port: ServicePort, subset: Subset | None) -> Upstream:
        own = None if subset is None else subset.traffic_policy
        policies = self._policies
        policy = policies.of_port(port.number) if own is None else policies.of_subset(own, port.number)
        return Upstream(self._key.service, port, self._key.rule, policy, subset)

    def _cluster(self, upstream: Upstream, kind: str) -> Cluster | None:
        """One cluster; None when it must list its endpoints and has none."""
        key, policy, port = self._key, upstream.policy, upstream.port
        subset = f"{kind}/{upstream.subset_name}" if upstream.subset is not None else kind
        name = inbound_vip(port.number, subset, key.service.hostname)
        found_by = Discovery.DYNAMIC_FORWARD_PROXY if self._is_dynamic else service_discovery(key.service, key.client)
        settings = self._settings.of(policy, found_by, keeps_draining=False)
        groups = self._inlined(upstream, settings) if found_by in BY_DNS else ()
        if found_by in BY_DNS and not groups:
            return None
        passes = settings.balancing.algorithm is Algorithm.CLUSTER_PROVIDED and not self._is_dynamic
        discovery = Discovery.ORIGINAL_DST if passes else found_by
        tls = self._tls(upstream, discovery, name)
        return Cluster(
            name=name,
            stat_name=name,
            discovery=discovery,
            connect_timeout=settings.connect_timeout,
            balancing=Balancing(Algorithm.CLUSTER_PROVIDED) if self._is_dynamic else settings.balancing,
            common_balancing=not self._is_dynamic,
            thresholds=settings.thresholds,
            keepalive=settings.keepalive,
            http=tls.http,
            security=replace(tls.security, tunnelled=Tunnelled.EVERYTHING, proxy_protocol=policy.proxy_protocol),
            outlier_detection=policy.outlier_detection,
            metadata=self._metadata(upstream, subset),
            groups=() if passes else groups,
            dns=dns_settings(self._snapshot.mesh, key.service, key.client) if found_by in BY_DNS else None,
            every_family=key.service.dns_connect_race,
            host_cache=host_cache(key.service.hostname, key.client.lookup_families) if self._is_dynamic else None,
            insecure_host_options=tls.insecure_host_options,
            port_override=self._port_override(port) if found_by is Discovery.ORIGINAL_DST else None,
            upstream=upstream if discovery is Discovery.EDS else None,
            origins=upstream.origins,
        )

    def _inlined(self, upstream: Upstream, settings: PolicySettings) -> tuple[LocalityGroup, ...]:
        """The endpoints that the cluster contains. istiod looks at no rule to find them, not even at its subsets."""
        whole = Upstream(upstream.service, upstream.port, None, NO_POLICY)
        client = replace(self._key.client, has_labels=False)
        is_checked = upstream.policy.outlier_detection is not None
        return balanced(self._endpoint_builder.inlined(whole), settings.localities, client, is_checked)

    def _port_override(self, port: ServicePort) -> int | None:
        return self._key.service.passthrough_target_ports.get(port.number)

    def _metadata(self, upstream: Upstream, subset: str) -> ClusterMetadata:
        rule, own = upstream.rule, upstream.subset
        policies = (rule and rule.traffic_policy, own and own.traffic_policy)
        return ClusterMetadata(
            services=(service_name(self._key.service),),
            rule=(rule.namespace, rule.name) if rule is not None and any(p is not None for p in policies) else None,
            subset=subset,
        )

    def _tls(self, upstream: Upstream, discovery: Discovery, name: str) -> ClusterTls:
        """The TLS inside of the tunnel, as a rule asks for it. The tunnel itself takes the place of mutual TLS."""
        tls, client = upstream.policy.tls, self._key.client
        http = self._http(upstream.port.protocol, upstream.policy)
        if tls is None or tls.mode not in _ORIGINATED:
            return ClusterTls.plain(http)
        peer = TlsPeer(
            cluster_name=name,
            discovery=discovery,
            mode=None,
            sni="",
            service_accounts=(),
            mesh_external=False,
            is_external_registry=False,
            by_host=self._is_dynamic,
            over_hbone=False,
            needs_sni=not self._snapshot.behaviour.unnamed_dynamic_hosts,
        )
        # istiod does not look for the sockets of credentials here.
        without_sockets = replace(client, credential_socket=False, file_credential_socket=False)
        return tls_by_rule(peer, tls, http, self._snapshot.mesh, without_sockets)

    def _http(self, protocol: Protocol, policy: EffectivePolicy) -> HttpOptions | None:
        return outbound_http(
            protocol,
            policy.connection_pool,
            self._snapshot.mesh,
            sniffs=True,
            preserves_header_case=self._key.client.preserves_header_case,
        )


def _kinds(protocol: Protocol, is_dynamic: bool) -> Iterable[str]:
    """What the clusters of a port are for. Envoy resolves hosts of requests, and not server names."""
    if is_dynamic:
        return ("http",) if protocol is Protocol.HTTP else ()
    match protocol:
        case Protocol.UDP:
            return ()
        case Protocol.AUTO:
            return ("tcp", "http")
        case _ if protocol.is_http:
            return ("http",)
        case _:
            return ("tcp",) if protocol.is_tcp else ()


def vip_groups(builder: EndpointBuilder, key: VipKey, cluster: Cluster) -> tuple[LocalityGroup, ...]:
    """The endpoints of a cluster, for EDS. Without a port that the waypoint sees, there are none."""
    upstream = _seen_upstream(key, cluster)
    return () if upstream is None else builder.discovered(upstream)


def _seen_upstream(key: VipKey, cluster: Cluster) -> Upstream | None:
    """What EDS gives the endpoints of a cluster for.

    istiod reads the subset from the name of the cluster. For a whole service it finds `http` or `tcp`, which is no
    subset of the rule, so the mutual TLS mode of the rule does not count.
    """
    number = 0 if cluster.upstream is None else cluster.upstream.port.number
    port = None if key.seen is None else key.seen.port(number)
    if key.seen is None or port is None:
        return None
    rule, name = key.client_rule, "" if cluster.metadata is None else cluster.metadata.subset.rpartition("/")[2]
    subset = (None if rule is None else rule.subset(name)) or Subset(name=name)
    policies = EffectivePolicies(None if rule is None else rule.traffic_policy)
    return Upstream(key.seen, port, rule, policies.of_subset(subset.traffic_policy, port.number), subset)
