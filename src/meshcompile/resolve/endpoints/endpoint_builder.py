"""The endpoints of services and subsets that a client can reach. Follows istiod's `endpoints.EndpointBuilder`."""

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from msgspec import Struct, field
from msgspec.structs import replace

from meshcompile.behaviour import Behaviour
from meshcompile.documents import NOWHERE, Origin
from meshcompile.models.mesh.mesh_config import MeshConfig
from meshcompile.models.networking.destination_rule import ClientTLSMode, LoadBalancerSettings, Subset, TrafficPolicy
from meshcompile.queries import query
from meshcompile.resolve.endpoints.locality_balancing import Localities, balanced, locality_settings
from meshcompile.resolve.endpoints.locality_groups import (
    EndpointTunnel,
    LbEndpoint,
    LocalityGroup,
    changed_weight,
    total_weight,
)
from meshcompile.resolve.endpoints.split_horizon import reachable
from meshcompile.resolve.endpoints.tunnels import (
    IngressWaypoints,
    ingress_waypoints,
    is_waypoint,
    takes_tunnels,
    virtual_address,
)
from meshcompile.resolve.scope.clients import ClientKey
from meshcompile.resolve.scope.traffic_policy import EffectivePolicy, tls_settings
from meshcompile.resolve.security.mtls import PeerPolicy, peer_policy
from meshcompile.snapshot.authentication import AuthenticationIndex, MutualTlsMode
from meshcompile.snapshot.cluster_local import ClusterLocalHosts, cluster_local_hosts
from meshcompile.snapshot.destination_rules import MergedDestinationRule
from meshcompile.snapshot.endpoints import EndpointIndex
from meshcompile.snapshot.networks import NetworkGateways, NetworkIndex
from meshcompile.snapshot.service import (
    DISABLED_TLS_MODE,
    Endpoint,
    Health,
    Service,
    ServicePort,
    TrafficDistribution,
    Workload,
    always_sends_unhealthy,
)
from meshcompile.snapshot.slice_endpoints import PERSISTENT_SESSION
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.values.ip import is_ip
from meshcompile.values.labels import NO_LABELS, Labels, canonical_name, canonical_revision, selects
from meshcompile.values.localities import NO_LOCALITY, locality
from meshcompile.values.names import HBONE_PORT

DRAINING_LABEL = "istio.io/draining"
NEVER_SENT = frozenset({Health.TERMINATING})
WEIGHT_SCALE = 10_000
"""The factor that keeps the share of a waypoint exact when its endpoints divide it."""


class Upstream(Struct, frozen=True):
    """The subject of a cluster: a port of a service, or of a subset. `policy` is its effective traffic policy.

    `rule_policy` is the policy without the mesh's default; None if they are the same.
    """

    service: Service
    port: ServicePort
    rule: MergedDestinationRule | None
    policy: EffectivePolicy
    subset: Subset | None = None
    rule_policy: EffectivePolicy | None = None

    @property
    def endpoint_policy(self) -> EffectivePolicy:
        """What decides about endpoints: the rule alone, unlike in clusters."""
        return self.policy if self.rule_policy is None else self.rule_policy

    @property
    def subset_name(self) -> str:
        """The name of the subset; "" for the whole service."""
        return "" if self.subset is None else self.subset.name

    @property
    def labels(self) -> Labels:
        """The labels of the endpoints: those of the subset, none for the whole service."""
        return NO_LABELS if self.subset is None else self.subset.labels

    @property
    def level_policy(self) -> TrafficPolicy | None:
        """The policy of the subset as written, or that of the rule without a subset."""
        if self.subset is not None:
            return self.subset.traffic_policy
        return None if self.rule is None else self.rule.traffic_policy

    @property
    def origins(self) -> tuple[Origin, ...]:
        """The origins of the port, the subset and the rules, in this order."""
        port = self.service.origin if self.port.origin is NOWHERE else self.port.origin
        if self.rule is None:
            return (port,)
        return (port, *self.rule.origins) if self.subset is None else (port, self.subset.origin, *self.rule.origins)


