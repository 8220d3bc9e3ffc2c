"""Proofs that a rule of an AuthorizationPolicy decides about no request, because another one takes all of them."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice

from msgspec import Struct

from meshcompile.codes.policy_rules import COVERED_RULE, DENIED_RULE
from meshcompile.diagnostics import Diagnostic, Related
from meshcompile.documents import Origin
from meshcompile.emit.rbac import policy as message
from meshcompile.models.security.authorization_policy import AuthorizationPolicy
from meshcompile.resolve.security.authorization import NamedRule
from meshcompile.resolve.security.rules import RuleContext, compiled_rule
from meshcompile.resolve.security.trust_domains import TrustDomains
from meshcompile.snapshot.policy_targets import targets
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.spaces import Space, Undecided
from meshcompile.symbolic.rbac import policy_space
from meshcompile.unreachable.placed_policy_rule import ALLOW, DENY, PlacedPolicyRule
from meshcompile.values.labels import Labels, selects

MOST_PROOFS = 2000
"""The number of pairs of rules that are compared."""


class JudgedPolicyRules(Struct, frozen=True, dict=True):
    """The rules of the judged policies, by what they apply to."""

    all: tuple[PlacedPolicyRule, ...]
    root_namespace: str

    def applying_with(self, rule: PlacedPolicyRule) -> Iterator[PlacedPolicyRule]:
        """The rules that apply to every workload to which a rule applies."""
        policy = rule.policy
        if targets(policy.spec):
            yield from (each for each in self._of_policy[policy.namespace, policy.name] if each is not rule)
            return
        labels = _labels(policy)
        for namespace in dict.fromkeys((policy.namespace, self.root_namespace)):
            for pair in (None, *labels.items()):
                for each in self._by_pair.get((namespace, pair), ()):
                    if each is not rule and selects(_labels(each.policy), labels):
                        yield each

    @cached_property
    def _of_policy(self) -> Mapping[tuple[str, str], Sequence[PlacedPolicyRule]]:
        found: dict[tuple[str, str], list[PlacedPolicyRule]] = defaultdict(list)
        for each in self.all:
            found[each.policy.namespace, each.policy.name].append(each)
        return found

    @cached_property
    def _by_pair(self) -> Mapping[tuple[str, tuple[str, str] | None], Sequence[PlacedPolicyRule]]:
        """The rules by namespace and the first label of their selector; None for no label."""
        found: dict[tuple[str, tuple[str, str] | None], list[PlacedPolicyRule]] = defaultdict(list)
        for each in self.all:
            if not targets(each.policy.spec):
                found[each.policy.namespace, next(iter(_labels(each.policy).items()), None)].append(each)
        return found


def _labels(policy: AuthorizationPolicy) -> Labels:
    return {} if policy.spec.selector is None else policy.spec.selector.match_labels


class PolicyRuleComparison:
    """The rules of a mesh, compared one with another."""

    def __init__(self, snapshot: Snapshot, rules: JudgedPolicyRules) -> None:
        self._rules = rules
        self._domains = TrustDomains((snapshot.mesh.trust_domain, *snapshot.mesh.trust_domain_aliases))
        self._spaces: dict[Origin, Space] = {}

    def findings(self) -> Iterator[Diagnostic]:
        """The findings, the last rule first. Of two rules that take the same requests, the later one is not needed."""
        unused = set[Origin]()
        pairs = ((rule, other) for rule in reversed(self._rules.all) for other in self._others(rule))
        for rule, other in islice(pairs, MOST_PROOFS):
            if rule.place not in unused and other.place not in unused and self._covers(other, rule):
                unused.add(rule.place)
                yield _finding(rule, other)

    def _others(self, rule: PlacedPolicyRule) -> Iterator[PlacedPolicyRule]:
        """The rules that can take all requests of a rule, before it is asked or in its place."""
        for other in self._rules.applying_with(rule):
            if other.dimensions <= rule.dimensions and other.policy.spec.action in (rule.policy.spec.action, DENY):
                yield other

    def _covers(self, other: PlacedPolicyRule, rule: PlacedPolicyRule) -> bool:
        try:
            requests = self._space(rule)
            return not requests.is_empty and (requests - self._space(other)).is_empty
        except Undecided:
            return False

    def _space(self, placed: PlacedPolicyRule) -> Space:
        """The requests that a rule matches."""
        if placed.place not in self._spaces:
            self._spaces[placed.place] = self._computed(placed)
        return self._spaces[placed.place]

    def _computed(self, placed: PlacedPolicyRule) -> Space:
        policy = placed.policy
        context = RuleContext(policy.namespace, False, policy.spec.action is ALLOW, self._domains)
        compiled = compiled_rule(placed.rule, context)
        if compiled is None:
            raise Undecided("Istio drops the rule")
        return policy_space(message(NamedRule("", compiled, placed.place)))


def _finding(rule: PlacedPolicyRule, other: PlacedPolicyRule) -> Diagnostic:
    policy, action = rule.policy, other.policy.spec.action
    of = "" if other.policy is policy else f" of AuthorizationPolicy {other.policy.full_name}"
    code = COVERED_RULE if action is policy.spec.action else DENIED_RULE
    related = (Related("this rule takes them", other.place),)
    return code(rule.rule, action=action, other=f"rule #{other.place.path[-1]}{of}", related=related)
