"""The load assignments of one proxy's EDS clusters, decided."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from meshcompile.queries import Source
from meshcompile.resolve.clusters import discovering
from meshcompile.resolve.clusters.pieces import Cluster, HostClusters
from meshcompile.resolve.locality_groups import LocalityGroup
from meshcompile.resolve.reach import Reach, reach
from meshcompile.resolve.view import View
from meshcompile.source import Origin


@dataclass(frozen=True, slots=True, eq=False)
class LoadAssignment:
    """The endpoints of one cluster."""

    cluster_name: str
    groups: tuple[LocalityGroup, ...]
    origins: tuple[Origin, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class HostAssignments(Source):
    """The load assignments of one service; the same object wherever its clusters are."""

    assignments: tuple[LoadAssignment, ...]


@dataclass(frozen=True, slots=True, eq=False)
class LoadAssignments(Source):
    """The load assignments of the proxies of one scope with equal traits; the same object for all of them."""

    hosts: tuple[HostAssignments, ...]


def load_assignments(view: View) -> LoadAssignments:
    """The load assignments of a proxy, one per EDS cluster, in the order of the clusters."""
    reached, hosts = reach(view), tuple(discovering(view))
    # A gateway may have more clusters than its like: those of AUTO_PASSTHROUGH.
    key = ("load assignments", reached.client, len(hosts))
    return view.scope.memo.once(key, lambda: LoadAssignments(tuple(_of_host(reached, host) for host in hosts)))


def _of_host(reached: Reach, host: HostClusters) -> HostAssignments:
    return reached.memo.once(host, lambda: HostAssignments(tuple(_load_assignments(reached, host.clusters))))


def _load_assignments(reached: Reach, clusters: Iterable[Cluster]) -> Iterator[LoadAssignment]:
    """One per cluster name: of ports with the same number the first counts."""
    seen = set[str]()
    for cluster in clusters:
        if cluster.upstream is not None and cluster.name not in seen:
            seen.add(cluster.name)
            groups = reached.discovered(cluster.upstream, only_mutual_tls=cluster.is_sni_dnat)
            yield LoadAssignment(cluster.name, groups, cluster.upstream.origins)
