"""Rules of AuthorizationPolicies that match more or fewer requests than intended."""

from collections.abc import Iterator
from itertools import pairwise

from meshcompile.analyze.context import Context
from meshcompile.codes.policy_rules import EMPTY_RULE, EXACT_PATH_IN_POLICY, SEPARATE_RULES
from meshcompile.diagnostics import Diagnostic
from meshcompile.models.security.authorization_policy import (
    AuthorizationPolicy,
    AuthorizationPolicyAction,
    Operation,
    Rule,
)


def policy_rules(context: Context) -> Iterator[Diagnostic]:
    """A finding for each empty rule among others, each `to` that is separate from its `from`, and each exact path."""
    for policy in context.resources.all(AuthorizationPolicy):
        yield from _shapes(policy)
        if policy.spec.action is AuthorizationPolicyAction.ALLOW:
            yield from _paths(policy)


def _shapes(policy: AuthorizationPolicy) -> Iterator[Diagnostic]:
    rules, action = policy.spec.rules, policy.spec.action
    empty = next((rule for rule in rules if rule == Rule()), None)
    if empty is not None and len(rules) > 1:
        yield EMPTY_RULE(empty, action=action, suggestion="remove the rule, or its dash if it begins the next one")
        return
    for first, second in pairwise(rules):
        apart = first.from_ and not first.to and second.to and not second.from_
        if apart and not first.when and not second.when:
            yield SEPARATE_RULES(second, action=action, suggestion="remove the dash if both belong together")


def _paths(policy: AuthorizationPolicy) -> Iterator[Diagnostic]:
    operations = [each.operation for rule in policy.spec.rules for each in rule.to if each.operation is not None]
    if any(not operation.paths for operation in operations) or len(operations) < sum(
        max(1, len(rule.to)) for rule in policy.spec.rules
    ):
        return  # some rule allows every path
    patterns = [path for operation in operations for path in operation.paths]
    exact = frozenset(path for path in patterns if not _is_pattern(path))
    prefixes = [path[:-1] for path in patterns if path.endswith("*")]
    has_others = any(_is_pattern(path) and not path.endswith("*") for path in patterns)
    for operation in operations if not has_others else ():
        yield from _uncovered(operation, exact, prefixes)


def _uncovered(operation: Operation, exact: frozenset[str], prefixes: list[str]) -> Iterator[Diagnostic]:
    """The first path of an operation that nothing extends."""
    for index, path in enumerate(operation.paths):
        is_file = "." in path.rpartition("/")[2]
        if _is_pattern(path) or is_file or path.endswith("/") or f"{path}/" in exact:
            continue
        if not any(f"{path}/".startswith(prefix) or prefix.startswith(f"{path}/") for prefix in prefixes):
            place = operation.at("paths", index)
            yield EXACT_PATH_IN_POLICY(place, path=path, suggestion=f"add `{path}/*` to allow what is below it")
            return


def _is_pattern(path: str) -> bool:
    return "*" in path or "{" in path
