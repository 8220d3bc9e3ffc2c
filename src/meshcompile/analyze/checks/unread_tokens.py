"""Policies on tokens that no RequestAuthentication reads, or that an external authorizer does not see yet."""

from collections.abc import Iterator

from meshcompile.analyze.context import Context
from meshcompile.analyze.policies import NO_EFFECT, authentication_of, pods_of, token_conditions
from meshcompile.codes.policy_effects import TOKENS_NOT_READ
from meshcompile.codes.policy_rules import CHECK_BEFORE_TOKENS
from meshcompile.diagnostics import Diagnostic, Related
from meshcompile.models.security.authorization_policy import AuthorizationPolicy, AuthorizationPolicyAction


def unread_tokens(context: Context) -> Iterator[Diagnostic]:
    """A finding for each policy that requires a token where none is read, and for each authorizer before tokens."""
    for policy in context.resources.all(AuthorizationPolicy):
        place = next(token_conditions(policy.spec.rules), None)
        is_custom = policy.spec.action is AuthorizationPolicyAction.CUSTOM
        if place is None and not is_custom:
            continue
        pods = pods_of(context, policy)
        reading = next((found for pod in pods if (found := authentication_of(context, pod)) is not None), None)
        if place is not None and pods and reading is None:
            yield TOKENS_NOT_READ(
                place(),
                effect=NO_EFFECT[policy.spec.action],
                suggestion="write a RequestAuthentication for these workloads",
            )
        elif is_custom and reading is not None:
            related = (Related("it reads tokens", reading.origin),)
            yield CHECK_BEFORE_TOKENS(policy.spec.at("action"), authentication=reading.full_name, related=related)
