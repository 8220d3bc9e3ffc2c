"""Pods, EndpointSlices and addresses that a cluster would create, for meshes that are described without them.

Git repositories hold Deployments and Services, but no Pods and EndpointSlices. If the input has no Pod of a workload,
its Pods are assumed from its template, as Kubernetes and Istio's injection would create them. The endpoints of the
Services that select these Pods, and the addresses of these Services, are assumed as well. A Pod without a status, as in
a repository, is assumed to be running. Nothing else is assumed. Pods and EndpointSlices in the input are used as they
are. A Service that selects no assumed Pod stays unchanged.

- One Pod stands for all replicas of a workload. A StatefulSet has one Pod per replica, at most ten, because each has
  its own name. A workload with no replicas has none.
- Pods are named like those of a StatefulSet, `NAME-0`, even where Kubernetes would generate a random name.
- An address depends only on cluster, namespace, kind and name, unless two hash to the same address. It depends neither
  on the order of the input nor on other objects.
- Every assumed object has the origin of the workload or Service that it comes from.
"""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from meshcompile.codes import proxies as codes
from meshcompile.diagnostics import Diagnostic
from meshcompile.inject.labels import is_gateway
from meshcompile.models.base import Resource
from meshcompile.models.kubernetes.endpoint_slice import EndpointSlice
from meshcompile.models.kubernetes.endpoints import Endpoints
from meshcompile.models.kubernetes.namespace import Namespace
from meshcompile.models.kubernetes.pod import PROXY_CONTAINER, Pod
from meshcompile.models.kubernetes.service import Service
from meshcompile.models.kubernetes.workloads import PodTemplateSpec
from meshcompile.snapshot.addresses import POD_RANGE, SERVICE_RANGE, AddressPool
from meshcompile.snapshot.assumed_endpoints import endpoint_slices
from meshcompile.snapshot.assumed_pods import (
    WORKLOAD_KINDS,
    AcceptsTunnels,
    Workload,
    assumed_pod,
    gets_proxy,
    is_manifest,
    is_owned,
    manifest_template,
    nobody,
    replicas,
    selector_of,
    started,
    template_of,
    with_tunnel_label,
)
from meshcompile.snapshot.generated_workloads import generated_workloads, missing_templates
from meshcompile.snapshot.resources import Assumed
from meshcompile.values.labels import NO_LABELS, Labels, selects

# The labels of a Namespace that is not in the input, except for the namespace of Istio itself.
_ASSUMED_NAMESPACE: Labels = {"istio-injection": "enabled"}
_NOT_GUESSED = frozenset({"istio-system"})


class Assumption(Struct, frozen=True):
    """What is assumed of a cluster: objects that replace others, by kind, namespace and name, and new objects."""

    replaced: Mapping[tuple[str, str, str], Resource]
    added: tuple[Resource, ...]
    diagnostics: tuple[Diagnostic, ...]


def assumed(resources: Iterable[Resource], cluster: str = "") -> Assumed:
    """The objects of one cluster, completed. `cluster` makes the addresses of several clusters differ.

    Services that get an address and Pods that are started are replaced. All other objects stay. New objects come last.
    """
    given = tuple(resources)
    return completed(given, assumption(assumption_inputs(given), cluster))


def assumption_inputs(resources: Iterable[Resource]) -> tuple[Resource, ...]:
    """The objects that decide what is assumed."""
    return tuple(resource for resource in resources if isinstance(resource, _DECIDING))


_DECIDING = (*WORKLOAD_KINDS, Pod, Service, EndpointSlice, Endpoints, Namespace)


def completed(given: tuple[Resource, ...], found: Assumption) -> Assumed:
    """The objects of a cluster with what is assumed."""
    replaced = found.replaced
    kept = (replaced.get((r.kind, r.namespace, r.name), r) for r in given) if replaced else given
    return Assumed((*kept, *found.added), found.diagnostics)


