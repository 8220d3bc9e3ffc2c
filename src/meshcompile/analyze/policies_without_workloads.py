"""Policies that select no workload, and so have no effect."""

from collections.abc import Iterator

from meshcompile.codes.security import NO_MATCHING_WORKLOADS, POLICY_SELECTS_NOTHING, SELECTOR_IN_ROOT_NAMESPACE
from meshcompile.diagnostics import Diagnostic
from meshcompile.labels import Labels, selects
from meshcompile.models.base import Resource
from meshcompile.snapshot.authentication import peer_selector
from meshcompile.snapshot.policy_targets import Attachable
from meshcompile.snapshot.snapshot import Snapshot

Workloads = tuple[tuple[str, Labels], ...]  # namespace and labels


def policies_without_workloads(snapshot: Snapshot) -> Iterator[Diagnostic]:
    """A finding for each policy whose selector selects nothing; one of the root namespace selects everywhere."""
    workloads = _workloads(snapshot)
    root = snapshot.mesh.root_namespace
    for policies in snapshot.authentication.peer.values():
        for peer in policies:
            if peer_selector(peer) and peer.namespace == root:
                yield SELECTOR_IN_ROOT_NAMESPACE(peer)
            elif not _selects_any(peer_selector(peer), peer.namespace, workloads):
                yield POLICY_SELECTS_NOTHING(peer)
    for request in (policy for group in snapshot.authentication.request.values() for policy in group):
        if _is_idle(request.spec, request, root, workloads):
            yield POLICY_SELECTS_NOTHING(request)
    for rule in (policy for group in snapshot.authorization.by_namespace.values() for policy in group):
        if _is_idle(rule.spec, rule, root, workloads):
            yield NO_MATCHING_WORKLOADS(rule, labels=_text(rule.spec))
    yield from _idle_reports_and_extensions(snapshot, workloads)
    for sidecar in (each for group in snapshot.sidecars.by_namespace.values() for each in group):
        selector = sidecar.spec.workload_selector
        if selector is not None and not _selects_any(selector.labels, sidecar.namespace, workloads):
            yield POLICY_SELECTS_NOTHING(sidecar)


def _idle_reports_and_extensions(snapshot: Snapshot, workloads: Workloads) -> Iterator[Diagnostic]:
    """Telemetries and extensions that select nothing; a Telemetry's selector only counts in its own namespace."""
    root = snapshot.mesh.root_namespace
    for telemetry in snapshot.telemetry.all:
        if _is_idle(telemetry.spec, telemetry, "", workloads):
            yield POLICY_SELECTS_NOTHING(telemetry)
    for extension in (each for group in snapshot.extensions.by_namespace.values() for each in group):
        selector = extension.spec.selector
        namespace = "" if extension.namespace == root else extension.namespace
        if selector is not None and not _selects_any(selector.match_labels, namespace, workloads):
            yield POLICY_SELECTS_NOTHING(extension.origin)


def _workloads(snapshot: Snapshot) -> Workloads:
    pods = (pod for cluster in snapshot.workloads.clusters.values() for pod in cluster.pods.values())
    entries = snapshot.workloads.entries
    return (
        *((pod.namespace, pod.metadata.labels) for pod in pods),
        *((entry.namespace, {**entry.metadata.labels, **entry.spec.labels}) for entry in entries),
    )


def _is_idle(spec: Attachable, policy: Resource, root: str, workloads: Workloads) -> bool:
    """True when the selector of a policy selects nothing; what has targets or no selector is left alone."""
    if spec.selector is None or not spec.selector.match_labels:
        return False
    namespace = "" if policy.namespace == root else policy.namespace
    return not _selects_any(spec.selector.match_labels, namespace, workloads)


def _selects_any(selector: Labels, namespace: str, workloads: Workloads) -> bool:
    """True when a workload of the namespace (of any when it is "") has the labels; no labels select everything."""
    return not selector or any(namespace in ("", of) and selects(selector, labels) for of, labels in workloads)


def _text(spec: Attachable) -> str:
    labels = {} if spec.selector is None else spec.selector.match_labels
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items()))
