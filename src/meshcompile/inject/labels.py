"""The labels that injection adds to a Pod, which compiled proxies know too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from meshcompile.values.labels import TLS_MODE, TUNNEL, Labels

TEMPLATES = "inject.istio.io/templates"
CANONICAL_NAME = "service.istio.io/canonical-name"
CANONICAL_REVISION = "service.istio.io/canonical-revision"

_NAME_LABELS = (CANONICAL_NAME, "app.kubernetes.io/name", "app")
_REVISION_LABELS = (CANONICAL_REVISION, "app.kubernetes.io/version", "version")
_LABEL_LENGTH = 63
"""The maximum length of a label's value."""


def sidecar_labels(labels: Labels, workload: str) -> Mapping[str, str]:
    """The labels that injection adds to a Pod with a sidecar."""
    name = _first(labels, _NAME_LABELS, workload)[:_LABEL_LENGTH].removesuffix("-")
    return {
        TLS_MODE: labels.get(TLS_MODE) or "istio",
        CANONICAL_NAME: name,
        CANONICAL_REVISION: _first(labels, _REVISION_LABELS, "latest"),
    }


def gateway_labels(labels: Labels, workload: str) -> Mapping[str, str]:
    """The labels that injection adds to a gateway, or to an application with a gRPC agent."""
    return {
        CANONICAL_NAME: _first(labels, _NAME_LABELS, workload),
        CANONICAL_REVISION: _first(labels, _REVISION_LABELS, "latest"),
    }


def tunnel_label(labels: Labels) -> Mapping[str, str]:
    """The label of a sidecar that accepts HBONE tunnels."""
    return {TUNNEL: labels.get(TUNNEL) or "http"}


def _first(labels: Labels, names: Iterable[str], default: str) -> str:
    """The value of the first of these labels that is set and nonempty."""
    return next((labels[name] for name in names if labels.get(name)), default)


def is_gateway(annotations: Labels) -> bool:
    """True if the injection template turns the Pod into a gateway."""
    return "gateway" in template_names(annotations)


def template_names(annotations: Labels, default: str = "") -> tuple[str, ...]:
    """The templates that a Pod asks for, or the default ones."""
    return tuple(name.strip() for name in annotations.get(TEMPLATES, default).split(","))
