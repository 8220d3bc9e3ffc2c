"""Clusters, from their pieces."""

from weakref import WeakKeyDictionary

from meshcompile.emit.clusters.cluster import cluster
from meshcompile.emit.clusters.external_sds import external_sds_cluster
from meshcompile.emit.locality_endpoints import EndpointEmitter
from meshcompile.envoy.config.cluster import Cluster
from meshcompile.resolve.clusters.pieces import Clusters, SharedClusters

# Proxies that share the pieces share the messages.
_EMITTED: WeakKeyDictionary[SharedClusters, tuple[Cluster, ...]] = WeakKeyDictionary()


def clusters(pieces: Clusters) -> tuple[Cluster, ...]:
    """Every cluster of a proxy, sorted by name."""
    endpoints = EndpointEmitter()
    own = tuple(cluster(piece, endpoints) for piece in pieces.own)
    sds = (external_sds_cluster(pieces),) if pieces.external_sds else ()
    return tuple(sorted((*_shared(pieces.shared), *own, *sds), key=lambda emitted: emitted.name))


def _shared(pieces: SharedClusters) -> tuple[Cluster, ...]:
    emitted = _EMITTED.get(pieces)
    if emitted is None:
        endpoints = EndpointEmitter()
        emitted = _EMITTED[pieces] = tuple(
            sorted((cluster(piece, endpoints) for piece in pieces.clusters), key=lambda made: made.name)
        )
    return emitted
