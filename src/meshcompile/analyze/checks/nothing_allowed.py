"""ALLOW policies that match nothing, which is Istio's way to deny everything that no other policy allows."""

from collections.abc import Iterator

from meshcompile.analyze.context import Context
from meshcompile.codes.security import NOTHING_ALLOWED
from meshcompile.diagnostics import Diagnostic
from meshcompile.models.security.authorization_policy import AuthorizationPolicyAction


def nothing_allowed(context: Context) -> Iterator[Diagnostic]:
    """A finding for each ALLOW policy without rules."""
    for group in context.snapshot.authorization.by_namespace.values():
        for policy in group:
            if policy.spec.action is AuthorizationPolicyAction.ALLOW and not policy.spec.rules:
                yield NOTHING_ALLOWED(policy)
