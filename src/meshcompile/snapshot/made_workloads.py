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


def made_workloads(resources: Iterable[Resource]) -> Iterator[Workload]:
    """The workloads that create Pods directly, in the order of the objects.

    A Knative Service becomes the Deployment of its first revision, unless the input has its Deployments. A Rollout with
    a `workloadRef` uses the Deployment's template and replaces the Deployment.
    """
    found = [resource for resource in resources if isinstance(resource, WORKLOAD_KINDS)]
    deployments = {(each.namespace, each.name): each for each in found if isinstance(each, Deployment)}
    served = {(each.namespace, each.metadata.labels.get(KNATIVE_SERVICE, "")) for each in deployments.values()}
    replaced = {(each.namespace, target) for each in found if (target := referenced_deployment(each))}
    for workload in found:
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
    found = tuple(resources)
    deployments = {(each.namespace, each.name) for each in found if isinstance(each, Deployment)}
    for each in found:
        target = referenced_deployment(each) if isinstance(each, CustomWorkload) else ""
        if target and (each.namespace, target) not in deployments:
            yield NO_TEMPLATE(each.at("spec", "workloadRef"), deployment=target, kind=each.kind, name=each.name)


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
    made = Deployment(
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
    return placed(made, service.origin)
