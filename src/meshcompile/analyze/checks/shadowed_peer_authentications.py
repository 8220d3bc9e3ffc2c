"""PeerAuthentications that an older one hides. Follows istiod's `authn.ComposePeerAuthentication`."""

from collections.abc import Iterator

from meshcompile.analyze.context import Context
from meshcompile.analyze.places import named
from meshcompile.codes.policy_effects import SHADOWED_PEER_AUTHENTICATION
from meshcompile.diagnostics import Diagnostic, Related
from meshcompile.models.kubernetes.pod import Pod
from meshcompile.models.security.peer_authentication import PeerAuthentication
from meshcompile.resolve.security.mtls import peer_policy
from meshcompile.snapshot.authentication import is_wide, peer_selector


def shadowed_peer_authentications(context: Context) -> Iterator[Diagnostic]:
    """A finding for each PeerAuthentication beside an older one for the same namespace, mesh or workloads."""
    oldest: dict[str, PeerAuthentication] = {}
    for policy in context.resources.all(PeerAuthentication):
        if is_wide(policy):
            used = oldest.setdefault(policy.namespace, policy)
        elif policy.namespace != context.snapshot.mesh.root_namespace:
            used = _used_instead(context, policy)
        else:
            continue  # MC0808 says that it selects nothing
        if used is not policy:
            applies = "whole mesh" if policy.namespace == context.snapshot.mesh.root_namespace else "same namespace"
            yield SHADOWED_PEER_AUTHENTICATION(
                named(policy),
                other=used.full_name,
                where=applies if is_wide(policy) else "same workloads",
                related=(Related("this one is used", used.origin),),
            )


def _used_instead(context: Context, policy: PeerAuthentication) -> PeerAuthentication:
    """The policy that the selected Pods use: this one, unless all of them use older ones."""
    used = policy
    for pod in context.pods.selected(peer_selector(policy), policy.namespace):
        used = _for_workload(context, pod)
        if used is policy:
            return policy
    return used


def _for_workload(context: Context, pod: Pod) -> PeerAuthentication:
    """The policy with a selector that a Pod uses. There is one."""
    policies = peer_policy(context.snapshot.authentication, pod.namespace, pod.metadata.labels).policies
    return next(policy for policy in policies if not is_wide(policy))
