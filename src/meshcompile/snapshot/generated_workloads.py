"""Workloads that create Pods through another kind: Knative Services and Argo Rollouts."""

from collections.abc import Iterable, Iterator, Mapping

from meshcompile.codes.proxies import NO_TEMPLATE
from meshcompile.diagnostics import Diagnostic
from meshcompile.models.base import ObjectMeta, Resource, placed
from meshcompile.models.kubernetes.base import LabelSelector
from meshcompile.models.kubernetes.custom_workload import CustomWorkload, NamedPodTemplateSpec
from meshcompile.models.kubernetes.workloads import Deployment, DeploymentSpec, PodTemplateSpec, TemplateMeta
from meshcompile.snapshot.assumed_pods import WORKLOAD_KINDS, Workload, is_owned

KNATIVE_GROUP = "serving.knative.dev"
KNATIVE_SERVICE = "serving.knative.dev/service"
FIRST_REVISION = "00001"
"""Knative's name for the first revision of a Service that does not name it."""

_Name = tuple[str, str]  # namespace and name


def generated_workloads(resources: Iterable[Resource]) -> Iterator[Workload]:
    """The workloads that create Pods directly, in the order of the objects.

    A Knative Service becomes the Deployment of its first revision, unless the input has its Deployments. A Rollout with
    a `workloadRef` uses the Deployment's template and replaces the Deployment.
    """
    workloads = [resource for resource in resources if isinstance(resource, WORKLOAD_KINDS)]
    deployments = {(d.namespace, d.name): d for d in workloads if isinstance(d, Deployment)}
    served = {(d.namespace, d.metadata.labels.get(KNATIVE_SERVICE, "")) for d in deployments.values()}
    replaced = {(w.namespace, target) for w in workloads if (target := referenced_deployment(w))}
    for workload in workloads:
        name = (workload.namespace, workload.name)
        match workload:
            case CustomWorkload() if is_owned(workload):
                pass
            case CustomWorkload() if workload.group == KNATIVE_GROUP:
                if name not in served:
                    yield revision_deployment(workload)
            case CustomWorkload() if referenced_deployment(workload):
                yield from _with_template(workload, deployments)
            case Deployment() if name in replaced:
                pass
            case _:
                yield workload


def missing_templates(resources: Iterable[Resource]) -> Iterator[Diagnostic]:
    """The Rollouts that use the template of a Deployment that is not in the input."""
    objects = tuple(resources)
    deployments = {(workload.namespace, workload.name) for workload in objects if isinstance(workload, Deployment)}
    for workload in objects:
        target = referenced_deployment(workload) if isinstance(workload, CustomWorkload) else ""
        if target and (workload.namespace, target) not in deployments:
            yield NO_TEMPLATE(
                workload.at("spec", "workloadRef"), deployment=target, kind=workload.kind, name=workload.name
            )


def referenced_deployment(workload: Workload) -> str:
    """The Deployment whose template a Rollout uses; "" if it uses none."""
    if not isinstance(workload, CustomWorkload) or workload.spec.template is not None:
        return ""
    reference = workload.spec.workload_ref
    return reference.name if reference is not None and reference.kind == "Deployment" else ""


def _with_template(rollout: CustomWorkload, deployments: Mapping[_Name, Deployment]) -> Iterator[CustomWorkload]:
    """The Rollout with the template of the Deployment that it refers to, if the Deployment exists."""
    deployment = deployments.get((rollout.namespace, referenced_deployment(rollout)))
    if deployment is None:
        return
    template = deployment.spec.template
    meta = {"labels": template.metadata.labels, "annotations": template.metadata.annotations}
    named = NamedPodTemplateSpec.model_validate({"metadata": meta}).model_copy(update={"spec": template.spec})
    spec = rollout.spec.model_copy(
        update={"template": named, "selector": {"matchLabels": deployment.spec.selector.match_labels}}
    )
    yield rollout.model_copy(update={"spec": spec})


def revision_deployment(service: CustomWorkload) -> Deployment:
    """The Deployment that Knative creates for the first revision of a Service."""
    template = service.template
    stated = template.metadata.name if isinstance(template, NamedPodTemplateSpec) else ""
    revision = stated or f"{service.name}-{FIRST_REVISION}"
    labels = {
        **template.metadata.labels,
        KNATIVE_SERVICE: service.name,
        "serving.knative.dev/configuration": service.name,
        "serving.knative.dev/revision": revision,
        "app": revision,
    }
    deployment = Deployment(
        metadata=ObjectMeta(
            name=f"{revision}-deployment",
            namespace=service.namespace,
            creation_timestamp=service.metadata.creation_timestamp,
        ),
        spec=DeploymentSpec(
            selector=LabelSelector(match_labels={KNATIVE_SERVICE: service.name}),
            template=PodTemplateSpec(
                metadata=TemplateMeta(labels=labels, annotations=template.metadata.annotations), spec=template.spec
            ),
        ),
    )
    return placed(deployment, service.origin)
