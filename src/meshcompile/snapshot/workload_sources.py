"""Workloads from Pods and from WorkloadEntries.

Follows istiod's `kube/controller/endpoint_builder.go` and `serviceentry.convertWorkloadEntryToWorkloadInstance`.
"""

from msgspec import Struct, field
from msgspec.structs import replace

from meshcompile.documents import NOWHERE, Origin
from meshcompile.models.kubernetes.node import Node
from meshcompile.models.kubernetes.pod import Pod
from meshcompile.models.networking.workload_entry import WorkloadEntry, WorkloadEntrySpec
from meshcompile.snapshot.networks import NetworkIndex
from meshcompile.snapshot.service import DISABLED_TLS_MODE, ISTIO_TLS_MODE, Workload
from meshcompile.snapshot.workloads import WorkloadIndex, named_ports, workload_name
from meshcompile.values.labels import (
    NETWORK,
    REGION,
    SUBZONE,
    TLS_MODE,
    WORKLOAD_NAME,
    ZONE,
    Labels,
    locality_of,
    with_topology,
)
from meshcompile.values.spiffe import spiffe_id

AUTO_REGISTRATION_GROUP = "istio.io/autoRegistrationGroup"
_OLD_REGION = "failure-domain.beta.kubernetes.io/region"
_OLD_ZONE = "failure-domain.beta.kubernetes.io/zone"


class WorkloadSource(Struct, frozen=True, eq=False):
    """Builds the workloads of one cluster, once per Pod."""

    cluster: str
    trust_domain: str
    index: WorkloadIndex
    networks: NetworkIndex
    _pods: dict[tuple[str, str], Workload] = field(default_factory=dict)

    def of_pod(self, pod: Pod) -> Workload:
        """The workload of a Pod."""
        key = (pod.namespace, pod.name)
        workload = self._pods.get(key)
        if workload is None:
            workload = self._pods[key] = self._pod_workload(pod)
        return workload

    def of_pod_at(self, pod: Pod, address: str) -> Workload:
        """The workload of a Pod at one of its addresses, which has a network if the first address has none."""
        workload = self.of_pod(pod)
        if workload.network or address == workload.addresses[0]:
            return workload
        network = self.networks.of(self.cluster, address, {})
        return replace(workload, network=network, labels={**workload.labels, NETWORK: network}) if network else workload

    def _pod_workload(self, pod: Pod) -> Workload:
        labels, address = pod.metadata.labels, pod.status.pod_ip
        network = self.networks.of(self.cluster, address, labels)
        locality = pod_locality(pod, self.index.of(self.cluster).nodes.get(pod.spec.node_name))
        return Workload(
            name=workload_name(pod),
            namespace=pod.namespace,
            addresses=(address,),
            labels=_with_network(with_topology(labels, self.cluster, locality, pod.spec.node_name, network)),
            service_account=spiffe_id(self.trust_domain, pod.namespace, pod.spec.service_account),
            network=network,
            locality=locality,
            cluster=self.cluster,
            tls_mode=labels.get(TLS_MODE, DISABLED_TLS_MODE),
            ports=named_ports(pod),
            node_name=pod.spec.node_name,
            object_name=pod.name,
            dns_name=f"{pod.spec.hostname or pod.name}.{pod.spec.subdomain}" if pod.spec.subdomain else "",
            is_pod=True,
            origin=pod.origin,
        )

    def of_address(self, address: str) -> Workload:
        """The workload of an address without a Pod. Only its location is known."""
        network = self.networks.of(self.cluster, address, {})
        return Workload(
            name="",
            namespace="",
            addresses=(address,),
            labels=_with_network(with_topology({}, self.cluster, "", "", network)),
            network=network,
            cluster=self.cluster,
        )

    def of_entry(self, entry: WorkloadEntry) -> Workload:
        """The workload of a WorkloadEntry. Labels of its metadata override labels of its spec."""
        meta = entry.metadata
        name = meta.annotations.get(AUTO_REGISTRATION_GROUP) or meta.labels.get(WORKLOAD_NAME) or entry.name
        return self.of_spec(
            entry.spec, {**entry.spec.labels, **meta.labels}, name, entry.namespace, entry.origin, entry.name
        )

    def of_spec(
        self, spec: WorkloadEntrySpec, labels: Labels, name: str, namespace: str, origin: Origin, object_name: str = ""
    ) -> Workload:
        """The workload that a WorkloadEntry or an endpoint of a ServiceEntry describes."""
        locality = spec.locality or locality_of(labels)
        tls_mode = labels.get(TLS_MODE, ISTIO_TLS_MODE if spec.service_account else DISABLED_TLS_MODE)
        account = spiffe_id(self.trust_domain, namespace, spec.service_account) if spec.service_account else ""
        return Workload(
            name=name,
            namespace=namespace,
            addresses=(spec.address,),
            labels=with_topology(labels, self.cluster, locality, "", spec.network),
            service_account=account,
            network=spec.network,
            locality=locality,
            cluster=self.cluster,
            weight=spec.weight or 1,
            tls_mode=tls_mode,
            ports=spec.ports,
            object_name=object_name,
            origin=origin,
        )

    def of_host(self, host: str, name: str, namespace: str, origin: Origin = NOWHERE) -> Workload:
        """The workload of a host name that DNS resolves."""
        return Workload(name=name, namespace=namespace, addresses=(host,), cluster=self.cluster, origin=origin)


def _with_network(labels: Labels) -> Labels:
    """The labels of an endpoint of Kubernetes, which always has the label of its network."""
    return labels if NETWORK in labels else {**labels, NETWORK: ""}


def pod_locality(pod: Pod, node: Node | None) -> str:
    """The locality of a Pod: its label, else its Node's labels."""
    labelled = locality_of(pod.metadata.labels)
    if labelled or node is None:
        return labelled
    labels = node.metadata.labels
    parts = (
        labels.get(REGION) or labels.get(_OLD_REGION, ""),
        labels.get(ZONE) or labels.get(_OLD_ZONE, ""),
        labels.get(SUBZONE, ""),
    )
    return "/".join(parts) if any(parts) else ""