def assumption(given: tuple[Resource, ...], cluster: str, accepts_tunnels: AcceptsTunnels = nobody) -> Assumption:
    """What is assumed of a cluster with these objects. `accepts_tunnels` says which sidecars accept HBONE tunnels."""
    if not any(isinstance(r, WORKLOAD_KINDS) or (isinstance(r, Pod) and is_manifest(r)) for r in given):
        return Assumption({}, (), ())
    made = _Assumption(_Given.of(given), cluster, accepts_tunnels)
    made.diagnostics.extend(missing_templates(given))
    for pod in made.given.manifests:
        made.start(pod)
    for workload in made.given.workloads:
        made.add_pods(workload)
    for service in made.given.services:
        made.add_endpoints(service)
    return Assumption(made.replaced, (*made.pods, *made.slices), tuple(made.diagnostics))


class _Given(Struct, frozen=True):
    """The objects of the input, in a fixed order."""

    workloads: tuple[Workload, ...]
    services: tuple[Service, ...]
    pods: tuple[Pod, ...]
    manifests: tuple[Pod, ...]
    namespaces: Mapping[str, Labels]
    with_endpoints: frozenset[tuple[str, str]]  # namespace and name of Services

    @classmethod
    def of(cls, resources: Sequence[Resource]) -> "_Given":
        ordered = sorted(resources, key=lambda r: (r.namespace, r.kind, r.name))
        slices = {(r.namespace, r.service_name) for r in resources if isinstance(r, EndpointSlice)}
        return cls(
            workloads=tuple(generated_workloads(ordered)),
            services=tuple(r for r in ordered if isinstance(r, Service)),
            pods=tuple(r for r in ordered if isinstance(r, Pod) and not is_manifest(r)),
            manifests=tuple(r for r in ordered if isinstance(r, Pod) and is_manifest(r)),
            namespaces={r.name: r.metadata.labels for r in resources if isinstance(r, Namespace)},
            with_endpoints=frozenset(slices | {(r.namespace, r.name) for r in resources if isinstance(r, Endpoints)}),
        )


class _Pods:
    """Pods, indexed by their labels."""

    def __init__(self, pods: Iterable[Pod] = ()) -> None:
        self._by_label: dict[tuple[str, str, str], list[Pod]] = {}
        self._names: set[tuple[str, str]] = set()
        for pod in pods:
            self.add(pod)

    def add(self, pod: Pod) -> None:
        self._names.add((pod.namespace, pod.name))
        for label in pod.metadata.labels.items():
            self._by_label.setdefault((pod.namespace, *label), []).append(pod)

    def has(self, namespace: str, name: str) -> bool:
        return (namespace, name) in self._names

    def selected(self, namespace: str, selector: Labels) -> Sequence[Pod]:
        """The Pods that a selector matches; none for an empty selector."""
        candidates = (self._by_label.get((namespace, *label), []) for label in selector.items())
        fewest = min(candidates, key=len, default=[])
        return [pod for pod in fewest if selects(selector, pod.metadata.labels)]


