"""Clusters, from their pieces."""

from collections.abc import Iterable
from weakref import WeakKeyDictionary

from meshcompile.emit.clusters.cluster import cluster
from meshcompile.emit.clusters.external_sds import external_sds_cluster
from meshcompile.emit.locality_endpoints import EndpointEmitter
from meshcompile.envoy.config.cluster import Cluster
from meshcompile.resolve.clusters.pieces import Clusters, HostClusters, SharedClusters

# Proxies that share pieces share the messages.
_EMITTED: WeakKeyDictionary[SharedClusters, tuple[Cluster, ...]] = WeakKeyDictionary()
_EMITTED_OF_HOST: WeakKeyDictionary[HostClusters, tuple[Cluster, ...]] = WeakKeyDictionary()


def clusters(pieces: Clusters) -> tuple[Cluster, ...]:
    """Every cluster of a proxy, sorted by name."""
    endpoints = EndpointEmitter()
    own = tuple(cluster(piece, endpoints) for piece in pieces.own)
    sds = (external_sds_cluster(pieces),) if pieces.external_sds else ()
    return _by_name((*_shared(pieces.shared), *own, *sds))


def _shared(pieces: SharedClusters) -> tuple[Cluster, ...]:
    emitted = _EMITTED.get(pieces)
    if emitted is None:
        emitted = _EMITTED[pieces] = _by_name(made for host in pieces.hosts for made in _of_host(host))
    return emitted


def _of_host(pieces: HostClusters) -> tuple[Cluster, ...]:
    emitted = _EMITTED_OF_HOST.get(pieces)
    if emitted is None:
        endpoints = EndpointEmitter()
        emitted = _EMITTED_OF_HOST[pieces] = tuple(cluster(piece, endpoints) for piece in pieces.clusters)
    return emitted


def _by_name(emitted: Iterable[Cluster]) -> tuple[Cluster, ...]:
    return tuple(sorted(emitted, key=lambda made: made.name))
