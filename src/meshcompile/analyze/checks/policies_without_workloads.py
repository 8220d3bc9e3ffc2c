"""Policies that have no effect because they select no workload.

Follows istioctl's `AuthorizationPoliciesAnalyzer` for AuthorizationPolicies.
"""

from collections.abc import Iterator

from meshcompile.analyze.context import Context
from meshcompile.analyze.in_mesh import assumption, is_assumed, is_in_mesh
from meshcompile.analyze.places import selector_place, whole
from meshcompile.analyze.pods import Pods
from meshcompile.analyze.workloads import WorkloadLabels, selector_text
from meshcompile.codes.security import NO_MATCHING_WORKLOADS, POLICY_SELECTS_NOTHING, SELECTOR_IN_ROOT_NAMESPACE
from meshcompile.diagnostics import Diagnostic, Severity
from meshcompile.documents import Origin
from meshcompile.models.base import Resource
from meshcompile.models.kubernetes.pod import Pod
from meshcompile.models.security.authorization_policy import AuthorizationPolicy
from meshcompile.snapshot.authentication import peer_selector
from meshcompile.snapshot.policy_targets import Attachable
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.values.labels import Labels

GATEWAYS = "meshcompile assumes that Pods which a Gateway selects have one"


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
                yield SELECTOR_IN_ROOT_NAMESPACE(_place(peer, peer_selector(peer)))
            elif not workloads.has(peer_selector(peer), peer.namespace):
                yield POLICY_SELECTS_NOTHING(_place(peer, peer_selector(peer)))
    for request in (policy for group in snapshot.authentication.request.values() for policy in group):
        if _is_idle(request.spec, request, root, workloads):
            labels = {} if request.spec.selector is None else request.spec.selector.match_labels
            yield POLICY_SELECTS_NOTHING(_place(request, labels))
    yield from _idle_authorization(context)
    yield from _idle_extensions(snapshot, workloads)


def _place(policy: Resource, labels: Labels) -> Origin:
    """The first label of a selector, or the whole policy if it has none."""
    return selector_place(policy, labels, "spec", "selector", "matchLabels") if labels else policy.origin


def _idle_authorization(context: Context) -> Iterator[Diagnostic]:
    """AuthorizationPolicies that apply to no Pod of the mesh. An info if they apply only to Pods that are assumed, or
    assumed to be gateways.
    """
    written, root = context.written, context.snapshot.mesh.root_namespace
    pods = Pods(tuple(pod for pod in written.pods.all if is_in_mesh(pod, written)), ())
    for policy in written.all(AuthorizationPolicy):
        selector = policy.spec.selector
        namespace = "" if policy.namespace == root else policy.namespace
        labels = {} if selector is None else selector.match_labels
        if selector is None and not namespace:
            continue
        if all(map(is_assumed, pods.selected(labels, namespace))):
            yield _without_pods(context, policy, namespace, tuple(pods.selected(labels, namespace)))


def _without_pods(
    context: Context, policy: AuthorizationPolicy, namespace: str, assumed: tuple[Pod, ...]
) -> Diagnostic:
    labels = {} if policy.spec.selector is None else policy.spec.selector.match_labels
    where = f"namespace {namespace}" if namespace else "the mesh"
    outside = () if assumed else tuple(context.written.pods.selected(labels, namespace))
    basis = assumption(assumed) if assumed else GATEWAYS if any(map(context.serves_gateway, outside)) else ""
    return NO_MATCHING_WORKLOADS(
        _place(policy, labels),
        reported=whole(policy),
        where="the input" if assumed else where,
        lack=_lack(labels, bool(outside)),
        effect=basis or "this policy has no effect",
        severity=Severity.INFO if basis else None,
    )


def _lack(labels: Labels, is_selected: bool) -> str:
    """What no Pod has. `is_selected` says whether a Pod outside of the mesh has the labels."""
    if not labels:
        return "has an `istio-proxy` container"
    text = f"the labels {selector_text(labels)}"
    return f"with {text} has an `istio-proxy` container" if is_selected else f"has {text}"


def _idle_extensions(snapshot: Snapshot, workloads: WorkloadLabels) -> Iterator[Diagnostic]:
    """Extensions that select nothing."""
    root = snapshot.mesh.root_namespace
    for extension in (each for group in snapshot.extensions.by_namespace.values() for each in group):
        selector = extension.spec.selector
        namespace = "" if extension.namespace == root else extension.namespace
        if selector is not None and not workloads.has(selector.match_labels, namespace):
            yield POLICY_SELECTS_NOTHING(selector.at("match_labels"))


def _is_idle(spec: Attachable, policy: Resource, root: str, workloads: WorkloadLabels) -> bool:
    """True if the selector of a policy matches nothing. A policy with targets or without a selector is never idle."""
    if spec.selector is None or not spec.selector.match_labels:
        return False
    namespace = "" if policy.namespace == root else policy.namespace
    return not workloads.has(spec.selector.match_labels, namespace)
