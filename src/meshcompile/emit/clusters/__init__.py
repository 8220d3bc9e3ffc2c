"""Clusters, from their pieces."""

from meshcompile.envoy.config.cluster import Cluster
from meshcompile.resolve.clusters import Clusters


def clusters(pieces: Clusters) -> tuple[Cluster, ...]:
    """Every cluster of a proxy, sorted by name."""
    return ()
