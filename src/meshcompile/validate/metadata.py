"""Annotations that Istio refuses on its own kinds: istiod's `validateMetadata`."""

from collections.abc import Iterator

from meshcompile.codes.validation import ANNOTATION
from meshcompile.diagnostics import Diagnostic
from meshcompile.models.base import Resource

DRY_RUN = "istio.io/dry-run"
INTERNAL = {
    "internal.istio.io/webhook-always-reject": "makes Istio refuse the object",
    "internal.istio.io/parent-namespace": "is Istio's own",
    "internal.istio.io/parents": "is Istio's own",
}
GO_BOOLEANS = frozenset({"1", "t", "T", "true", "TRUE", "True", "0", "f", "F", "false", "FALSE", "False"})


def forbidden_annotations(resource: Resource) -> Iterator[Diagnostic]:
    """Annotations that nobody may write, or not like this; with one of them, nothing else is looked at."""
    annotations = resource.metadata.annotations
    if not annotations:
        return
    if DRY_RUN in annotations and (problem := _dry_run_problem(resource, annotations[DRY_RUN])):
        yield ANNOTATION(_at(resource, DRY_RUN), annotation=DRY_RUN, problem=problem)
    for annotation, problem in INTERNAL.items():
        if annotation in annotations:
            yield ANNOTATION(_at(resource, annotation), annotation=annotation, problem=problem)


def made_by_gateway_api(resource: Resource, semantics: str) -> bool:
    """Whether the object says that a controller made it of the Gateway API's kinds, for which rules are looser."""
    return resource.metadata.annotations.get(f"internal.istio.io/{semantics}-semantics") == "gateway"


def _dry_run_problem(resource: Resource, value: str) -> str | None:
    from meshcompile.models.security.authorization_policy import (  # few objects are tried out
        AuthorizationPolicy,
        AuthorizationPolicyAction,
    )

    if not isinstance(resource, AuthorizationPolicy):
        return "has no meaning here: only an AuthorizationPolicy can be tried out"
    if resource.spec.action not in (AuthorizationPolicyAction.ALLOW, AuthorizationPolicyAction.DENY):
        return f"works with ALLOW and DENY, not with {resource.spec.action}"
    return None if value in GO_BOOLEANS else f"must be `true` or `false`, not `{value}`"


def _at(resource: Resource, annotation: str):  # type: ignore[no-untyped-def]
    return resource.metadata.at("annotations", annotation)
