"""Metadata of all kinds: the API server's `ValidateObjectMeta`, and istiod's `validateMetadata` for its own kinds."""

from collections.abc import Iterator, Mapping, Sequence

from meshcompile.codes import kubernetes as codes
from meshcompile.codes.validation import ANNOTATION
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Origin
from meshcompile.models.base import Node, Resource
from meshcompile.validate.object_names import (
    CRON_JOB_NAME,
    DNS_LABEL,
    DNS_SUBDOMAIN,
    Found,
    NameForm,
    key_problem,
    name,
    value_problem,
)

DRY_RUN = "istio.io/dry-run"
INTERNAL = {
    "internal.istio.io/webhook-always-reject": "makes Istio reject the object",
    "internal.istio.io/parent-namespace": "is reserved for Istio",
    "internal.istio.io/parents": "is reserved for Istio",
}

NAME_FORMS: Mapping[str, NameForm] = {"CronJob": CRON_JOB_NAME, "Namespace": DNS_LABEL, "Service": DNS_LABEL}
"""Kinds whose names have a stricter form than a DNS name."""


def forbidden_annotations(resource: Resource) -> Iterator[Diagnostic]:
    """Annotations that are reserved, or that have an invalid value. After one of them, no other rule is checked."""
    annotations = resource.metadata.annotations
    if not annotations:
        return
    if DRY_RUN in annotations and (problem := _dry_run_problem(resource, annotations[DRY_RUN])):
        yield ANNOTATION(_at(resource, DRY_RUN), annotation=DRY_RUN, problem=problem)
    for annotation, problem in INTERNAL.items():
        if annotation in annotations:
            yield ANNOTATION(_at(resource, annotation), annotation=annotation, problem=problem)


def made_by_gateway_api(resource: Resource, semantics: str) -> bool:
    """Whether a label says that a controller generated the object from Gateway API kinds. For these, rules are less
    strict.
    """
    return resource.metadata.annotations.get(f"internal.istio.io/{semantics}-semantics") == "gateway"


def _dry_run_problem(resource: Resource, value: str) -> str | None:
    from meshcompile.models.security.authorization_policy import (  # few objects use dry run
        AuthorizationPolicy,
        AuthorizationPolicyAction,
    )

    if not isinstance(resource, AuthorizationPolicy):
        return "has no effect here: only an AuthorizationPolicy supports a dry run"
    if resource.spec.action not in (AuthorizationPolicyAction.ALLOW, AuthorizationPolicyAction.DENY):
        return f"works with ALLOW and DENY, not with {resource.spec.action}"
    from meshcompile.values.labels import FALSE, TRUE  # here for a fast start

    return None if value in TRUE | FALSE else f"must be `true` or `false`, not `{value}`"


def _at(resource: Resource, annotation: str):  # type: ignore[no-untyped-def]
    return resource.metadata.at("annotations", annotation)


def metadata_violations(resource: Resource) -> Sequence[Diagnostic]:
    """Findings about the metadata of an object."""
    metadata = resource.metadata
    return (
        *name(metadata, "name", NAME_FORMS.get(type(resource).__name__, DNS_SUBDOMAIN)),
        *name(metadata, "namespace", DNS_LABEL),
        *labels(metadata, "labels"),
        *annotations(metadata),
    )


def labels(node: Node, field: str) -> Sequence[Diagnostic]:
    """Labels with an invalid name or value."""
    values: Mapping[str, str] = getattr(node, field)
    return [
        finding
        for key, value in values.items()
        if key_problem(key) or value_problem(value)
        for finding in _label(node.at(field, key), key, value)
    ]


def _label(place: Origin, key: str, value: str) -> Found:
    if problem := key_problem(key):
        yield codes.LABEL(place, label=key, problem=problem)
    if problem := value_problem(value):
        yield codes.LABEL(place, label=f"{key}: {value}", problem=problem)


def annotations(node: Node, field: str = "annotations") -> Sequence[Diagnostic]:
    """Annotations with an invalid name. Upper case is allowed everywhere in it."""
    values: Mapping[str, str] = getattr(node, field)
    return [
        codes.ANNOTATION(node.at(field, key), annotation=key, problem=problem)
        for key in values
        if (problem := key_problem(key.lower()))
    ]
