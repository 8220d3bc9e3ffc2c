"""DestinationRules of one namespace for one host: the settings of younger ones that are dropped when they are
merged.
"""

from collections.abc import Iterator

from meshcompile.analyze.context import Context
from meshcompile.codes.clusters import DUPLICATE_SUBSET, SHADOWED_POLICY
from meshcompile.diagnostics import Diagnostic, Related
from meshcompile.models.networking.destination_rule import DestinationRule
from meshcompile.snapshot.destination_rules import MergedDestinationRule


def conflicting_destination_rules(context: Context) -> Iterator[Diagnostic]:
    """A finding for each policy and subset that an older rule overrides, with both positions."""
    snapshot = context.snapshot
    index = snapshot.destination_rules
    for rules in (*index.own.values(), *index.exported.values()):
        for merged in (rule for group in rules.values() for rule in group if len(rule.parts) > 1):
            yield from _shadowed_policies(merged)
            yield from _duplicate_subsets(merged)


def _shadowed_policies(merged: MergedDestinationRule) -> Iterator[Diagnostic]:
    first: DestinationRule | None = None
    for part in merged.parts:
        policy = part.spec.traffic_policy
        if policy is None:
            continue
        if first is None or first.spec.traffic_policy is None:
            first = part
            continue
        related = (Related("this policy applies", first.spec.traffic_policy.origin),)
        yield SHADOWED_POLICY(policy, other=first.name, host=merged.host, related=related)


def _duplicate_subsets(merged: MergedDestinationRule) -> Iterator[Diagnostic]:
    for part in merged.parts[1:]:
        for subset in part.spec.subsets:
            counting = merged.subset(subset.name)
            if counting is not None and counting is not subset:
                owner = next(p.name for p in merged.parts if any(s is counting for s in p.spec.subsets))
                related = (Related("this subset applies", counting.origin),)
                yield DUPLICATE_SUBSET(subset, subset=subset.name, host=merged.host, other=owner, related=related)
