"""Kubernetes workloads: kinds that create Pods from a template."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from meshcompile.models.kubernetes.base import Int, KubernetesNode, KubernetesResource, LabelSelector, TextValue
from meshcompile.models.kubernetes.pod import PodSpec


class TemplateMeta(KubernetesNode):
    """The metadata of a Pod template."""

    labels: Mapping[str, TextValue] = {}
    """Labels of the Pods."""
    annotations: Mapping[str, TextValue] = {}
    """Annotations of the Pods."""


class PodTemplateSpec(KubernetesNode):
    """The Pod template of a workload."""

    metadata: TemplateMeta = Field(default_factory=TemplateMeta)
    """Labels and annotations of the Pods."""
    spec: PodSpec = Field(default_factory=PodSpec)
    """What runs in them."""


class DeploymentSpec(KubernetesNode):
    """The specification of a Deployment."""

    replicas: Int = 1
    """The desired number of Pods."""
    selector: LabelSelector = Field(default_factory=LabelSelector)
    """The selector of its Pods."""
    template: PodTemplateSpec = Field(default_factory=PodTemplateSpec)
    """The Pod template."""


class Deployment(KubernetesResource):
    """A Kubernetes Deployment: interchangeable Pods."""

    api_version: Literal["apps/v1"] = "apps/v1"
    kind: Literal["Deployment"] = "Deployment"
    spec: DeploymentSpec = Field(default_factory=DeploymentSpec)
    """Its specification."""


class ReplicaSetSpec(KubernetesNode):
    """The specification of a ReplicaSet."""

    replicas: Int = 1
    """The desired number of Pods."""
    selector: LabelSelector = Field(default_factory=LabelSelector)
    """The selector of its Pods."""
    template: PodTemplateSpec = Field(default_factory=PodTemplateSpec)
    """The Pod template."""


class ReplicaSet(KubernetesResource):
    """A Kubernetes ReplicaSet: one generation of a Deployment's Pods, or Pods of its own."""

    api_version: Literal["apps/v1"] = "apps/v1"
    kind: Literal["ReplicaSet"] = "ReplicaSet"
    spec: ReplicaSetSpec = Field(default_factory=ReplicaSetSpec)
    """Its specification."""


class StatefulSetSpec(KubernetesNode):
    """The specification of a StatefulSet."""

    replicas: Int = 1
    """The desired number of Pods, named with ordinals."""
    service_name: str = ""
    """The headless Service that gives each Pod its DNS name."""
    selector: LabelSelector = Field(default_factory=LabelSelector)
    """The selector of its Pods."""
    template: PodTemplateSpec = Field(default_factory=PodTemplateSpec)
    """The Pod template."""


class StatefulSet(KubernetesResource):
    """A Kubernetes StatefulSet: Pods with names of their own."""

    api_version: Literal["apps/v1"] = "apps/v1"
    kind: Literal["StatefulSet"] = "StatefulSet"
    spec: StatefulSetSpec = Field(default_factory=StatefulSetSpec)
    """Its specification."""


class DaemonSetSpec(KubernetesNode):
    """The specification of a DaemonSet."""

    selector: LabelSelector = Field(default_factory=LabelSelector)
    """The selector of its Pods."""
    template: PodTemplateSpec = Field(default_factory=PodTemplateSpec)
    """The Pod template."""


class DaemonSet(KubernetesResource):
    """A Kubernetes DaemonSet: one Pod on every Node."""

    api_version: Literal["apps/v1"] = "apps/v1"
    kind: Literal["DaemonSet"] = "DaemonSet"
    spec: DaemonSetSpec = Field(default_factory=DaemonSetSpec)
    """Its specification."""


class JobSpec(KubernetesNode):
    """The specification of a Job."""

    parallelism: Int = 1
    """How many Pods run at a time."""
    template: PodTemplateSpec = Field(default_factory=PodTemplateSpec)
    """The Pod template."""


class Job(KubernetesResource):
    """A Kubernetes Job: Pods that run until they are done."""

    api_version: Literal["batch/v1"] = "batch/v1"
    kind: Literal["Job"] = "Job"
    spec: JobSpec = Field(default_factory=JobSpec)
    """Its specification."""


class JobTemplateSpec(KubernetesNode):
    """The Job template of a CronJob."""

    spec: JobSpec = Field(default_factory=JobSpec)
    """The specification of each Job."""


class CronJobSpec(KubernetesNode):
    """The specification of a CronJob."""

    schedule: str = ""
    """When a Job starts, in cron's notation."""
    job_template: JobTemplateSpec = Field(default_factory=JobTemplateSpec)
    """The Job template."""


class CronJob(KubernetesResource):
    """A Kubernetes CronJob: a Job at every due time."""

    api_version: Literal["batch/v1"] = "batch/v1"
    kind: Literal["CronJob"] = "CronJob"
    spec: CronJobSpec = Field(default_factory=CronJobSpec)
    """Its specification."""


Workload = Deployment | ReplicaSet | StatefulSet | DaemonSet | Job | CronJob
"""Any kind that creates Pods."""
