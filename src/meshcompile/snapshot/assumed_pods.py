"""A Pod of a workload, as Kubernetes creates it from the template and as Istio's injection completes it."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from meshcompile.inject.decision import AMBIENT_REDIRECTION, InjectionCandidate, is_ambient, is_injected
from meshcompile.inject.labels import gateway_labels, is_gateway, sidecar_labels
from meshcompile.models.base import ObjectMeta, OwnerReference, compact, placed
from meshcompile.models.kubernetes.custom_workload import CustomWorkload
from meshcompile.models.kubernetes.pod import PROXY_CONTAINER, Container, Pod, PodCondition, PodSpec, PodStatus
from meshcompile.models.kubernetes.workloads import (
    CronJob,
    DaemonSet,
    Deployment,
    Job,
    PodTemplateSpec,
    ReplicaSet,
    StatefulSet,
    TemplateMeta,
)
from meshcompile.models.kubernetes.workloads import Workload as KubernetesWorkload
from meshcompile.values.labels import TLS_MODE, TUNNEL, Labels

Workload = KubernetesWorkload | CustomWorkload
"""Any object that creates Pods."""
AcceptsTunnels = Callable[[Pod], bool]
"""Whether the sidecar of a Pod accepts HBONE tunnels."""
WORKLOAD_KINDS = (Deployment, StatefulSet, DaemonSet, ReplicaSet, Job, CronJob, CustomWorkload)
STATEFUL_LIMIT = 10
"""The maximum number of assumed Pods per StatefulSet."""
HELM_HOOK = "helm.sh/hook"
"""Annotation of Pods that run only while a chart is installed or tested."""
_PROXY = Container(name=PROXY_CONTAINER, image="auto")
_READY = (PodCondition(type="Ready", status="True"),)
# Kinds that create other workloads.
_OWNERS = frozenset({"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob", "Rollout"})


def template_of(workload: Workload) -> PodTemplateSpec:
    """The Pod template of a workload."""
    match workload:
        case CronJob():
            return workload.spec.job_template.spec.template
        case CustomWorkload():
            return workload.template
        case _:
            return workload.spec.template


def selector_of(workload: Workload) -> Labels:
    """The labels by which a workload selects its Pods; empty if it selects them in another way."""
    match workload:
        case Deployment() | StatefulSet() | DaemonSet() | ReplicaSet():
            return workload.spec.selector.match_labels
        case CustomWorkload():
            return workload.match_labels
        case _:
            return {}


def replicas(workload: Workload) -> int:
    """The number of Pods that are assumed."""
    match workload:
        case StatefulSet():
            return min(workload.spec.replicas, STATEFUL_LIMIT)
        case Deployment() | ReplicaSet():
            return min(workload.spec.replicas, 1)
        case CustomWorkload():
            return 1 if workload.spec.replicas is None else min(workload.spec.replicas, 1)
        case _:
            return 1


def is_owned(workload: Workload) -> bool:
    """True for a workload that another one creates, such as the ReplicaSet of a Deployment."""
    owners = workload.metadata.owner_references
    if isinstance(workload, CustomWorkload):
        return any(owner.controller for owner in owners)
    return any(owner.kind in _OWNERS for owner in owners)


def assumed_pod(
    workload: Workload, template: PodTemplateSpec, name: str, address: str, namespace_labels: Labels
) -> Pod:
    """A running Pod of a workload, after injection."""
    injected = _injected(workload.namespace, workload.name, template, namespace_labels)
    labels = injected.labels
    identity: Mapping[str, Any] = {}
    if isinstance(workload, StatefulSet):
        labels = {**labels, "statefulset.kubernetes.io/pod-name": name}
        identity = {"hostname": name, "subdomain": workload.spec.service_name}
    owner = OwnerReference(api_version=workload.api_version, kind=workload.kind, name=workload.name, controller=True)
    metadata = ObjectMeta(
        name=name,
        generate_name=f"{workload.name}-",
        namespace=workload.namespace,
        labels=labels,
        annotations=injected.annotations,
        creation_timestamp=workload.metadata.creation_timestamp,
        owner_references=(compact(owner),),
    )
    spec = injected.spec_of(template.spec, identity)
    return placed(Pod(metadata=compact(metadata), spec=spec, status=_running(address)), workload.origin)


def is_manifest(pod: Pod) -> bool:
    """True for a handwritten Pod without a status. Pods of Helm hooks are excluded, because they do not stay."""
    meta = pod.metadata
    return pod.status == PodStatus() and not meta.owner_references and HELM_HOOK not in meta.annotations


def started(pod: Pod, address: str, namespace_labels: Labels) -> Pod:
    """A handwritten Pod as a running Pod, after injection."""
    injected = _injected(pod.namespace, pod.name, manifest_template(pod), namespace_labels)
    added = {"labels": injected.labels, "annotations": injected.annotations}
    metadata = pod.metadata.model_copy(update=added)
    changed = {"metadata": metadata, "spec": injected.spec_of(pod.spec, {}), "status": _running(address)}
    return pod.model_copy(update=changed)


def manifest_template(pod: Pod) -> PodTemplateSpec:
    """The specification of a Pod, in the form of a Pod template."""
    meta = TemplateMeta(labels=pod.metadata.labels, annotations=pod.metadata.annotations)
    return PodTemplateSpec(metadata=meta, spec=pod.spec)


def _running(address: str) -> PodStatus:
    return compact(PodStatus(phase="Running", pod_ip=address, conditions=_READY))


class _Injected(NamedTuple):
    """What a Pod has after injection."""

    labels: Labels
    annotations: Mapping[str, str]
    containers: tuple[Container, ...]

    def spec_of(self, spec: PodSpec, identity: Mapping[str, Any]) -> PodSpec:
        """The specification of a Pod with its containers, its service account and its identity."""
        changed = {"containers": self.containers, "service_account_name": spec.service_account, **identity}
        return compact(spec.model_copy(update=changed))


def _injected(namespace: str, name: str, template: PodTemplateSpec, namespace_labels: Labels) -> _Injected:
    """What the Pods of a template have after injection, for a workload of this name."""
    labels, annotations, spec = template.metadata.labels, template.metadata.annotations, template.spec
    containers = spec.containers
    if gets_proxy(namespace, template, namespace_labels):
        added = gateway_labels if is_gateway(annotations) else sidecar_labels
        labels = {**labels, **added(labels, name)}
        if spec.proxy is None:
            containers = (*containers, _PROXY)
    elif is_ambient(namespace_labels, labels) and spec.proxy is None:
        annotations = {**annotations, AMBIENT_REDIRECTION: "enabled"}
    return _Injected(labels, annotations, containers)


def with_tunnel_label(pod: Pod, accepts_tunnels: AcceptsTunnels) -> Pod:
    """The Pod, with the label that injection adds for sidecars that accept HBONE tunnels."""
    labels = pod.metadata.labels
    if TLS_MODE not in labels or TUNNEL in labels or not accepts_tunnels(pod):
        return pod
    metadata = pod.metadata.model_copy(update={"labels": {**labels, TUNNEL: "http"}})
    return placed(pod.model_copy(update={"metadata": metadata}), pod.origin)


def nobody(pod: Pod) -> bool:
    """No sidecar accepts tunnels, as outside of ambient meshes."""
    return False


def gets_proxy(namespace: str, template: PodTemplateSpec, namespace_labels: Labels) -> bool:
    """True if injection adds a proxy to the Pods. Pods on the Node's network get none."""
    labels, annotations = template.metadata.labels, template.metadata.annotations
    return is_injected(InjectionCandidate(namespace, labels, annotations, template.spec.host_network), namespace_labels)
