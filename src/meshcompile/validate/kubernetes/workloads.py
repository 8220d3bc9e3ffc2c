"""Rules on workloads: `ValidateDeploymentSpec` of the API server, and its counterparts for the other kinds."""

from collections.abc import Iterator, Sequence

from meshcompile.codes import kubernetes as codes
from meshcompile.diagnostics import Diagnostic
from meshcompile.models.kubernetes.base import LabelSelector, LabelSelectorRequirement
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
from meshcompile.validate.kubernetes.pod import pod_violations
from meshcompile.validate.metadata import annotations, labels
from meshcompile.validate.object_names import Found

OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")


def violations(workload: Workload) -> Found:
    """Findings about a workload."""
    match workload:
        case CronJob():
            yield from template_violations(workload.spec.job_template.spec.template)
        case Job():
            yield from template_violations(workload.spec.template)
        case Deployment() | StatefulSet() | DaemonSet() | ReplicaSet():
            yield from selecting_violations(workload)


def selecting_violations(workload: Deployment | StatefulSet | DaemonSet | ReplicaSet) -> Found:
    """Findings about a workload that finds its Pods by a selector."""
    spec = workload.spec
    yield from template_violations(spec.template)
    yield from labels(spec.selector, "match_labels")
    problems = [finding for expression in spec.selector.match_expressions for finding in requirement(expression)]
    yield from problems
    if not problems and (problem := mismatch(spec.selector, spec.template)):
        yield codes.SELECTOR(spec.at("selector"), field="spec.selector", problem=problem)


def template_violations(template: PodTemplateSpec) -> Sequence[Diagnostic]:
    """Findings about the Pod template of a workload."""
    metadata = template.metadata
    return (*labels(metadata, "labels"), *annotations(metadata), *pod_violations(template.spec))


def requirement(expression: LabelSelectorRequirement) -> Found:
    """A requirement with an unknown operator, or with values that do not fit the operator."""
    place = expression.at("operator")
    if expression.operator not in OPERATORS:
        problem = f"the operator must be one of {', '.join(OPERATORS)}"
        yield codes.REQUIREMENT(place, field=place.field, problem=problem)
    elif expression.operator in ("In", "NotIn") and not expression.values:
        yield codes.REQUIREMENT(place, field=expression.origin.field, problem=f"{expression.operator} needs `values`")
    elif expression.operator in ("Exists", "DoesNotExist") and expression.values:
        yield codes.REQUIREMENT(
            place, field=expression.origin.field, problem=f"{expression.operator} accepts no `values`"
        )


def mismatch(selector: LabelSelector, template: PodTemplateSpec) -> str | None:
    """The reason why the selector does not match the labels of the template, or None."""
    if not selector.match_labels and not selector.match_expressions:
        return "it is empty"
    return next(_differences(selector, template), None)


def _differences(selector: LabelSelector, template: PodTemplateSpec) -> Iterator[str]:
    given = template.metadata.labels
    for key, value in selector.match_labels.items():
        if key not in given:
            yield f"the template has no label `{key}`"
        elif given[key] != value:
            yield f"`{key}` is `{value}` here and `{given[key]}` in the template"
    for wanted in selector.match_expressions:
        if not _holds(wanted, given.get(wanted.key)):
            yield f"`{wanted.key}` {wanted.operator} does not hold for the template"


def _holds(expression: LabelSelectorRequirement, value: str | None) -> bool:
    match expression.operator:
        case "In":
            return value in expression.values
        case "NotIn":
            return value not in expression.values
        case "Exists":
            return value is not None
        case _:
            return value is None
