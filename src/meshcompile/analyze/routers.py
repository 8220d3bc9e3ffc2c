"""The gateways of a mesh: one proxy for each set of similar Pods."""

from collections.abc import Iterator
from dataclasses import replace

from meshcompile.models.kubernetes.pod import PROXY_CONTAINER, Pod
from meshcompile.proxies import NamedProxy, has_node_id
from meshcompile.proxy import Proxy, ProxyType
from meshcompile.resolve.scope.workload import placed
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.values.labels import TLS_MODE, selects


def routers(snapshot: Snapshot) -> Iterator[Proxy]:
    """The first gateway of each cluster, namespace and set of labels that some Gateway selects."""
    selectors = {tuple(gateway.spec.selector.items()) for gateway in snapshot.gateways.all if gateway.spec.selector}
    for cluster, workloads in snapshot.workloads.clusters.items():
        first: dict[tuple[object, ...], Pod] = {}
        for pod in workloads.pods.values():
            labels = pod.metadata.labels
            if has_node_id(pod) and not has_sidecar(pod) and any(selects(dict(each), labels) for each in selectors):
                first.setdefault((pod.namespace, frozenset(labels.items())), pod)
        for pod in first.values():
            named = NamedProxy(pod, snapshot.behaviour.release, cluster, snapshot.proxy_configs)
            yield placed(snapshot, replace(named.proxy, type=ProxyType.ROUTER))


def has_sidecar(pod: Pod) -> bool:
    """True if a Pod has Envoy next to an application."""
    is_alone = all(container.name == PROXY_CONTAINER for container in pod.spec.containers)
    return not is_alone and (pod.spec.proxy is not None or pod.metadata.labels.get(TLS_MODE) == "istio")
