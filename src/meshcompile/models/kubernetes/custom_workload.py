"""Workloads of kinds without a model of their own.

They are objects with a pod template in the place where Kubernetes' own kinds have it.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from meshcompile.models.kubernetes.base import Int, KubernetesNode, KubernetesResource
from meshcompile.models.kubernetes.workloads import JobTemplateSpec, PodTemplateSpec, TemplateMeta
from meshcompile.values.labels import Labels

TEMPLATE_PATHS = (("spec", "template"), ("spec", "jobTemplate", "spec", "template"))
"""Where an object may have a pod template."""


class NamedTemplateMeta(TemplateMeta):
    """The metadata of a pod template. In a Knative Service, the name is the name of the revision."""

    name: str = ""
    """Name of the revision that the template creates."""


class NamedPodTemplateSpec(PodTemplateSpec):
    """The pod template of a workload."""

    metadata: NamedTemplateMeta = Field(default_factory=NamedTemplateMeta)
    """Name, labels and annotations of the created objects."""


class WorkloadRef(KubernetesNode):
    """The workload that provides the pod template of an Argo Rollout."""

    kind: str = ""
    """Kind of the workload."""
    name: str = ""
    """Name of the workload, in the same namespace."""


class CustomWorkloadSpec(KubernetesNode):
    """The specification of a workload: the fields that most such kinds have."""

    replicas: Int | None = None
    """Desired number of pods."""
    selector: Mapping[str, Any] = {}
    """Selector of the pods: labels, or an object with `matchLabels`."""
    template: NamedPodTemplateSpec | None = None
    """Pod template."""
    job_template: JobTemplateSpec | None = None
    """Template of the Jobs that create the pods."""
    workload_ref: WorkloadRef | None = None
    """The Deployment that provides the pod template of an Argo Rollout."""


class CustomWorkload(KubernetesResource):
    """An object that creates pods, of a kind such as Rollout, DeploymentConfig or Knative Service."""

    api_version: str = ""
    kind: str = ""
    spec: CustomWorkloadSpec = Field(default_factory=CustomWorkloadSpec)
    """Specification of the workload."""

    @property
    def group(self) -> str:
        """The API group of the kind."""
        return self.api_version.rpartition("/")[0]

    @property
    def template(self) -> NamedPodTemplateSpec | PodTemplateSpec:
        """The pod template. Empty if another object provides it."""
        if self.spec.template is not None:
            return self.spec.template
        return self.spec.job_template.spec.template if self.spec.job_template else PodTemplateSpec()

    @property
    def match_labels(self) -> Labels:
        """The labels that select the workload's pods. Empty if the workload does not select them by label."""
        match self.spec.selector.get("matchLabels", self.spec.selector):
            case Mapping() as labels:
                return {key: value for key, value in labels.items() if isinstance(value, str)}
            case _:
                return {}


def makes_pods(value: Mapping[str, Any]) -> bool:
    """Whether the object has a pod template, or refers to the Deployment that has one."""
    refers = _at(value, ("spec", "workloadRef", "kind")) == "Deployment"
    return refers or any(_containers(value, path) for path in TEMPLATE_PATHS)


def _containers(value: Mapping[str, Any], path: tuple[str, ...]) -> bool:
    containers = _at(value, (*path, "spec", "containers"))
    return (
        isinstance(containers, list)
        and bool(containers)
        and all(isinstance(container, Mapping) for container in containers)
    )


def _at(value: Any, path: tuple[str, ...]) -> Any:
    """The value at a path, or None."""
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value
