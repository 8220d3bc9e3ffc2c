"""Which Pods get a proxy: the one place that decides it.

Three parties decide. The API server calls istiod's webhook for some Pods, by the labels of the namespace and the Pod.
istiod's injector then skips some of them (`injectRequired`, pkg/kube/inject). `istioctl kube-inject` is asked for every
Pod, so only the injector's part counts there.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from meshcompile.values.labels import Labels

INJECT = "sidecar.istio.io/inject"
REVISION = "istio.io/rev"
NAMESPACE_INJECTION = "istio-injection"

# Labels and annotations of ambient mode: the requested mode of a namespace or Pod, and the mark of an enrolled Pod.
DATAPLANE_MODE = "istio.io/dataplane-mode"
AMBIENT_REDIRECTION = "ambient.istio.io/redirection"

NEVER_INJECTED = frozenset({"kube-system", "kube-public", "kube-node-lease", "local-path-storage"})
"""Namespaces whose Pods never get a proxy."""


class InjectionCandidate(Struct, frozen=True):
    """What the decision about a Pod depends on. The namespace is empty for the Pods of a template."""

    namespace: str
    labels: Labels
    annotations: Labels
    host_network: bool = False

    @property
    def wish(self) -> str:
        """What the Pod says: `true`, `false`, or anything else for no wish. Its label precedes its annotation."""
        return self.labels.get(INJECT, self.annotations.get(INJECT, ""))


def injects(candidate: InjectionCandidate) -> bool:
    """True if the injector adds a proxy to a Pod that it is asked about."""
    return not candidate.host_network and candidate.namespace not in NEVER_INJECTED and candidate.wish != "false"


def is_injected(candidate: InjectionCandidate, namespace_labels: Labels) -> bool:
    """True if a Pod that is created in a namespace with these labels gets a proxy.

    Every revision is treated as the mesh's own.
    """
    return injects(candidate) and webhook_is_called(namespace_labels, candidate.labels)


def webhook_is_called(namespace_labels: Labels, labels: Labels) -> bool:
    """True if the API server calls istiod's webhook. The namespace's labels decide, else the Pod's labels."""
    if NAMESPACE_INJECTION in namespace_labels:
        return namespace_labels[NAMESPACE_INJECTION] == "enabled"
    return REVISION in namespace_labels or REVISION in labels or labels.get(INJECT) == "true"


def in_mesh_for_istioctl(candidate: InjectionCandidate, namespace_labels: Mapping[str, str]) -> bool:
    """True if istioctl's analyzers expect a proxy in a Pod: they take only `true` and `istio-injection: enabled`."""
    for settings in (candidate.labels, candidate.annotations):
        if INJECT in settings:
            return settings[INJECT] == "true"
    return namespace_labels.get(NAMESPACE_INJECTION) == "enabled"


def is_ambient(namespace_labels: Labels, labels: Labels) -> bool:
    """True if ztunnel handles the traffic of a Pod without a sidecar."""
    return labels.get(DATAPLANE_MODE, namespace_labels.get(DATAPLANE_MODE)) == "ambient"
