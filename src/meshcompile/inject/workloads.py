"""The kinds that have Pods: where their Pod is, and what it belongs to.

Follows `IntoObject` (pkg/kube/inject/inject.go) and `GetDeployMetaFromPod` (pkg/kube/util.go).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from meshcompile.documents.position import Path
from meshcompile.inject.input import WorkloadOwner
from meshcompile.inject.problems import InjectionProblem
from meshcompile.inject.typed import Json

_CRON_JOB = re.compile(r"(.+)-[0-9]{8,10}")


class WorkloadShape(Struct, frozen=True):
    """Where an object of a kind has its Pod: the metadata, and the object that holds its spec."""

    type: str
    metadata: Path = ("spec", "template", "metadata")
    holder: Path = ("spec", "template")


SHAPES: Mapping[str, WorkloadShape] = {
    "Pod": WorkloadShape("Pod", ("metadata",), ()),
    "CronJob": WorkloadShape(
        "CronJob", ("spec", "jobTemplate", "metadata"), ("spec", "jobTemplate", "spec", "template")
    ),
    "DeploymentConfig": WorkloadShape("openshift.DeploymentConfig"),
    **{
        kind: WorkloadShape(kind)
        for kind in ("Deployment", "DaemonSet", "ReplicaSet", "StatefulSet", "Job", "ReplicationController")
    },
}
"""The kinds that injection handles, whatever their API group is."""


def pod_in(workload: Json, shape: WorkloadShape) -> Json:
    """The Pod of a workload. Raises InjectionProblem if there is none."""
    holder = _at(workload, shape.holder)
    if holder is None:
        raise InjectionProblem("`spec.template` is missing", ("spec",))
    metadata = _at(workload, shape.metadata)
    return {"metadata": metadata or {}, "spec": holder["spec"], "status": {}}


def with_pod(workload: Json, shape: WorkloadShape, pod: Json) -> Json:
    """The workload with another Pod."""
    changed = _replaced(workload, shape.metadata, pod["metadata"])
    return _replaced(changed, (*shape.holder, "spec"), pod["spec"])


def _at(value: Any, path: Path) -> Any:
    for key in path:
        value = None if value is None else value.get(key)
    return value


def _replaced(value: Json, path: Path, new: Any) -> Json:
    key, *rest = path
    name = str(key)
    return {**value, name: _replaced(value.get(name, {}), tuple(rest), new) if rest else new}


def owner_of(workload: Json, shape: WorkloadShape) -> WorkloadOwner:
    """What the Pods belong to."""
    metadata = workload["metadata"]
    if shape.type == "Pod":
        return _owner_of_pod(metadata)
    return WorkloadOwner(
        workload.get("apiVersion", ""), workload["kind"], metadata.get("name", ""), metadata.get("namespace", "")
    )


def _owner_of_pod(metadata: Json) -> WorkloadOwner:
    """A Pod belongs to itself, or to the controller that gave it a name."""
    namespace, labels = metadata.get("namespace", ""), metadata.get("labels", {})
    own = WorkloadOwner("v1", "Pod", metadata.get("name", ""), namespace)
    controllers = [each for each in metadata.get("ownerReferences", ()) if each.get("controller")]
    if not metadata.get("generateName") or not controllers:
        return own
    api_version, kind, name = (controllers[0][key] for key in ("apiVersion", "kind", "name"))
    api_version, kind, name = _creator(api_version, kind, name, labels)
    return WorkloadOwner(api_version, kind, name or own.name, namespace)


def _creator(api_version: str, kind: str, name: str, labels: Mapping[str, str]) -> tuple[str, str, str]:
    """What creates a controller, as far as its name and the labels of its Pods tell."""
    by_deployment, by_rollout = labels.get("pod-template-hash", ""), labels.get("rollouts-pod-template-hash", "")
    match kind:
        case "ReplicaSet" if by_deployment and name.endswith(by_deployment):
            return api_version, "Deployment", name.removesuffix(f"-{by_deployment}")
        case "ReplicaSet" if by_rollout and name.endswith(by_rollout):
            return "v1alpha1", "Rollout", name.removesuffix(f"-{by_rollout}")
        case "ReplicationController" if labels.get("deploymentconfig"):
            return api_version, "DeploymentConfig", labels["deploymentconfig"]
        case "Job" if run := _CRON_JOB.fullmatch(name):
            return "batch/v1", "CronJob", run[1]
        case _:
            return api_version, kind, name
