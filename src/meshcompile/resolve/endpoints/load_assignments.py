"""The load assignments of the EDS clusters of one proxy."""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from meshcompile.documents import Origin
from meshcompile.queries import Key, Source, query
from meshcompile.resolve.clusters import passes_through
from meshcompile.resolve.clusters.cluster_mode import HostKey
from meshcompile.resolve.clusters.ir import Cluster
from meshcompile.resolve.clusters.outbound import host_clusters, outbound_hosts, sni_dnat_hosts
from meshcompile.resolve.endpoints.endpoint_builder import EndpointBuilder, endpoint_builder, waypoint_endpoint_builder
from meshcompile.resolve.endpoints.locality_groups import LocalityGroup
from meshcompile.resolve.facts import ProxyFacts
from meshcompile.resolve.scope.clients import ScopedClientKey, client_key
from meshcompile.resolve.waypoint.clusters import VipKey, vip_clusters, vip_groups, vip_keys
from meshcompile.resolve.waypoint.outbound import waypoint_outbound_hosts
from meshcompile.snapshot.snapshot import Snapshot


class LoadAssignment(Struct, frozen=True):
    """The endpoints of one cluster."""

    cluster_name: str
    groups: tuple[LocalityGroup, ...]
    origins: tuple[Origin, ...] = ()


class HostAssignments(Source, frozen=True):
    """The load assignments of one service. It is the same object wherever its clusters are."""

    assignments: tuple[LoadAssignment, ...]


class LoadAssignments(Source, frozen=True):
    """The load assignments that proxies with one scope and equal client keys share, as one object."""

    hosts: tuple[HostAssignments, ...]


class AssignmentsKey(Key, frozen=True):
    """A client key. A gateway that `passes_through` also has clusters for the SNI of other networks."""

    scoped: ScopedClientKey
    passes_through: bool


def load_assignments(snapshot: Snapshot, facts: ProxyFacts) -> LoadAssignments:
    """The load assignments of a proxy, one per EDS cluster, in the order of the clusters."""
    scoped = ScopedClientKey(facts.scope.key, client_key(snapshot, facts.scope, facts.proxy, facts.config))
    if facts.proxy.is_waypoint:
        return _waypoint_assignments(snapshot, facts, scoped)
    return shared_load_assignments(snapshot, AssignmentsKey(scoped, passes_through(facts)))


def _waypoint_assignments(snapshot: Snapshot, facts: ProxyFacts, scoped: ScopedClientKey) -> LoadAssignments:
    """The load assignments of the services behind a waypoint, and of others that it sends traffic to."""
    vips = (vip_assignments(snapshot, key) for key in vip_keys(facts, scoped.client))
    others = (host_assignments(snapshot, key) for key in waypoint_outbound_hosts(snapshot, facts, scoped))
    return LoadAssignments((*others, *vips))


@query
def vip_assignments(snapshot: Snapshot, key: VipKey) -> HostAssignments:
    """The load assignments of a service behind a waypoint."""
    builder = waypoint_endpoint_builder(snapshot, key.client)
    return HostAssignments(
        tuple(
            LoadAssignment(cluster.name, vip_groups(builder, key, cluster), cluster.upstream.origins)
            for cluster in vip_clusters(snapshot, key).clusters
            if cluster.upstream is not None
        )
    )


@query
def shared_load_assignments(snapshot: Snapshot, key: AssignmentsKey) -> LoadAssignments:
    """The load assignments for an assignments key."""
    hosts = (
        *outbound_hosts(snapshot, key.scoped),
        *(sni_dnat_hosts(snapshot, key.scoped) if key.passes_through else ()),
    )
    return LoadAssignments(tuple(host_assignments(snapshot, host) for host in hosts))


@query
def host_assignments(snapshot: Snapshot, key: HostKey) -> HostAssignments:
    """The load assignments of a service."""
    clusters, builder = host_clusters(snapshot, key).clusters, endpoint_builder(snapshot, key.client)
    return HostAssignments(tuple(_load_assignments(builder, clusters)))


def _load_assignments(builder: EndpointBuilder, clusters: Iterable[Cluster]) -> Iterator[LoadAssignment]:
    """One load assignment per cluster name. The first of several ports with one number applies."""
    seen = set[str]()
    for cluster in clusters:
        if cluster.upstream is not None and cluster.name not in seen:
            seen.add(cluster.name)
            groups = builder.discovered(cluster.upstream, only_mutual_tls=cluster.only_mutual_tls)
            yield LoadAssignment(cluster.name, groups, cluster.origins)
