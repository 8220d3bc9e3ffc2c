"""A Pod of a workload, as Kubernetes makes it from the template and Istio's injection completes it."""

from collections.abc import Mapping
from typing import Any

from meshcompile.labels import Labels
from meshcompile.models.base import ObjectMeta, OwnerReference, placed
from meshcompile.models.kubernetes.pod import Container, Pod, PodCondition, PodIP, PodSpec, PodStatus
from meshcompile.models.kubernetes.workloads import (
    CronJob,
    DaemonSet,
    Deployment,
    Job,
    PodTemplateSpec,
    ReplicaSet,
    StatefulSet,
    Workload,
)
from meshcompile.snapshot.injection import (
    AMBIENT_REDIRECTION,
    gateway_labels,
    is_ambient,
    is_gateway,
    is_injected,
    sidecar_labels,
)

WORKLOAD_KINDS = (Deployment, StatefulSet, DaemonSet, ReplicaSet, Job, CronJob)
STATEFUL_LIMIT = 10
"""How many Pods of a StatefulSet are assumed at most."""
PROXY_CONTAINER = "istio-proxy"
_PROXY = Container(name=PROXY_CONTAINER, image="auto")
_READY = (PodCondition(type="Ready", status="True"),)
_WORKLOAD_NAMES = frozenset(kind.__name__ for kind in WORKLOAD_KINDS)


def template_of(workload: Workload) -> PodTemplateSpec:
    """The form of a workload's Pods."""
    match workload:
        case CronJob():
            return workload.spec.job_template.spec.template
        case _:
            return workload.spec.template


def selector_of(workload: Workload) -> Labels:
    """The labels by which a workload knows its Pods; empty where it does not know them by labels."""
    match workload:
        case Deployment() | StatefulSet() | DaemonSet() | ReplicaSet():
            return workload.spec.selector.match_labels
        case _:
            return {}


def replicas(workload: Workload) -> int:
    """How many Pods are assumed."""
    match workload:
        case StatefulSet():
            return min(workload.spec.replicas, STATEFUL_LIMIT)
        case Deployment() | ReplicaSet():
            return min(workload.spec.replicas, 1)
        case _:
            return 1


def is_owned(workload: Workload) -> bool:
    """True for a workload that another one makes, such as the ReplicaSet of a Deployment."""
    return any(owner.kind in _WORKLOAD_NAMES for owner in workload.metadata.owner_references)


def assumed_pod(
    workload: Workload, template: PodTemplateSpec, name: str, address: str, namespace_labels: Labels
) -> Pod:
    """A running Pod of a workload, as it is after injection."""
    labels, annotations, containers = _injected(workload, template, namespace_labels)
    identity: Mapping[str, Any] = {}
    if isinstance(workload, StatefulSet):
        labels = {**labels, "statefulset.kubernetes.io/pod-name": name}
        identity = {"hostname": name, "subdomain": workload.spec.service_name}
    pod = Pod(
        metadata=ObjectMeta(
            name=name,
            generate_name=f"{workload.name}-",
            namespace=workload.namespace,
            labels=labels,
            annotations=annotations,
            creation_timestamp=workload.metadata.creation_timestamp,
            owner_references=(
                OwnerReference(
                    api_version=workload.api_version, kind=workload.kind, name=workload.name, controller=True
                ),
            ),
        ),
        spec=template.spec.model_copy(
            update={"containers": containers, "service_account_name": template.spec.service_account, **identity}
        ),
        status=PodStatus(
            phase="Running",
            pod_ip=address,
            pod_ips=(PodIP(ip=address),),
            conditions=_READY,
        ),
    )
    return placed(pod, workload.origin)


def _injected(
    workload: Workload, template: PodTemplateSpec, namespace_labels: Labels
) -> tuple[Labels, Labels, tuple[Container, ...]]:
    """Labels, annotations and containers of a Pod after injection."""
    labels, annotations, spec = template.metadata.labels, template.metadata.annotations, template.spec
    if not gets_proxy(workload, template, namespace_labels):
        if is_ambient(namespace_labels, labels) and not has_proxy(spec):
            annotations = {**annotations, AMBIENT_REDIRECTION: "enabled"}
        return labels, annotations, spec.containers
    added = gateway_labels if is_gateway(annotations) else sidecar_labels
    proxy = () if has_proxy(spec) else (_PROXY,)
    return {**labels, **added(labels, workload.name)}, annotations, (*spec.containers, *proxy)


def gets_proxy(workload: Workload, template: PodTemplateSpec, namespace_labels: Labels) -> bool:
    """True when injection adds a proxy to the Pods; on the Node's own network there is none."""
    labels, annotations = template.metadata.labels, template.metadata.annotations
    injected = is_injected(workload.namespace, namespace_labels, labels, annotations)
    return injected and not template.spec.host_network


def has_proxy(spec: PodSpec) -> bool:
    """True when Envoy is one of the containers."""
    return any(container.name == PROXY_CONTAINER for container in (*spec.containers, *spec.init_containers))
