"""AuthorizationPolicies as ztunnel gets them. Follows `convertAuthorizationPolicy` of istiod's `authorization.go`.

ztunnel sees connections. A rule that allows by something of HTTP is left out. Of a rule that denies, the parts about
HTTP are left out.
"""

from collections.abc import Iterable, Iterator, Mapping

from meshcompile.envoy.message import at
from meshcompile.envoy.workload_security import (
    AddressBlock,
    Authorization,
    Group,
    L4StringMatch,
    Match,
    PolicyAction,
    PolicyScope,
    Presence,
    Rules,
    ServiceAccountMatch,
)
from meshcompile.models.security.authorization_policy import (
    AuthorizationPolicy,
    AuthorizationPolicyAction,
    Condition,
    Operation,
    Rule,
    Source,
)
from meshcompile.resolve.security.authorization import is_dry_run
from meshcompile.snapshot.policy_targets import targets
from meshcompile.values.ip import HIGHEST_PORT, cidr_range
from meshcompile.ztunnel.addresses import packed_ip
from meshcompile.ztunnel.attributes import is_about_http

ACTIONS: Mapping[AuthorizationPolicyAction, PolicyAction] = {
    AuthorizationPolicyAction.ALLOW: "ALLOW",
    AuthorizationPolicyAction.DENY: "DENY",
}
"""The actions that ztunnel supports."""
PRESENT = L4StringMatch(presence=Presence())


def authorization(policy: AuthorizationPolicy, root_namespace: str) -> Authorization | None:
    """What ztunnel gets of a policy; None for a dry run, for another action, and for a policy of a waypoint."""
    action = ACTIONS.get(policy.spec.action)
    if action is None or is_dry_run(policy) or targets(policy.spec):
        return None
    made = Authorization(
        name=policy.name,
        namespace=policy.namespace,
        scope=_scope(policy, root_namespace),
        action=action,
        groups=tuple(_group(rule, policy.namespace) for rule in policy.spec.rules if _counts(rule, action)),
    )
    return at(made, policy.origin)


def _scope(policy: AuthorizationPolicy, root_namespace: str) -> PolicyScope:
    if policy.spec.selector is not None:
        return "WORKLOAD_SELECTOR"
    return "GLOBAL" if policy.namespace == root_namespace else "NAMESPACE"


def _counts(rule: Rule, action: PolicyAction) -> bool:
    return action == "DENY" or not is_about_http(rule)


def _group(rule: Rule, namespace: str) -> Group:
    operations = tuple(_of_operation(each.operation) for each in rule.to if each.operation is not None)
    sources = tuple(_of_source(each.source, namespace) for each in rule.from_ if each.source is not None)
    alternatives = (operations, sources, *((_of_condition(each),) for each in rule.when))
    return at(Group(rules=tuple(Rules(matches=matches) for matches in alternatives if matches)), rule.origin)


def _of_operation(operation: Operation) -> Match:
    return Match(destination_ports=_ports(operation.ports), not_destination_ports=_ports(operation.not_ports))


def _of_source(source: Source, namespace: str) -> Match:
    return Match(
        namespaces=_strings(source.namespaces),
        not_namespaces=_strings(source.not_namespaces),
        service_accounts=_accounts(source.service_accounts, namespace),
        not_service_accounts=_accounts(source.not_service_accounts, namespace),
        principals=_strings(source.principals),
        not_principals=_strings(source.not_principals),
        source_ips=_blocks(source.ip_blocks),
        not_source_ips=_blocks(source.not_ip_blocks),
    )


def _of_condition(condition: Condition) -> Match:
    """The match of a condition. It is empty if the condition is about HTTP."""
    wanted, unwanted = condition.values, condition.not_values
    match condition.key:
        case "source.namespace":
            return Match(namespaces=_strings(wanted), not_namespaces=_strings(unwanted))
        case "source.principal":
            return Match(principals=_strings(wanted), not_principals=_strings(unwanted))
        case "source.ip":
            return Match(source_ips=_blocks(wanted), not_source_ips=_blocks(unwanted))
        case "destination.ip":
            return Match(destination_ips=_blocks(wanted), not_destination_ips=_blocks(unwanted))
        case "destination.port":
            return Match(destination_ports=_ports(wanted), not_destination_ports=_ports(unwanted))
        case _:
            return Match()


def _strings(texts: Iterable[str]) -> tuple[L4StringMatch, ...]:
    return tuple(map(_string, texts))


def _string(text: str) -> L4StringMatch:
    if text == "*":
        return PRESENT
    if text.startswith("*"):
        return L4StringMatch(suffix=text[1:])
    return L4StringMatch(prefix=text[:-1]) if text.endswith("*") else L4StringMatch(exact=text)


def _accounts(texts: Iterable[str], own: str) -> tuple[ServiceAccountMatch, ...]:
    """Service accounts, in the namespace of the policy unless they name one."""
    parts = (text.partition("/") for text in texts)
    return tuple(
        ServiceAccountMatch(namespace=first if slash else own, service_account=rest if slash else first)
        for first, slash, rest in parts
    )


def _ports(texts: Iterable[str]) -> tuple[int, ...]:
    """The valid ports."""
    numbers = (int(text) for text in texts if text.isascii() and text.isdecimal())
    return tuple(number for number in numbers if number <= HIGHEST_PORT)


def _blocks(texts: Iterable[str]) -> tuple[AddressBlock, ...]:
    return tuple(_valid_blocks(texts))


def _valid_blocks(texts: Iterable[str]) -> Iterator[AddressBlock]:
    for found in map(cidr_range, texts):
        if found is not None:
            yield AddressBlock(address=packed_ip(found.address), length=found.prefix_length)
