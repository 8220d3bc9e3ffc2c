"""Workloads in the mesh, as istioctl decides it from Pods alone. Follows its `util.inMesh`."""

from collections.abc import Iterable, Mapping

from meshcompile.analyze.written import Written
from meshcompile.inject.decision import (
    AMBIENT_REDIRECTION,
    DATAPLANE_MODE,
    NAMESPACE_INJECTION,
    REVISION,
    InjectionCandidate,
    in_mesh_for_istioctl,
)
from meshcompile.models.kubernetes.namespace import Namespace
from meshcompile.models.kubernetes.pod import PROXY_CONTAINER, Pod, PodSpec

SHOWN = 3
"""The maximum number of workloads in a message."""


def is_in_mesh(pod: Pod, written: Written) -> bool:
    """True if a Pod has a sidecar or gets one, or if its traffic is captured in ambient mode."""
    return is_ambient_pod(pod) or gets_sidecar(
        pod.spec, pod.namespace, pod.metadata.labels, pod.metadata.annotations, written
    )


def gets_sidecar(
    spec: PodSpec, namespace: str, labels: Mapping[str, str], annotations: Mapping[str, str], written: Written
) -> bool:
    """True if Pods of a namespace with these labels and annotations have a sidecar, or get one by injection."""
    if has_proxy(spec):
        return True
    found = written.namespaces.get(namespace)
    candidate = InjectionCandidate(namespace, labels, annotations)
    return in_mesh_for_istioctl(candidate, {} if found is None else found.metadata.labels)


def has_proxy(spec: PodSpec) -> bool:
    """True if a Pod has a container for the proxy."""
    containers = (*spec.containers, *spec.init_containers)
    return any(container.image for container in containers if container.name == PROXY_CONTAINER)


def is_ambient_pod(pod: Pod) -> bool:
    """True if ztunnel captures the traffic of a Pod."""
    return pod.metadata.annotations.get(AMBIENT_REDIRECTION) == "enabled"


def is_ambient_namespace(namespace: Namespace | None) -> bool:
    """True if the Pods of a namespace are in ambient mode, because nothing injects a sidecar into them."""
    labels = {} if namespace is None else namespace.metadata.labels
    injected = labels.get(NAMESPACE_INJECTION) == "enabled" or labels.get(REVISION)
    return not injected and labels.get(DATAPLANE_MODE) == "ambient"


def is_assumed(pod: Pod) -> bool:
    """True for a Pod that is not in the input: a workload of the input would create it."""
    return pod.origin.document.kind != "Pod"


def is_created(pod: Pod) -> bool:
    """True for a Pod that is running already, and that is not injected any more."""
    return "status" in pod.origin.document.value  # an assumed Pod has a status too


def is_written_with_proxy(pod: Pod) -> bool:
    """True if the input has a container for the proxy in a Pod. An assumed injection adds one without an origin."""
    containers = (*pod.spec.containers, *pod.spec.init_containers)
    return any(each.image and each.origin for each in containers if each.name == PROXY_CONTAINER)


def assumption(pods: Iterable[Pod]) -> str:
    """The Pods that the checks count on although the input lacks them, by the workloads that would create them."""
    workloads = dict.fromkeys(f"{pod.origin.document.kind} {pod.origin.document.name}" for pod in pods)
    more = f" and {len(workloads) - SHOWN} more" if len(workloads) > SHOWN else ""
    return f"meshcompile assumes those of {', '.join(list(workloads)[:SHOWN])}{more}"


def is_control_plane(labels: Mapping[str, str]) -> bool:
    """True for the labels of Istio's own objects."""
    return "istio" in labels or labels.get("release") == "istio"
