"""Rules of AuthorizationPolicies that decide about no request, because others decide about all of theirs.

Each is proved from the policies alone: another rule applies to all workloads of the policy and takes all requests of
the rule. A rule that only several others cover together is not found.
"""

from collections.abc import Iterator, Mapping

from meshcompile.diagnostics import Diagnostic
from meshcompile.models.base import Node
from meshcompile.models.security.authorization_policy import AuthorizationPolicy, Rule
from meshcompile.resolve.security.authorization import is_dry_run
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.unreachable.placed_policy_rule import ALLOW, DENY, PlacedPolicyRule

IDENTITY = frozenset({"principals", "namespaces", "service_accounts", "trust_domains"})
DIMENSIONS: Mapping[str, str] = {
    **dict.fromkeys((*IDENTITY, "source.principal", "source.namespace", "source.serviceAccount"), "identity"),
    "source.trustDomain": "identity",
    "ports": "destination.port",
    "ip_blocks": "source.ip",
    "remote_ip_blocks": "remote.ip",
    "request_principals": "request.auth.principal",
}
"""The dimension of a field or key, if it has another name."""


def unreachable_policy_rules(snapshot: Snapshot) -> Iterator[Diagnostic]:
    """A finding for each rule whose requests another one allows or denies."""
    index = snapshot.authorization
    judged = [each for group in index.by_namespace.values() for each in group if _is_judged(each)]
    rules = [PlacedPolicyRule(each, rule, _dimensions(rule)) for each in judged for rule in each.spec.rules]
    if len(rules) > 1:
        from meshcompile.unreachable.policy_rule_proofs import (
            JudgedPolicyRules,
            PolicyRuleComparison,
        )  # for a fast start

        yield from PolicyRuleComparison(snapshot, JudgedPolicyRules(tuple(rules), index.root_namespace)).findings()


def _is_judged(policy: AuthorizationPolicy) -> bool:
    return policy.spec.action in (ALLOW, DENY) and not is_dry_run(policy)


def _dimensions(rule: Rule) -> frozenset[str]:
    sources = [_set_fields(each.source) for each in rule.from_]
    operations = [_set_fields(each.operation) for each in rule.to]
    common = (frozenset.intersection(*each) for each in (sources, operations) if each)
    names = {*(name for each in common for name in each), *(each.key for each in rule.when)}
    return frozenset(DIMENSIONS.get(name, name) for name in names)


def _set_fields(node: Node | None) -> frozenset[str]:
    """The dimensions of the fields that are set, with those of their negations."""
    fields = () if node is None else (name for name in node.model_fields_set if getattr(node, name))
    return frozenset(DIMENSIONS.get(name, name) for name in (each.removeprefix("not_") for each in fields))
