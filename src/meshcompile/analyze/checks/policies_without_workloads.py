"""Policies that have no effect because they select no workload."""

from collections.abc import Iterator

from meshcompile.analyze.context import Context
from meshcompile.analyze.workloads import WorkloadLabels, selector_text
from meshcompile.codes.security import NO_MATCHING_WORKLOADS, POLICY_SELECTS_NOTHING, SELECTOR_IN_ROOT_NAMESPACE
from meshcompile.diagnostics import Diagnostic
from meshcompile.models.base import Resource
from meshcompile.snapshot.authentication import peer_selector
from meshcompile.snapshot.policy_targets import Attachable
from meshcompile.snapshot.snapshot import Snapshot


def policies_without_workloads(context: Context) -> Iterator[Diagnostic]:
    """A finding for each policy whose selector matches nothing. A policy of the root namespace selects in all
    namespaces.
    """
    snapshot = context.snapshot
    workloads = context.workloads
    root = snapshot.mesh.root_namespace
    for policies in snapshot.authentication.peer.values():
        for peer in policies:
            if peer_selector(peer) and peer.namespace == root:
                yield SELECTOR_IN_ROOT_NAMESPACE(peer)
            elif not workloads.has(peer_selector(peer), peer.namespace):
                yield POLICY_SELECTS_NOTHING(peer)
    for request in (policy for group in snapshot.authentication.request.values() for policy in group):
        if _is_idle(request.spec, request, root, workloads):
            yield POLICY_SELECTS_NOTHING(request)
    for rule in (policy for group in snapshot.authorization.by_namespace.values() for policy in group):
        if _is_idle(rule.spec, rule, root, workloads):
            labels = {} if rule.spec.selector is None else rule.spec.selector.match_labels
            yield NO_MATCHING_WORKLOADS(rule, labels=selector_text(labels))
    yield from _idle_extensions(snapshot, workloads)


def _idle_extensions(snapshot: Snapshot, workloads: WorkloadLabels) -> Iterator[Diagnostic]:
    """Extensions that select nothing."""
    root = snapshot.mesh.root_namespace
    for extension in (each for group in snapshot.extensions.by_namespace.values() for each in group):
        selector = extension.spec.selector
        namespace = "" if extension.namespace == root else extension.namespace
        if selector is not None and not workloads.has(selector.match_labels, namespace):
            yield POLICY_SELECTS_NOTHING(extension.origin)


def _is_idle(spec: Attachable, policy: Resource, root: str, workloads: WorkloadLabels) -> bool:
    """True if the selector of a policy matches nothing. A policy with targets or without a selector is never idle."""
    if spec.selector is None or not spec.selector.match_labels:
        return False
    namespace = "" if policy.namespace == root else policy.namespace
    return not workloads.has(spec.selector.match_labels, namespace)
