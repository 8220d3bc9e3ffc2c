"""The policies that hold for a proxy."""

from collections.abc import Iterator

from meshcompile.describe.description import DescribedFact
from meshcompile.describe.world import DescribedWorld, RunningProxy
from meshcompile.models.security.authorization_policy import AuthorizationPolicy
from meshcompile.resolve.security.policy_attachment import AttachablePolicy, refusal
from meshcompile.resolve.skipped_objects import attachable_policies


def policies(world: DescribedWorld, running: RunningProxy) -> Iterator[DescribedFact]:
    """The policies, extensions and patches that hold for a proxy."""
    behind = running.facts.behind.services
    root = world.snapshot.mesh.root_namespace
    namespaces = {running.proxy.namespace, root, *(service.namespace for service in behind)}
    proxy = running.facts.proxy
    for policy in attachable_policies(world.snapshot):
        if policy.namespace in namespaces and refusal(policy.spec, policy.namespace, proxy, root, behind) is None:
            yield DescribedFact(_told(policy), policy.origin)


def _told(policy: AttachablePolicy) -> str:
    document = policy.origin.document
    name = f"{document.kind} {policy.namespace}/{document.name}"
    if isinstance(policy, AuthorizationPolicy):
        count = len(policy.spec.rules)
        rules = f"{count} rule{'' if count == 1 else 's'}" if count else "no rules"
        return f"{name}: {policy.spec.action.value}, {rules}"
    return name
