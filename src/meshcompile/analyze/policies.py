"""The Pods that policies apply to, and the tokens that are read at them."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Protocol

from meshcompile.analyze.context import Context
from meshcompile.documents import Origin
from meshcompile.models.common import WorkloadSelector
from meshcompile.models.kubernetes.pod import Pod
from meshcompile.models.security.authorization_policy import AuthorizationPolicy, AuthorizationPolicyAction, Rule
from meshcompile.models.security.request_authentication import RequestAuthentication
from meshcompile.snapshot.policy_targets import targets
from meshcompile.values.labels import Labels, selects

NO_EFFECT = {
    AuthorizationPolicyAction.ALLOW: "this part of the policy allows nothing",
    AuthorizationPolicyAction.DENY: "this part of the policy denies nothing",
    AuthorizationPolicyAction.AUDIT: "this part of the policy audits nothing",
    AuthorizationPolicyAction.CUSTOM: "the provider is not asked for this part of the policy",
}
"""The effect of a part of a policy that matches no request."""
TOKEN_KEYS = "request.auth."
"""Prefixes of the keys of conditions on tokens."""


Place = Callable[[], Origin]
"""A position in the input, which is computed when it is called."""


class Selecting(Protocol):
    """The spec of a policy that selects workloads."""

    @property
    def selector(self) -> WorkloadSelector | None: ...


def labels_of(spec: Selecting) -> Labels:
    """The labels that a policy selects. Empty selects all."""
    return {} if spec.selector is None else spec.selector.match_labels


def pods_of(context: Context, policy: AuthorizationPolicy | RequestAuthentication) -> tuple[Pod, ...]:
    """The Pods that a policy selects: one for each set of labels. None for a policy with targets."""
    if targets(policy.spec):
        return ()
    namespace = "" if policy.namespace == context.snapshot.mesh.root_namespace else policy.namespace
    pods = context.pods.selected(labels_of(policy.spec), namespace)
    return tuple({(pod.namespace, frozenset(pod.metadata.labels.items())): pod for pod in pods}.values())


def authentication_of(context: Context, pod: Pod) -> RequestAuthentication | None:
    """The first RequestAuthentication that reads tokens at a Pod. One with targets may apply to any Pod."""
    policies = context.snapshot.authentication.request_in(pod.namespace)
    return next(
        (
            policy
            for policy in policies
            if policy.spec.jwt_rules and (targets(policy.spec) or selects(labels_of(policy.spec), pod.metadata.labels))
        ),
        None,
    )


def policies_of(context: Context, pod: Pod) -> Iterator[AuthorizationPolicy]:
    """The AuthorizationPolicies that apply to a Pod."""
    index = context.snapshot.authorization
    for namespace in dict.fromkeys((pod.namespace, index.root_namespace)):
        for policy in index.by_namespace.get(namespace, ()):
            if not targets(policy.spec) and selects(labels_of(policy.spec), pod.metadata.labels):
                yield policy


def token_conditions(rules: Iterable[Rule]) -> Iterator[Place]:
    """The positions of conditions that require a token."""
    for rule in rules:
        for source in (each.source for each in rule.from_):
            if source is not None and source.request_principals:
                yield partial(source.at, "request_principals", 0)
        for condition in rule.when:
            if condition.key.startswith(TOKEN_KEYS) and condition.values:
                yield partial(condition.at, "key")
