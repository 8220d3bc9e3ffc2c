"""Which Pods get a proxy, and the labels that injection adds.

Follows the selectors of istiod's mutating webhook for the default revision, `injectRequired` (pkg/kube/inject) and the
`metadata` of the injection templates `sidecar` and `gateway`. Every revision is treated as the mesh's own.
"""

from collections.abc import Iterable, Iterator, Mapping

from meshcompile.codes.mesh import AMBIENT_NOT_SAID, UNSUPPORTED_AMBIENT
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Document, Origin
from meshcompile.models.base import Resource
from meshcompile.values.labels import NO_LABELS, Labels

INJECT = "sidecar.istio.io/inject"
REVISION = "istio.io/rev"
NAMESPACE_INJECTION = "istio-injection"
TEMPLATES = "inject.istio.io/templates"
TLS_MODE = "security.istio.io/tlsMode"
CANONICAL_NAME = "service.istio.io/canonical-name"
CANONICAL_REVISION = "service.istio.io/canonical-revision"

# Labels and annotations of ambient mode: the requested mode of a namespace or Pod, and the mark of an enrolled Pod.
DATAPLANE_MODE = "istio.io/dataplane-mode"
AMBIENT_REDIRECTION = "ambient.istio.io/redirection"

NEVER_INJECTED = frozenset({"kube-system", "kube-public", "kube-node-lease", "local-path-storage"})
"""Namespaces whose Pods never get a proxy."""

_NAME_LABELS = (CANONICAL_NAME, "app.kubernetes.io/name", "app")
_REVISION_LABELS = (CANONICAL_REVISION, "app.kubernetes.io/version", "version")
# The maximum length of a Kubernetes label value.
_LABEL_LENGTH = 63


def is_injected(namespace: str, namespace_labels: Labels, labels: Labels, annotations: Labels) -> bool:
    """True if a Pod in this namespace gets a proxy. The caller must exclude Pods with host networking."""
    if namespace in NEVER_INJECTED or labels.get(INJECT) == "false":
        return False
    if INJECT not in labels and annotations.get(INJECT) == "false":
        return False
    return _webhook_is_called(namespace_labels, labels)


def _webhook_is_called(namespace_labels: Labels, labels: Labels) -> bool:
    """True if the API server calls istiod's webhook. The namespace's labels decide, else the Pod's labels."""
    if NAMESPACE_INJECTION in namespace_labels:
        return namespace_labels[NAMESPACE_INJECTION] == "enabled"
    return REVISION in namespace_labels or REVISION in labels or labels.get(INJECT) == "true"


def is_gateway(annotations: Labels) -> bool:
    """True if the injection template turns the Pod into a gateway."""
    return "gateway" in (template.strip() for template in annotations.get(TEMPLATES, "").split(","))


def sidecar_labels(labels: Labels, workload: str) -> Mapping[str, str]:
    """The labels that injection adds to a Pod with a sidecar."""
    name = _first(labels, _NAME_LABELS, workload)[:_LABEL_LENGTH].removesuffix("-")
    return {
        TLS_MODE: labels.get(TLS_MODE) or "istio",
        CANONICAL_NAME: name,
        CANONICAL_REVISION: _first(labels, _REVISION_LABELS, "latest"),
    }


def gateway_labels(labels: Labels, workload: str) -> Mapping[str, str]:
    """The labels that injection adds to a gateway."""
    return {
        CANONICAL_NAME: _first(labels, _NAME_LABELS, workload),
        CANONICAL_REVISION: _first(labels, _REVISION_LABELS, "latest"),
    }


def is_ambient(namespace_labels: Labels, labels: Labels) -> bool:
    """True if ztunnel handles the traffic of a Pod without a sidecar."""
    return labels.get(DATAPLANE_MODE, namespace_labels.get(DATAPLANE_MODE)) == "ambient"


def ambient_findings(resources: Iterable[Resource], *, ambient: bool) -> Iterator[Diagnostic]:
    """Findings about ambient mode: what is not compiled, or that the mesh is said to be without it."""
    if ambient:
        yield UNSUPPORTED_AMBIENT(Origin(Document("<mesh>", {})), name="")
        return
    for each in resources:
        if each.kind == "Namespace" and is_ambient(each.metadata.labels, NO_LABELS):
            place = each.origin.at("metadata", "labels", DATAPLANE_MODE)
            yield AMBIENT_NOT_SAID(place, name=each.name, namespace=each.name)


def _first(labels: Labels, names: Iterable[str], default: str) -> str:
    """The value of the first of these labels that is set and nonempty."""
    return next((labels[name] for name in names if labels.get(name)), default)
