"""Kubernetes workloads: what makes Pods out of a template."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from meshcompile.models.kubernetes.base import Int, KubernetesNode, KubernetesResource, LabelSelector, TextValue
from meshcompile.models.kubernetes.pod import PodSpec


class TemplateMeta(KubernetesNode):
    """What the metadata of every Pod of a workload starts from."""

    labels: Mapping[str, TextValue] = {}
    """Labels of the Pods."""
    annotations: Mapping[str, TextValue] = {}
    """Annotations of the Pods."""


class PodTemplateSpec(KubernetesNode):
    """The form of a workload's Pods."""

    metadata: TemplateMeta = Field(default_factory=TemplateMeta)
    """Labels and annotations of the Pods."""
    spec: PodSpec = Field(default_factory=PodSpec)
    """What runs in them."""


class DeploymentSpec(KubernetesNode):
    """What a Deployment wants."""

    replicas: Int = 1
    """How many Pods there are to be."""
    selector: LabelSelector = Field(default_factory=LabelSelector)
    """Which Pods are its own."""
    template: PodTemplateSpec = Field(default_factory=PodTemplateSpec)
    """The form of the Pods."""


class Deployment(KubernetesResource):
    """A Kubernetes Deployment: interchangeable Pods."""

    api_version: Literal["apps/v1"] = "apps/v1"
    kind: Literal["Deployment"] = "Deployment"
    spec: DeploymentSpec = Field(default_factory=DeploymentSpec)
    """What it wants."""


class ReplicaSetSpec(KubernetesNode):
    """What a ReplicaSet wants."""

    replicas: Int = 1
    """How many Pods there are to be."""
    selector: LabelSelector = Field(default_factory=LabelSelector)
    """Which Pods are its own."""
    template: PodTemplateSpec = Field(default_factory=PodTemplateSpec)
    """The form of the Pods."""


class ReplicaSet(KubernetesResource):
    """A Kubernetes ReplicaSet: one generation of a Deployment's Pods, or Pods of its own."""

    api_version: Literal["apps/v1"] = "apps/v1"
    kind: Literal["ReplicaSet"] = "ReplicaSet"
    spec: ReplicaSetSpec = Field(default_factory=ReplicaSetSpec)
    """What it wants."""


class StatefulSetSpec(KubernetesNode):
    """What a StatefulSet wants."""

    replicas: Int = 1
    """How many Pods there are to be, named with ordinals."""
    service_name: str = ""
    """The headless Service that gives each Pod its DNS name."""
    selector: LabelSelector = Field(default_factory=LabelSelector)
    """Which Pods are its own."""
    template: PodTemplateSpec = Field(default_factory=PodTemplateSpec)
    """The form of the Pods."""


class StatefulSet(KubernetesResource):
    """A Kubernetes StatefulSet: Pods with names of their own."""

    api_version: Literal["apps/v1"] = "apps/v1"
    kind: Literal["StatefulSet"] = "StatefulSet"
    spec: StatefulSetSpec = Field(default_factory=StatefulSetSpec)
    """What it wants."""


class DaemonSetSpec(KubernetesNode):
    """What a DaemonSet wants."""

    selector: LabelSelector = Field(default_factory=LabelSelector)
    """Which Pods are its own."""
    template: PodTemplateSpec = Field(default_factory=PodTemplateSpec)
    """The form of the Pods."""


class DaemonSet(KubernetesResource):
    """A Kubernetes DaemonSet: one Pod on every Node."""

    api_version: Literal["apps/v1"] = "apps/v1"
    kind: Literal["DaemonSet"] = "DaemonSet"
    spec: DaemonSetSpec = Field(default_factory=DaemonSetSpec)
    """What it wants."""


class JobSpec(KubernetesNode):
    """What a Job wants."""

    parallelism: Int = 1
    """How many Pods run at a time."""
    template: PodTemplateSpec = Field(default_factory=PodTemplateSpec)
    """The form of the Pods."""


class Job(KubernetesResource):
    """A Kubernetes Job: Pods that run until they are done."""

    api_version: Literal["batch/v1"] = "batch/v1"
    kind: Literal["Job"] = "Job"
    spec: JobSpec = Field(default_factory=JobSpec)
    """What it wants."""


class JobTemplateSpec(KubernetesNode):
    """The form of a CronJob's Jobs."""

    spec: JobSpec = Field(default_factory=JobSpec)
    """What each Job wants."""


class CronJobSpec(KubernetesNode):
    """What a CronJob wants."""

    schedule: str = ""
    """When a Job starts, in cron's notation."""
    job_template: JobTemplateSpec = Field(default_factory=JobTemplateSpec)
    """The form of the Jobs."""


class CronJob(KubernetesResource):
    """A Kubernetes CronJob: a Job at every due time."""

    api_version: Literal["batch/v1"] = "batch/v1"
    kind: Literal["CronJob"] = "CronJob"
    spec: CronJobSpec = Field(default_factory=CronJobSpec)
    """What it wants."""


Workload = Deployment | ReplicaSet | StatefulSet | DaemonSet | Job | CronJob
"""Anything that makes Pods."""
