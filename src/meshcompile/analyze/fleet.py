"""The proxies of a mesh that checks resolve: a few that stand for all."""

from collections.abc import Callable, Iterator

from meshcompile.proxies import NamedProxy, proxies
from meshcompile.proxy import Proxy, ProxyType
from meshcompile.resolve.facts import ProxyFacts, proxy_facts
from meshcompile.resolve.scope.workload import placed
from meshcompile.snapshot.snapshot import Snapshot


def fleet(snapshot: Snapshot) -> Iterator[NamedProxy]:
    """Every proxy, sorted by namespace and name within its cluster."""
    for cluster, workloads in snapshot.workloads.clusters.items():
        yield from proxies(workloads.pods.values(), snapshot.behaviour.release, cluster, snapshot.proxy_configs)


def first_of_each(snapshot: Snapshot, shape: Callable[[NamedProxy], object]) -> Iterator[Proxy]:
    """The first proxy of each shape."""
    seen = set[object]()
    for each in fleet(snapshot):
        if (found := shape(each)) not in seen:
            seen.add(found)
            yield placed(snapshot, each.proxy)


def sidecars(snapshot: Snapshot) -> Iterator[ProxyFacts]:
    """One sidecar for each namespace of a cluster and each Sidecar that holds there."""

    def scope(each: NamedProxy) -> object:
        namespace, labels = each.pod.namespace, each.pod.metadata.labels
        held = snapshot.sidecars.for_workload(namespace, labels)
        return each.cluster, namespace, None if held is None else (held.namespace, held.name)

    for proxy in first_of_each(snapshot, scope):
        if proxy.type is ProxyType.SIDECAR:
            yield proxy_facts(snapshot, proxy)
