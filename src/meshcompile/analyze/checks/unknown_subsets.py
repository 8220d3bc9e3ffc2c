"""Destinations to subsets that no DestinationRule defines. Follows istioctl's `DestinationRuleAnalyzer`."""

from collections.abc import Iterator

from meshcompile.analyze.context import Context
from meshcompile.analyze.destinations import Target, targets
from meshcompile.analyze.suggest import most_similar, name_fixes, question
from meshcompile.codes.references import NOT_FOUND
from meshcompile.diagnostics import Diagnostic, Related, Severity
from meshcompile.models.networking.destination_rule import DestinationRule
from meshcompile.models.networking.virtual_service import VirtualService
from meshcompile.values.hosts import CLUSTER_DOMAIN, qualified

OF_SERVICES = f".svc.{CLUSTER_DOMAIN}"


def unknown_subsets(context: Context) -> Iterator[Diagnostic]:
    """A finding for each destination to a subset that no rule for its host defines in any namespace."""
    for virtual_service in context.written.all(VirtualService):
        for target in targets(virtual_service):
            if target.destination.subset:
                yield from _undefined(target, tuple(context.rules_for(target.host)))
                yield from _unused(context, target)


def _unused(context: Context, target: Target) -> Iterator[Diagnostic]:
    """An info about a subset of a host that does not exist, if rules define it that istioctl does not look at."""
    rules = [
        rule
        for rule in context.rules_for(target.host)
        if any(subset.name == target.destination.subset for subset in rule.spec.subsets)
    ]
    is_served = next(context.services_of(target.host), None) is not None or context.assumes(target.host)
    if rules and not is_served and not any(_is_looked_at(rule, target) for rule in rules):
        yield NOT_FOUND(
            target.destination.at("subset"),
            reported=target.reported,
            problem=f"subset `{target.destination.subset}` of `{target.destination.host}` belongs to no service",
            effect=target.use.value,
            severity=Severity.INFO,
            related=(Related("this rule defines it", rules[0].origin),),
        )


def _is_looked_at(rule: DestinationRule, target: Target) -> bool:
    """True if istioctl finds a rule for a destination: one for the same Service, or of its namespace for its host."""
    if target.host.endswith(OF_SERVICES):
        return qualified(rule.spec.host, rule.namespace) == target.host
    return rule.spec.host == target.destination.host and rule.namespace == target.virtual_service.namespace


def _undefined(target: Target, rules: tuple[DestinationRule, ...]) -> Iterator[Diagnostic]:
    defined = {subset.name: rule for rule in rules for subset in rule.spec.subsets}
    subset = target.destination.subset
    if subset in defined:
        return
    similar = most_similar(subset, defined)
    known = f"there is {', '.join(f'`{name}`' for name in sorted(defined))}" if defined else ""
    yield NOT_FOUND(
        target.destination.at("subset"),
        reported=target.reported,
        problem=f"no DestinationRule defines subset `{subset}` of `{target.destination.host}`",
        effect=target.use.value,
        suggestion=question(similar) or known or f"write a DestinationRule for host {target.host}",
        fixes=name_fixes(target.destination.at("subset"), subset, similar),
        related=tuple(Related("this rule for the host does not define it", rule.origin) for rule in rules),
    )