class _Assumption:
    """The objects that are assumed so far."""

    def __init__(self, given: _Given, cluster: str, accepts_tunnels: AcceptsTunnels) -> None:
        self.given = given
        self.cluster = cluster
        self.accepts_tunnels = accepts_tunnels
        self.replaced: dict[tuple[str, str, str], Resource] = {}  # by kind, namespace and name
        self.pods: list[Pod] = []
        self.slices: list[EndpointSlice] = []
        self.diagnostics: list[Diagnostic] = []
        self._given_pods = _Pods(given.pods)
        self._assumed_pods = _Pods()
        self._guessed_namespaces: set[str] = set()
        self._pod_addresses = AddressPool(POD_RANGE, (pod.status.pod_ip for pod in given.pods))
        self._service_addresses = AddressPool(SERVICE_RANGE, (service.spec.cluster_ip for service in given.services))

    def start(self, pod: Pod) -> None:
        """Assume that a handwritten Pod is running."""
        address = self._pod_addresses.address(self.cluster, pod.namespace, pod.kind, pod.name)
        if address is None:
            self.diagnostics.append(codes.NO_ADDRESS_LEFT(pod))
            return
        injected = started(pod, address, self._namespace_labels(pod, manifest_template(pod)))
        running = with_tunnel_label(injected, self.accepts_tunnels)
        self._assumed_pods.add(running)
        self.replaced[pod.kind, pod.namespace, pod.name] = running
        self.diagnostics.append(codes.ASSUMED_RUNNING(pod, proxy=_proxy_words(running), address=address))

    def add_pods(self, workload: Workload) -> None:
        """Assume the Pods of a workload that has none."""
        template = template_of(workload)
        own = selector_of(workload) or template.metadata.labels
        if is_owned(workload) or self._given_pods.selected(workload.namespace, own):
            return
        pods = [pod for ordinal in range(replicas(workload)) if (pod := self._pod(workload, template, ordinal))]
        for pod in pods:
            self._assumed_pods.add(pod)
        self.pods.extend(pods)
        if pods:
            addresses = ", ".join(pod.status.pod_ip for pod in pods)
            self.diagnostics.append(
                codes.ASSUMED_PODS(workload, pods=_named(pods), proxy=_proxy_words(pods[0]), addresses=addresses)
            )

    def add_endpoints(self, service: Service) -> None:
        """Assume the endpoints and the address of a Service that selects an assumed Pod and has no endpoints."""
        spec = service.spec
        if spec.type == "ExternalName" or (service.namespace, service.name) in self.given.with_endpoints:
            return
        assumed = self._assumed_pods.selected(service.namespace, spec.selector)
        if assumed:
            stated = self._given_pods.selected(service.namespace, spec.selector)
            pods = [*(pod for pod in stated if pod.status.pod_ip), *assumed]
            self.slices.extend(endpoint_slices(service, pods))
            self.diagnostics.append(codes.ASSUMED_ENDPOINTS(service, pods=_named(pods)))
            self._add_cluster_ip(service)

    def _add_cluster_ip(self, service: Service) -> None:
        if service.spec.cluster_ip:
            return
        address = self._service_addresses.address(self.cluster, service.namespace, service.name)
        if address is None:
            self.diagnostics.append(codes.NO_ADDRESS_LEFT(service))
            return
        spec = service.spec.model_copy(update={"cluster_ip": address, "cluster_ips": (address,)})
        self.replaced[service.kind, service.namespace, service.name] = service.model_copy(update={"spec": spec})
        self.diagnostics.append(codes.ASSUMED_CLUSTER_IP(service, address=address))

    def _pod(self, workload: Workload, template: PodTemplateSpec, ordinal: int) -> Pod | None:
        identity = (workload.namespace, workload.kind, workload.name, str(ordinal))
        address = self._pod_addresses.address(self.cluster, *identity)
        if address is None:
            self.diagnostics.append(codes.NO_ADDRESS_LEFT(workload))
            return None
        name = self._pod_name(workload, ordinal)
        pod = assumed_pod(workload, template, name, address, self._namespace_labels(workload, template))
        return with_tunnel_label(pod, self.accepts_tunnels)

    def _pod_name(self, workload: Workload, ordinal: int) -> str:
        """`NAME-ORDINAL`, with the kind in between if another Pod already has that name."""
        name, namespace = f"{workload.name}-{ordinal}", workload.namespace
        is_taken = self._given_pods.has(namespace, name) or self._assumed_pods.has(namespace, name)
        return f"{workload.name}-{workload.kind.lower()}-{ordinal}" if is_taken else name

    def _namespace_labels(self, workload: Workload | Pod, template: PodTemplateSpec) -> Labels:
        namespace = workload.namespace
        if namespace in self.given.namespaces or namespace in _NOT_GUESSED:
            return self.given.namespaces.get(namespace, NO_LABELS)
        with_label, without = (gets_proxy(namespace, template, each) for each in (_ASSUMED_NAMESPACE, NO_LABELS))
        if with_label != without and namespace not in self._guessed_namespaces:
            self._guessed_namespaces.add(namespace)
            self.diagnostics.append(codes.ASSUMED_INJECTION(workload))
        return _ASSUMED_NAMESPACE


def _proxy_words(pod: Pod) -> str:
    if pod.spec.proxy is None:
        return "without a proxy"
    if "waypoint" in pod.spec.proxy.args:
        return "a waypoint"
    is_alone = all(container.name == PROXY_CONTAINER for container in pod.spec.containers)
    return "a gateway" if is_alone or is_gateway(pod.metadata.annotations) else "with a sidecar"


def _named(pods: Sequence[Pod]) -> str:
    return ("Pod " if len(pods) == 1 else "Pods ") + ", ".join(f"`{pod.name}`" for pod in pods)
