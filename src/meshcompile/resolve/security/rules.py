"""One rule of an AuthorizationPolicy, compiled to permissions and principals.

Follows istiod's `authz/model.Model`.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeAlias, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from meshcompile.documents import NOWHERE, Origin
from meshcompile.models.security.authorization_policy import Operation, Rule, Source
from meshcompile.resolve.security.attributes import (
    DESTINATION_PORT,
    HOST,
    METHOD,
    PATH,
    REMOTE_IP,
    REQUEST_PRINCIPAL,
    SOURCE_IP,
    SOURCE_NAMESPACE,
    SOURCE_PRINCIPAL,
    SOURCE_SERVICE_ACCOUNT,
    SOURCE_TRUST_DOMAIN,
    Attribute,
    AttributeContext,
    Permissions,
    Principals,
    destination_attribute,
    source_attribute,
)
from meshcompile.resolve.security.conditions import All, Always, AnyOf, Not, PermissionCondition, PrincipalCondition
from meshcompile.resolve.security.trust_domains import TrustDomains

C = TypeVar("C", covariant=True)


class RuleContext(Struct, frozen=True):
    """The context in which a rule is compiled.

    A TCP filter (`for_tcp`) cannot see requests. There, a rule that `allows` is dropped as a whole when it uses
    requests, and so allows less. Any other rule loses only the part that it cannot check, and so denies more.
    """

    namespace: str
    for_tcp: bool
    allows: bool
    trust_domains: TrustDomains
    tunnelled: bool = False


class CompiledRule(Struct, frozen=True):
    """A rule, which matches when at least one permission and one principal match."""

    permissions: tuple[PermissionCondition, ...]
    principals: tuple[PrincipalCondition, ...]


class AttributeTest(Struct, Generic[C], frozen=True):
    """An attribute, with the values that it must have and the values that it must not have."""

    attribute: Attribute[C]
    key: str
    values: tuple[str, ...]
    not_values: tuple[str, ...]
    origin: Origin = NOWHERE


# Never matches. A policy without rules compiles to it.
NEVER = CompiledRule((Not(Always()),), (Not(Always()),))


def compiled_rule(rule: Rule, context: RuleContext) -> CompiledRule | None:
    """The compiled rule; None when it is dropped."""
    when = tuple((condition, source_attribute(condition.key)) for condition in rule.when)
    if any(attribute is None and destination_attribute(condition.key) is None for condition, attribute in when):
        return None
    about_what = tuple(
        AttributeTest(attribute, condition.key, condition.values, condition.not_values, condition.origin)
        for condition, _ in when
        if (attribute := destination_attribute(condition.key)) is not None
    )
    about_whom = tuple(
        AttributeTest(attribute, condition.key, condition.values, condition.not_values, condition.origin)
        for condition, attribute in when
        if attribute is not None and destination_attribute(condition.key) is None
    )
    domains = context.trust_domains
    # The `from`s share the `when`s, so each `from` expands the trust domains of every `when` once more.
    for _ in rule.from_ or (None,):
        about_whom = tuple(_in_trust_domains(test, domains) for test in about_whom)
    operations = [(*_operation(to.operation), *about_what) for to in rule.to] or [about_what]
    sources = [(*_source(each.source, domains), *about_whom) for each in rule.from_] or [about_whom]
    permissions = _conditions(operations, context)
    principals = _conditions(sources, context)
    return None if permissions is None or principals is None else CompiledRule(permissions, principals)


def _operation(operation: Operation | None) -> Iterator[AttributeTest[PermissionCondition]]:
    if operation is not None:
        for attribute, values in OPERATION:
            yield AttributeTest(attribute, "", *values(operation), operation.origin)


def _source(source: Source | None, domains: TrustDomains) -> Iterator[AttributeTest[PrincipalCondition]]:
    if source is not None:
        tests = (AttributeTest(attribute, "", *values(source), source.origin) for attribute, values in SOURCE)
        yield from (_in_trust_domains(test, domains) for test in tests)


Values = tuple[tuple[str, ...], tuple[str, ...]]
# The fields of an operation and of a source, in the order in which Envoy checks them.
OPERATION: tuple[tuple[Permissions, Callable[[Operation], Values]], ...] = (
    (HOST, lambda o: (o.hosts, o.not_hosts)),
    (METHOD, lambda o: (o.methods, o.not_methods)),
    (PATH, lambda o: (o.paths, o.not_paths)),
    (DESTINATION_PORT, lambda o: (o.ports, o.not_ports)),
)
SOURCE: tuple[tuple[Principals, Callable[[Source], Values]], ...] = (
    (SOURCE_PRINCIPAL, lambda s: (s.principals, s.not_principals)),
    (REQUEST_PRINCIPAL, lambda s: (s.request_principals, s.not_request_principals)),
    (SOURCE_SERVICE_ACCOUNT, lambda s: (s.service_accounts, s.not_service_accounts)),
    (SOURCE_TRUST_DOMAIN, lambda s: (s.trust_domains, s.not_trust_domains)),
    (SOURCE_NAMESPACE, lambda s: (s.namespaces, s.not_namespaces)),
    (REMOTE_IP, lambda s: (s.remote_ip_blocks, s.not_remote_ip_blocks)),
    (SOURCE_IP, lambda s: (s.ip_blocks, s.not_ip_blocks)),
)


def _in_trust_domains(
    test: AttributeTest[PrincipalCondition], domains: TrustDomains
) -> AttributeTest[PrincipalCondition]:
    """The test, with its identities in all trust domains of the mesh."""
    if test.attribute is SOURCE_PRINCIPAL:
        return replace(test, values=domains.principals(test.values), not_values=domains.principals(test.not_values))
    if test.attribute is SOURCE_TRUST_DOMAIN:
        return replace(test, values=domains.expanded(test.values), not_values=domains.expanded(test.not_values))
    return test


Compared: TypeAlias = C | AnyOf[C]
Tested: TypeAlias = All[Always | Not[Compared[C]] | Compared[C]]


def _conditions(
    alternatives: Iterable[Iterable[AttributeTest[C]]], context: RuleContext
) -> tuple[Tested[C], ...] | None:
    """One condition for each alternative; None when the rule is dropped."""
    conditions = tuple(_condition(tests, context) for tests in alternatives)
    return None if None in conditions else tuple(condition for condition in conditions if condition is not None)


def _condition(tests: Iterable[AttributeTest[C]], context: RuleContext) -> Tested[C] | None:
    """The condition that all tests hold.

    None when a test cannot be compiled in a rule that allows.
    """
    parts: list[Always | Not[Compared[C]] | Compared[C]] = []
    places: list[Origin] = []
    for test in tests:
        for values, negated in ((test.values, False), (test.not_values, True)):
            compared, complete = _compared(test, values, context)
            if context.allows and not complete:
                return None
            if compared is not None:
                parts.append(Not(compared) if negated else compared)
                places.append(test.origin)
    return All(tuple(parts), tuple(places)) if parts else All((Always(),))


def _compared(test: AttributeTest[C], values: tuple[str, ...], context: RuleContext) -> tuple[Compared[C] | None, bool]:
    """The comparison with any of the values, and whether every value could be compared.

    The comparison is None when there is nothing to compare.
    """
    attribute, read_in = test.attribute, AttributeContext(test.key, context.namespace, context.tunnelled)
    if not values:
        return None, True
    if attribute.http_only and context.for_tcp:
        return None, False
    if attribute.compare_all is not None:
        together = attribute.compare_all(read_in, values)
        return together, together is not None
    assert attribute.compare is not None
    conditions = tuple(attribute.compare(read_in, value) for value in values)
    known = tuple(condition for condition in conditions if condition is not None)
    return (AnyOf(known) if known else None), len(known) == len(values)


def uses_requests(rule: Rule) -> bool:
    """True when a rule looks at requests, which do not exist on TCP connections."""
    operations = (test for to in rule.to for test in _operation(to.operation))
    sources = (test for each in rule.from_ for test in _source(each.source, TrustDomains(())))
    of_fields = (test.attribute for test in (*operations, *sources) if test.values or test.not_values)
    of_when = (source_attribute(condition.key) for condition in rule.when)
    return any(attribute is not None and attribute.http_only for attribute in (*of_fields, *of_when))
