"""The workloads of the mesh: Pods, Nodes and Namespaces of each cluster, and WorkloadEntries.

Follows istiod's `kube/controller/pod.go`.
"""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from meshcompile.models.base import OwnerReference
from meshcompile.models.kubernetes.namespace import Namespace
from meshcompile.models.kubernetes.node import Node
from meshcompile.models.kubernetes.pod import Container, Pod
from meshcompile.models.networking.workload_entry import WorkloadEntry
from meshcompile.snapshot.resources import ConfigStore
from meshcompile.values.labels import TRUE, WORKLOAD_NAME, Labels

HEALTH_CHECKS = "proxy.istio.io/health-checks-enabled"


class ClusterWorkloads(Struct, frozen=True, eq=False):
    """Pods, Nodes and Namespaces of one Kubernetes cluster, without failed Pods."""

    pods: Mapping[tuple[str, str], Pod]  # by namespace and name
    ready_pods_by_ip: Mapping[str, tuple[Pod, ...]]
    nodes: Mapping[str, Node]
    namespaces: Mapping[str, Namespace]

    def pod_at(self, address: str, namespace: str) -> Pod | None:
        """A ready Pod of the namespace with this address: the first by name, if host networking makes several share
        it.
        """
        return next((pod for pod in self.ready_pods_by_ip.get(address, ()) if pod.namespace == namespace), None)

    def namespace_labels(self, namespace: str) -> Labels:
        known = self.namespaces.get(namespace)
        return {} if known is None else known.metadata.labels

    def namespace_annotations(self, namespace: str) -> Labels:
        known = self.namespaces.get(namespace)
        return {} if known is None else known.metadata.annotations


class WorkloadIndex(Struct, frozen=True, eq=False):
    """The workloads of every cluster; `entries` are the healthy WorkloadEntries of the config cluster."""

    config_cluster: str
    clusters: Mapping[str, ClusterWorkloads]
    entries: tuple[WorkloadEntry, ...]

    def of(self, cluster: str) -> ClusterWorkloads:
        """The workloads of a cluster; empty for an unknown cluster."""
        return self.clusters.get(cluster, _NOTHING)

    @property
    def here(self) -> ClusterWorkloads:
        """The workloads of the config cluster."""
        return self.of(self.config_cluster)


_NOTHING = ClusterWorkloads({}, {}, {}, {})


def workload_index(resources: ConfigStore, cluster: str) -> WorkloadIndex:
    """The index of the accepted resources."""
    remote = {name: _cluster_workloads(of_cluster) for name, of_cluster in resources.clusters.items()}
    entries = tuple(entry for entry in resources.all(WorkloadEntry) if _is_healthy(entry))
    return WorkloadIndex(cluster, {**remote, cluster: _cluster_workloads(resources)}, entries)


def _cluster_workloads(resources: ConfigStore) -> ClusterWorkloads:
    pods = {(pod.namespace, pod.name): pod for pod in resources.all(Pod) if pod.status.phase != "Failed"}
    return ClusterWorkloads(
        pods=pods,
        ready_pods_by_ip=_by_ip(pod for _, pod in sorted(pods.items()) if is_ready(pod)),
        nodes={node.name: node for node in resources.all(Node)},
        namespaces={namespace.name: namespace for namespace in resources.all(Namespace)},
    )


def _by_ip(pods: Iterable[Pod]) -> Mapping[str, tuple[Pod, ...]]:
    by_ip: dict[str, tuple[Pod, ...]] = {}
    for pod in pods:
        if pod.status.pod_ip:
            by_ip[pod.status.pod_ip] = (*by_ip.get(pod.status.pod_ip, ()), pod)
    return by_ip


def is_ready(pod: Pod) -> bool:
    """True for a Pod that has an address, runs, is ready and is not being deleted."""
    return (
        pod.status.phase != "Succeeded"
        and bool(pod.status.pod_ip)
        and pod.metadata.deletion_timestamp is None
        and next((c.status == "True" for c in pod.status.conditions if c.type == "Ready"), False)
    )


def workload_name(pod: Pod) -> str:
    """The name of a Pod's workload in telemetry: its label, else its controller's name, else the Pod's name."""
    labelled = pod.metadata.labels.get(WORKLOAD_NAME)
    if labelled is not None:
        return labelled
    owner = next((owner for owner in pod.metadata.owner_references if owner.controller), None)
    if not pod.metadata.generate_name or owner is None:
        return pod.name
    return _managed_name(owner, pod.metadata.labels) or pod.name


def _managed_name(owner: OwnerReference, labels: Labels) -> str:
    """The Deployment of a ReplicaSet, the CronJob of a Job, or else the owner itself."""
    match owner.kind:
        case "ReplicaSet":
            for label in ("pod-template-hash", "rollouts-pod-template-hash"):
                suffix = labels.get(label, "")
                if suffix and owner.name.endswith(suffix):
                    return owner.name.removesuffix("-" + suffix)
            return owner.name
        case "ReplicationController":
            return labels.get("deploymentconfig") or owner.name
        case "Job":
            name, _, stamp = owner.name.rpartition("-")
            return name if name and stamp.isdecimal() and 8 <= len(stamp) <= 10 else owner.name
        case _:
            return owner.name


def named_ports(pod: Pod) -> Mapping[str, int]:
    """The named TCP ports of a Pod's containers. The first port with a name wins."""
    ports: dict[str, int] = {}
    for container in serving_containers(pod):
        for port in container.ports:
            if port.name and port.protocol == "TCP":
                ports.setdefault(port.name, port.container_port)
    return ports


def serving_containers(pod: Pod) -> tuple[Container, ...]:
    """The containers that keep running: all except init containers that terminate."""
    sidecars = (container for container in pod.spec.init_containers if container.restart_policy == "Always")
    return (*pod.spec.containers, *sidecars)


def _is_healthy(entry: WorkloadEntry) -> bool:
    """False for an entry with health checks until it is reported healthy."""
    if entry.metadata.annotations.get(HEALTH_CHECKS) not in TRUE:
        return True
    conditions = entry.status.conditions if entry.status is not None else ()
    return next((c.status == "True" for c in conditions if c.type == "Healthy"), False)
