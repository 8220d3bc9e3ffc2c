"""The workload of a proxy: its labels and its locality.

Follows istiod's `Proxy.SetWorkloadLabels` and `xds.setTopologyLabels`. What the mesh knows of the Pod takes precedence
over what the proxy reports.
"""

from collections.abc import Iterator
from dataclasses import replace

from meshcompile.codes.proxies import DOTTED_POD
from meshcompile.diagnostics import Diagnostic
from meshcompile.models.kubernetes.pod import Pod
from meshcompile.proxy import Proxy
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.snapshot.workload_sources import pod_locality
from meshcompile.values.labels import REGION, SUBZONE, ZONE, Labels, locality_label, with_topology
from meshcompile.values.localities import Locality, locality

VIRTUAL_MACHINE = "istio.io/test-vm"


def placed(snapshot: Snapshot, proxy: Proxy) -> Proxy:
    """The proxy, with the labels of its workload and topology, and its locality."""
    labels = _workload_labels(snapshot, proxy)
    where = _labelled_locality(labels) or proxy.locality
    return replace(
        proxy,
        locality=where,
        labels=with_topology(labels, proxy.cluster, str(where), proxy.node_name, proxy.network),
    )


def pod_of(snapshot: Snapshot, proxy: Proxy) -> Pod | None:
    """The Pod that the proxy's id names, in the proxy's cluster."""
    key = pod_key(proxy)
    return None if key is None else snapshot.workloads.of(proxy.cluster).pods.get(key)


def pod_key(proxy: Proxy) -> tuple[str, str] | None:
    """The namespace and name of the Pod that the proxy's id names.

    None for a name with dots: istiod takes what follows the first dot for the namespace, and finds no Pod there.
    """
    name, dot, namespace = proxy.id.partition(".")
    return (namespace, name) if dot and namespace == proxy.namespace else None


def pod_findings(snapshot: Snapshot, proxy: Proxy) -> Iterator[Diagnostic]:
    """A finding for a Pod that istiod cannot find by the proxy's id."""
    pod = snapshot.workloads.of(proxy.cluster).pods.get((proxy.namespace, proxy.name))
    if pod is not None and pod_key(proxy) is None:
        yield DOTTED_POD(pod.metadata.at("name"), name=pod.name)


def is_virtual_machine(proxy: Proxy) -> bool:
    return bool(proxy.labels.get(VIRTUAL_MACHINE))


def _workload_labels(snapshot: Snapshot, proxy: Proxy) -> Labels:
    pod = None if is_virtual_machine(proxy) else pod_of(snapshot, proxy)
    if pod is None:
        return _entry_labels(snapshot, proxy) or proxy.labels
    labels = pod.metadata.labels
    where = pod_locality(pod, snapshot.workloads.of(proxy.cluster).nodes.get(pod.spec.node_name))
    network = snapshot.topology.of(proxy.cluster, pod.status.pod_ip, labels)
    return {
        **proxy.node_metadata.static_labels,
        **with_topology(labels, proxy.cluster, where, proxy.node_name, network),
    }


def _entry_labels(snapshot: Snapshot, proxy: Proxy) -> Labels | None:
    """The labels of the first ServiceEntry endpoint in the proxy's namespace that has one of its addresses."""
    if is_virtual_machine(proxy):
        return None
    instances = snapshot.endpoints.external_at(proxy.ip_addresses, proxy.namespace)
    return {**proxy.node_metadata.static_labels, **instances[0][1].labels} if instances else None


def _labelled_locality(labels: Labels) -> Locality | None:
    if any(key in labels for key in (REGION, ZONE, SUBZONE)):
        return Locality(labels.get(REGION, ""), labels.get(ZONE, ""), labels.get(SUBZONE, ""))
    text = locality_label(labels)
    return locality(text) if text else None