Reached: TypeAlias = tuple[str, LbEndpoint]
"""An endpoint that the client reaches, after its locality as written."""


class EndpointBuilder(Struct, frozen=True, eq=False):
    """Builds the endpoints that clients with one key reach, each endpoint once.

    `behind_waypoint` marks those that the client, a waypoint, stands before.
    """

    client: ClientKey
    endpoints: EndpointIndex
    topology: NetworkIndex
    authentication: AuthenticationIndex
    mesh: MeshConfig
    local_hosts: ClusterLocalHosts
    waypoints: IngressWaypoints
    behaviour: Behaviour
    behind_waypoint: bool = False
    _reached: dict[tuple[Service, str | int, ClientTLSMode | None, frozenset[Health]], tuple[Reached, ...]] = field(
        default_factory=dict
    )
    _localities: dict[TrafficDistribution, Localities | None] = field(default_factory=dict)
    _policies: dict[Workload, PeerPolicy] = field(default_factory=dict)
    _telemetry: dict[Workload, str] = field(default_factory=dict)

    def discovered(self, upstream: Upstream, only_mutual_tls: bool = False) -> tuple[LocalityGroup, ...]:
        """The groups for EDS: endpoints with the name of the port, with weights and priorities for the client.

        Those of a waypoint in front of the service have neither.
        """
        waypoint = self.waypoints.host(upstream.service, self.client)
        if waypoint is None:
            groups = self._groups(self._of_port(upstream, upstream.port.name), upstream.labels, self.topology.gateways)
        else:
            groups = self._groups(self._of_waypoints(waypoint, upstream), NO_LABELS, self.topology.gateways)
        if only_mutual_tls:
            groups = tuple(_mutual_tls_only(group) for group in groups)
        if waypoint is not None:
            return groups
        policy = upstream.endpoint_policy
        settings = self._locality_settings(upstream.service, policy.load_balancer)
        return balanced(groups, settings, self.client, policy.outlier_detection is not None)

    def inlined(self, upstream: Upstream, only_mutual_tls: bool = False) -> tuple[LocalityGroup, ...]:
        """The groups that the cluster itself contains: endpoints with the number of the port, host names included."""
        reached = self._of_port(upstream, upstream.port.number)
        groups = self._groups(reached, upstream.labels, self.topology.unresolved)
        return tuple(_mutual_tls_only(group) for group in groups) if only_mutual_tls else groups

    def _locality_settings(self, service: Service, balancer: LoadBalancerSettings | None) -> Localities | None:
        if balancer is not None:
            return locality_settings(self.mesh, balancer, service, self.behaviour, self.client)
        distribution = service.traffic_distribution
        if distribution not in self._localities:
            self._localities[distribution] = locality_settings(self.mesh, None, service, self.behaviour, self.client)
        return self._localities[distribution]

    def _of_port(self, upstream: Upstream, port: str | int) -> tuple[Reached, ...]:
        """The endpoints of a port, by its name or number. The clusters of its subsets choose from them."""
        service, mode, hidden = upstream.service, self._tls_mode_of_rule(upstream), self._hidden(upstream)
        key = (service, port, mode, hidden)
        reached = self._reached.get(key)
        if reached is None:
            seen = self._seen(self._endpoints(service, port), service, hidden)
            emitted = (
                (e.workload.locality, self._lb_endpoint(e, self._tls_mode(e, mode), self._tunnel(e))) for e in seen
            )
            reached = self._reached[key] = tuple(emitted)
        return reached

    def _endpoints(self, service: Service, port: str | int) -> Iterable[Endpoint]:
        if isinstance(port, int):
            return self.endpoints.numbered(service, port)
        named = self.endpoints.named(service, port)
        return (e for e in named if not e.address or not e.port or is_ip(e.address))

    def _of_waypoints(self, host: str, upstream: Upstream) -> Iterator[Reached]:
        """The endpoints of the waypoint at a host, or those of two waypoints with their shares of the traffic."""
        weighted = self.waypoints.weighted(upstream.service)
        if not weighted:
            yield from self._of_waypoint(host, upstream)
        for each, weight in weighted:
            if weight:
                reached = tuple(self._of_waypoint(each, upstream))
                own = max(weight * WEIGHT_SCALE // max(len(reached), 1), 1)
                yield from ((where, replace(endpoint, weight=own)) for where, endpoint in reached)

    def _of_waypoint(self, host: str, upstream: Upstream) -> Iterator[Reached]:
        """The endpoints of a waypoint, through which a client reaches the port of a service."""
        waypoint = self.waypoints.service(host)
        hbone = None if waypoint is None else waypoint.port(HBONE_PORT)
        if waypoint is None or hbone is None:
            return
        endpoints = self._in_cluster(self.endpoints.named(waypoint, hbone.name), waypoint)
        for endpoint in self._seen(endpoints, upstream.service, self._hidden(upstream)):
            address = virtual_address(upstream.service, endpoint.cluster)
            tunnel = EndpointTunnel(address, upstream.port.number, to_waypoint=True)
            yield endpoint.workload.locality, self._lb_endpoint(endpoint, "", tunnel)

    def _groups(
        self, reached: Iterable[Reached], labels: Labels, gateways: NetworkGateways
    ) -> tuple[LocalityGroup, ...]:
        by_locality: dict[str, list[LbEndpoint]] = {}
        for where, endpoint in reached:
            if not labels or selects(labels, endpoint.labels):
                by_locality.setdefault(where, []).append(endpoint)
        groups = tuple(
            LocalityGroup(locality(where) if where else NO_LOCALITY, tuple(group), total_weight(group))
            for where, group in sorted(by_locality.items())
        )
        return reachable(groups, gateways, self.client, self.behaviour)

    def _seen(self, endpoints: Iterable[Endpoint], service: Service, hidden: frozenset[Health]) -> Iterator[Endpoint]:
        """The endpoints that are visible to the client and in a state that is not hidden."""
        client_ = self.client
        for endpoint in self._in_cluster(endpoints, service):
            workload = endpoint.workload
            if service.node_local and workload.node_name != client_.node_name:
                continue
            if endpoint.health in hidden or (Health.DRAINING in hidden and workload.labels.get(DRAINING_LABEL)):
                continue
            if client_.sees(workload.network):
                yield endpoint

    def _in_cluster(self, endpoints: Iterable[Endpoint], service: Service) -> Iterable[Endpoint]:
        """The endpoints of a service that its clients may leave their cluster for."""
        if not service.node_local and service.hostname not in self.local_hosts:
            return endpoints
        return (endpoint for endpoint in endpoints if endpoint.cluster == self.client.cluster)

    def _tls_mode(self, endpoint: Endpoint, rule_mode: ClientTLSMode | None) -> str:
        """The TLS mode of the workload when the client uses mutual TLS; else ""."""
        workload = endpoint.workload
        if rule_mode is not None:
            speaks = rule_mode is ClientTLSMode.ISTIO_MUTUAL
        else:
            speaks = workload.takes_mutual_tls and self._may_take_mutual_tls(workload, endpoint.port)
        return workload.tls_mode if speaks and workload.tls_mode != DISABLED_TLS_MODE else ""

    def _tls_mode_of_rule(self, upstream: Upstream) -> ClientTLSMode | None:
        """The TLS mode that the rule sets for the port; None if it sets none."""
        rule, port = upstream.rule, upstream.port.number
        mode = _tls_mode(upstream.level_policy, port)
        if mode is None and rule is not None and self.behaviour.subsets_inherit_tls_mode:
            return _tls_mode(rule.traffic_policy, port) if rule.subset(upstream.subset_name) is not None else None
        return mode

    def _hidden(self, upstream: Upstream) -> frozenset[Health]:
        """The health states of endpoints that clients of a cluster do not get.

        Where Envoy may panic, it would send traffic to unhealthy endpoints, so they are left out.
        """
        outliers, service = upstream.endpoint_policy.outlier_detection, upstream.service
        may_panic = outliers is not None and outliers.min_health_percent > 0
        by_default = self.behaviour.send_unhealthy_endpoints and not may_panic
        return _hidden(service, sends_unhealthy=always_sends_unhealthy(service) or by_default)

    def _may_take_mutual_tls(self, workload: Workload, port: int) -> bool:
        policy = self._policies.get(workload)
        if policy is None:
            policy = self._policies[workload] = peer_policy(self.authentication, workload.namespace, workload.labels)
        return policy.for_port(port) is not MutualTlsMode.DISABLE

    def _described(self, workload: Workload) -> str:
        described = self._telemetry.get(workload)
        if described is None:
            described = self._telemetry[workload] = workload_telemetry(workload)
        return described

    def _tunnel(self, endpoint: Endpoint) -> EndpointTunnel | None:
        """The HBONE tunnel to an endpoint.

        Mutual TLS is preferred where the workload accepts both, except for what is behind a waypoint.
        """
        if not self.client.opens_tunnels or (endpoint.workload.takes_mutual_tls and not self.behind_waypoint):
            return None
        if is_waypoint(endpoint) or takes_tunnels(self.waypoints.ambient, endpoint):
            return EndpointTunnel(endpoint.address, endpoint.port, chooses_socket=not self.behind_waypoint)
        return None

    def _lb_endpoint(self, endpoint: Endpoint, tls_mode: str, tunnel: EndpointTunnel | None) -> LbEndpoint:
        workload = endpoint.workload
        return LbEndpoint(
            address=endpoint.address,
            port=endpoint.port,
            weight=workload.weight,
            telemetry=self._described(workload),
            tls_mode=tls_mode,
            health=Health.DRAINING if workload.labels.get(DRAINING_LABEL) else endpoint.health,
            network=workload.network,
            cluster=workload.cluster,
            labels=workload.labels,
            tunnel=tunnel,
            origin=endpoint.origin,
        )


def _tls_mode(policy: TrafficPolicy | None, port: int) -> ClientTLSMode | None:
    tls = None if policy is None else tls_settings(policy, port)
    return None if tls is None else tls.mode


def _hidden(service: Service, *, sends_unhealthy: bool) -> frozenset[Health]:
    """The health states of endpoints that are left out.

    Services with persistent sessions keep draining endpoints.
    """
    unhealthy = NEVER_SENT if sends_unhealthy else NEVER_SENT | {Health.UNHEALTHY}
    return unhealthy if service.labels.get(PERSISTENT_SESSION) else unhealthy | {Health.DRAINING}


def workload_telemetry(workload: Workload) -> str:
    """The description of a workload for the stats filters.

    It consists of name, namespace, canonical service and revision, and cluster.
    """
    revision = canonical_revision(workload.labels)
    parts = (
        workload.name,
        workload.namespace,
        canonical_name(workload.labels, workload.name),
        "" if revision == "latest" else revision,
        workload.cluster,
    )
    return ";".join(parts)


def _mutual_tls_only(group: LocalityGroup) -> LocalityGroup:
    endpoints = tuple(endpoint for endpoint in group.endpoints if endpoint.takes_mutual_tls)
    return LocalityGroup(group.locality, endpoints, changed_weight(endpoints) if endpoints else None, group.priority)


@query
def endpoint_builder(snapshot: Snapshot, client: ClientKey) -> EndpointBuilder:
    """The endpoint builder of a client key."""
    return EndpointBuilder(
        client=client,
        endpoints=snapshot.endpoints,
        topology=snapshot.topology,
        authentication=snapshot.authentication,
        mesh=snapshot.mesh,
        local_hosts=cluster_local_hosts(snapshot.mesh),
        waypoints=ingress_waypoints(snapshot),
        behaviour=snapshot.behaviour,
    )


@query
def waypoint_endpoint_builder(snapshot: Snapshot, client: ClientKey) -> EndpointBuilder:
    """The endpoint builder of a waypoint, for what is behind it."""
    builder = endpoint_builder(snapshot, client)
    return EndpointBuilder(
        client=client,
        endpoints=builder.endpoints,
        topology=builder.topology,
        authentication=builder.authentication,
        mesh=builder.mesh,
        local_hosts=builder.local_hosts,
        waypoints=builder.waypoints,
        behaviour=builder.behaviour,
        behind_waypoint=True,
    )
