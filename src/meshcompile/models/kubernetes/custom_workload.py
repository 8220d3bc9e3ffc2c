"""Workloads of kinds without a model of their own: objects with a Pod template where Kubernetes' own kinds have it."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from meshcompile.models.kubernetes.base import Int, KubernetesNode, KubernetesResource
from meshcompile.models.kubernetes.workloads import JobTemplateSpec, PodTemplateSpec, TemplateMeta
from meshcompile.values.labels import Labels

TEMPLATE_PATHS = (("spec", "template"), ("spec", "jobTemplate", "spec", "template"))
"""Where an object may have a Pod template."""


class NamedTemplateMeta(TemplateMeta):
    """The metadata of a Pod template. A Knative Service names its revision here."""

    name: str = ""
    """Name of the revision that the template makes."""


class NamedPodTemplateSpec(PodTemplateSpec):
    """The Pod template of a workload."""

    metadata: NamedTemplateMeta = Field(default_factory=NamedTemplateMeta)
    """Name, labels and annotations of what the template makes."""


class WorkloadRef(KubernetesNode):
    """The workload whose template an Argo Rollout uses in place of one of its own."""

    kind: str = ""
    """Kind of the workload."""
    name: str = ""
    """Its name, in the same namespace."""


class CustomWorkloadSpec(KubernetesNode):
    """The specification of a workload, in the fields that such kinds share."""

    replicas: Int | None = None
    """The desired number of Pods."""
    selector: Mapping[str, Any] = {}
    """The selector of its Pods: labels, or an object with `matchLabels`."""
    template: NamedPodTemplateSpec | None = None
    """The Pod template."""
    job_template: JobTemplateSpec | None = None
    """The template of the Jobs that create the Pods."""
    workload_ref: WorkloadRef | None = None
    """The Deployment whose template an Argo Rollout uses."""


class CustomWorkload(KubernetesResource):
    """An object that makes Pods, of a kind such as Rollout, DeploymentConfig or a Knative Service."""

    api_version: str = ""
    kind: str = ""
    spec: CustomWorkloadSpec = Field(default_factory=CustomWorkloadSpec)
    """Its specification."""

    @property
    def group(self) -> str:
        """The API group of the kind."""
        return self.api_version.rpartition("/")[0]

    @property
    def template(self) -> NamedPodTemplateSpec | PodTemplateSpec:
        """The Pod template; empty if another object has it."""
        if self.spec.template is not None:
            return self.spec.template
        return self.spec.job_template.spec.template if self.spec.job_template else PodTemplateSpec()

    @property
    def match_labels(self) -> Labels:
        """The labels by which the workload knows its Pods; empty where it does not know them by labels."""
        match self.spec.selector.get("matchLabels", self.spec.selector):
            case Mapping() as labels:
                return {key: value for key, value in labels.items() if isinstance(value, str)}
            case _:
                return {}


def makes_pods(value: Mapping[str, Any]) -> bool:
    """True for an object with a Pod template, or with a reference to the Deployment that has it."""
    refers = _at(value, ("spec", "workloadRef", "kind")) == "Deployment"
    return refers or any(_containers(value, path) for path in TEMPLATE_PATHS)


def _containers(value: Mapping[str, Any], path: tuple[str, ...]) -> bool:
    containers = _at(value, (*path, "spec", "containers"))
    return isinstance(containers, list) and bool(containers) and all(isinstance(each, Mapping) for each in containers)


def _at(value: Any, path: tuple[str, ...]) -> Any:
    """What is at a path; None where there is nothing."""
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value
