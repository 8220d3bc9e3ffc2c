"""The network RBAC filter, which looks at connections when the first bytes arrive."""

from dataclasses import replace

from meshcompile.envoy.extensions.filters.network.rbac import RBAC
from meshcompile.simulate.http_rbac import decision, denial_details
from meshcompile.simulate.outcomes import ClosedConnection, ProxyOutcome, Step
from meshcompile.simulate.rbac import verdict
from meshcompile.simulate.rbac_conditions import RbacSubject


def network_rbac(
    config: RBAC, name: str, pointer: str, subject: RbacSubject, current: ProxyOutcome
) -> tuple[ProxyOutcome, bool]:
    """The outcome after the filter, and whether the connection goes on."""
    place = f"{pointer}/typedConfig"
    if config.shadow_rules is not None:
        shadow = verdict(config.shadow_rules, subject, f"{place}/shadowRules")
        text = f"{decision(config.shadow_rules, shadow)}, as a dry run"
        current = _stepped(current, Step("RBAC", name, text, shadow.pointer or f"{place}/shadowRules"))
    if config.matcher is not None:
        current = replace(current, depends_on=(*current.depends_on, f"the matcher of the network filter {name}"))
    if config.rules is None:
        return current, True
    found = verdict(config.rules, subject, f"{place}/rules")
    step = Step("RBAC", name, decision(config.rules, found), found.pointer or place, found.near_misses)
    current = _stepped(current, step)
    if found.depends_on:
        asked = f"{found.depends_on}, which the RBAC filter asks for"
        current = replace(current, depends_on=(*current.depends_on, asked))
    if config.rules.action == "LOG" or found.allowed:
        return current, True
    return replace(current, ending=ClosedConnection(denial_details(found))), False


def _stepped(outcome: ProxyOutcome, step: Step) -> ProxyOutcome:
    return replace(outcome, steps=(*outcome.steps, step))
