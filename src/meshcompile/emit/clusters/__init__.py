"""Clusters of a proxy."""

from bisect import insort
from operator import attrgetter

from meshcompile.emit.clusters.cluster import cluster
from meshcompile.emit.clusters.external_sds import external_sds_cluster
from meshcompile.emit.clusters.tunnels import tunnel_cluster
from meshcompile.emit.locality_endpoints import EndpointEmitter
from meshcompile.envoy.config.cluster import Cluster
from meshcompile.queries import derived
from meshcompile.resolve.clusters.ir import Clusters, HostClusters, SharedClusters

_name = attrgetter("name")


def clusters(resolved: Clusters) -> tuple[Cluster, ...]:
    """Every cluster of a proxy, sorted by name."""
    endpoints = EndpointEmitter()
    own = (cluster(own, endpoints) for own in resolved.own)
    sds = (external_sds_cluster(resolved),) if resolved.external_sds else ()
    tunnels = map(tunnel_cluster, resolved.tunnels)
    sorted_clusters = list(_shared(resolved.shared))  # nearly all of them, and sorted already
    for each in (*own, *tunnels, *sds):
        insort(sorted_clusters, each, key=_name)
    return tuple(sorted_clusters)


@derived
def _shared(resolved: SharedClusters) -> tuple[Cluster, ...]:
    return tuple(sorted((cluster for host in resolved.hosts for cluster in _of_host(host)), key=_name))


@derived
def _of_host(resolved: HostClusters) -> tuple[Cluster, ...]:
    endpoints = EndpointEmitter()
    return tuple(cluster(of_host, endpoints) for of_host in resolved.clusters)
