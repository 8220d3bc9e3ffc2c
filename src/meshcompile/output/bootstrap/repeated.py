"""Clusters that istiod sends twice."""

from collections.abc import Iterable

from meshcompile.codes.output import REPEATED_CLUSTER
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import NOWHERE
from meshcompile.envoy.config.cluster import Cluster


def without_repeated(clusters: Iterable[Cluster]) -> tuple[tuple[Cluster, ...], tuple[Diagnostic, ...]]:
    """The first cluster of each name, and a finding for each other one.

    istiod sends a cluster twice if a Service has a port twice. A bootstrap must not have duplicates.
    """
    first: dict[str, Cluster] = {}
    findings = []
    for cluster in clusters:
        if first.setdefault(cluster.name, cluster) is not cluster:
            origin = next(iter(cluster.origins), NOWHERE)
            findings.append(REPEATED_CLUSTER(origin, resource=f"cluster {cluster.name}"))
    return tuple(first.values()), tuple(findings)
