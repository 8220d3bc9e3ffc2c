"""A rule of an AuthorizationPolicy, with its policy."""

from msgspec import Struct

from meshcompile.documents import Origin
from meshcompile.models.security.authorization_policy import AuthorizationPolicy, AuthorizationPolicyAction, Rule

ALLOW, DENY = AuthorizationPolicyAction.ALLOW, AuthorizationPolicyAction.DENY


class PlacedPolicyRule(Struct, frozen=True, eq=False):
    """A rule of a policy. `dimensions` are those in which each of its alternatives has a condition."""

    policy: AuthorizationPolicy
    rule: Rule
    dimensions: frozenset[str]

    @property
    def place(self) -> Origin:
        return self.rule.origin
