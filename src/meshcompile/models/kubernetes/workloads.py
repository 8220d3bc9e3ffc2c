"""Kubernetes workloads: kinds that create pods from a template."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from meshcompile.models.base import NOTHING
from meshcompile.models.kubernetes.base import Int, KubernetesNode, KubernetesResource, LabelSelector, TextValue
from meshcompile.models.kubernetes.pod import PodSpec


class TemplateMeta(KubernetesNode):
    """The metadata of a pod template."""

    labels: Mapping[str, TextValue] = NOTHING
    """Labels of the pods."""
    annotations: Mapping[str, TextValue] = NOTHING
    """Annotations of the pods."""


class PodTemplateSpec(KubernetesNode):
    """The pod template of a workload."""

    metadata: TemplateMeta = Field(default_factory=TemplateMeta)
    """Labels and annotations of the pods."""
    spec: PodSpec = Field(default_factory=PodSpec)
    """Specification of the pods."""


class DeploymentSpec(KubernetesNode):
    """The specification of a Deployment."""

    replicas: Int = 1
    """Desired number of pods."""
    selector: LabelSelector = Field(default_factory=LabelSelector)
    """Selector of the pods."""
    template: PodTemplateSpec = Field(default_factory=PodTemplateSpec)
    """Pod template."""


class Deployment(KubernetesResource):
    """A Kubernetes Deployment. Its pods are interchangeable."""

    api_version: Literal["apps/v1"] = "apps/v1"
    kind: Literal["Deployment"] = "Deployment"
    spec: DeploymentSpec = Field(default_factory=DeploymentSpec)
    """Specification of the Deployment."""


class ReplicaSetSpec(KubernetesNode):
    """The specification of a ReplicaSet."""

    replicas: Int = 1
    """Desired number of pods."""
    selector: LabelSelector = Field(default_factory=LabelSelector)
    """Selector of the pods."""
    template: PodTemplateSpec = Field(default_factory=PodTemplateSpec)
    """Pod template."""


class ReplicaSet(KubernetesResource):
    """A Kubernetes ReplicaSet: one revision of a Deployment, or a set of pods on its own."""

    api_version: Literal["apps/v1"] = "apps/v1"
    kind: Literal["ReplicaSet"] = "ReplicaSet"
    spec: ReplicaSetSpec = Field(default_factory=ReplicaSetSpec)
    """Specification of the ReplicaSet."""


class StatefulSetSpec(KubernetesNode):
    """The specification of a StatefulSet."""

    replicas: Int = 1
    """Desired number of pods. Their names end in ordinals."""
    service_name: str = ""
    """Headless Service that gives each pod a DNS name."""
    selector: LabelSelector = Field(default_factory=LabelSelector)
    """Selector of the pods."""
    template: PodTemplateSpec = Field(default_factory=PodTemplateSpec)
    """Pod template."""


class StatefulSet(KubernetesResource):
    """A Kubernetes StatefulSet. Its pods have stable names."""

    api_version: Literal["apps/v1"] = "apps/v1"
    kind: Literal["StatefulSet"] = "StatefulSet"
    spec: StatefulSetSpec = Field(default_factory=StatefulSetSpec)
    """Specification of the StatefulSet."""


class DaemonSetSpec(KubernetesNode):
    """The specification of a DaemonSet."""

    selector: LabelSelector = Field(default_factory=LabelSelector)
    """Selector of the pods."""
    template: PodTemplateSpec = Field(default_factory=PodTemplateSpec)
    """Pod template."""


class DaemonSet(KubernetesResource):
    """A Kubernetes DaemonSet: one pod on every node."""

    api_version: Literal["apps/v1"] = "apps/v1"
    kind: Literal["DaemonSet"] = "DaemonSet"
    spec: DaemonSetSpec = Field(default_factory=DaemonSetSpec)
    """Specification of the DaemonSet."""


class JobSpec(KubernetesNode):
    """The specification of a Job."""

    parallelism: Int = 1
    """Number of pods that run at the same time."""
    template: PodTemplateSpec = Field(default_factory=PodTemplateSpec)
    """Pod template."""


class Job(KubernetesResource):
    """A Kubernetes Job. Its pods run to completion."""

    api_version: Literal["batch/v1"] = "batch/v1"
    kind: Literal["Job"] = "Job"
    spec: JobSpec = Field(default_factory=JobSpec)
    """Specification of the Job."""


class JobTemplateSpec(KubernetesNode):
    """The Job template of a CronJob."""

    spec: JobSpec = Field(default_factory=JobSpec)
    """Specification of each Job."""


class CronJobSpec(KubernetesNode):
    """The specification of a CronJob."""

    schedule: str = ""
    """When to start a Job, in cron syntax."""
    job_template: JobTemplateSpec = Field(default_factory=JobTemplateSpec)
    """Job template."""


class CronJob(KubernetesResource):
    """A Kubernetes CronJob: starts Jobs on a schedule."""

    api_version: Literal["batch/v1"] = "batch/v1"
    kind: Literal["CronJob"] = "CronJob"
    spec: CronJobSpec = Field(default_factory=CronJobSpec)
    """Specification of the CronJob."""


Workload = Deployment | ReplicaSet | StatefulSet | DaemonSet | Job | CronJob
"""Any kind that creates pods."""
