"""Rules of AuthorizationPolicies: istiod's `ValidateAuthorizationPolicy`."""

from collections.abc import Mapping

from meshcompile.codes import validation as codes
from meshcompile.models.base import Node, json_name
from meshcompile.models.security.authorization_policy import (
    AuthorizationPolicy,
    AuthorizationPolicyAction,
    Condition,
    Operation,
    Rule,
    Source,
)
from meshcompile.validate.authorization_values import (
    Problem,
    any_text,
    condition_problem,
    ip_problem,
    path_problem,
    port_problem,
    service_account_problem,
    trust_domain_problem,
)
from meshcompile.validate.checks import Found, attachment, exclusive, is_written

CUSTOM = AuthorizationPolicyAction.CUSTOM
DENY = AuthorizationPolicyAction.DENY

UNKNOWN_TO_CUSTOM = (
    "namespaces",
    "not_namespaces",
    "service_accounts",
    "not_service_accounts",
    "trust_domains",
    "not_trust_domains",
    "principals",
    "not_principals",
    "request_principals",
    "not_request_principals",
)
KEYS_UNKNOWN_TO_CUSTOM = frozenset(
    {"source.namespace", "source.serviceAccount", "source.trustDomain", "source.principal"}
)
IDENTITIES = ("principals", "not_principals", "namespaces", "not_namespaces")
SERVICE_ACCOUNTS = ("service_accounts", "not_service_accounts")
TCP_SOURCES = (*IDENTITIES, *SERVICE_ACCOUNTS, "ip_blocks", "not_ip_blocks", "remote_ip_blocks", "not_remote_ip_blocks")
"""The source fields that istiod regards as available on TCP when it warns."""
HTTP_SOURCES = frozenset({"request_principals", "not_request_principals"})
"""The source fields that only HTTP requests have."""
SOURCE_VALUES: Mapping[str, Problem] = {
    "ip_blocks": ip_problem,
    "remote_ip_blocks": ip_problem,
    "service_accounts": service_account_problem,
    "trust_domains": trust_domain_problem,
    "principals": any_text,
    "request_principals": any_text,
    "namespaces": any_text,
}
OPERATION_VALUES: Mapping[str, Problem] = {
    "ports": port_problem,
    "paths": path_problem,
    "methods": any_text,
    "hosts": any_text,
}
"""Fields, and the check of one nonempty value. Each field has a negated counterpart with the prefix `not_`."""


def violations(policy: AuthorizationPolicy) -> Found:
    """Findings about an AuthorizationPolicy."""
    spec = policy.spec
    yield from attachment(spec, "selector", "target_ref", "target_refs")
    yield from _action(policy)
    for rule in spec.rules:
        yield from _rule(rule)
        if spec.action is CUSTOM:
            yield from _custom_rule(rule)
        if spec.action is DENY and _denies_all_tcp(rule):
            yield codes.HTTP_IN_DENY(rule, left=_left_for_tcp(rule))


def _action(policy: AuthorizationPolicy) -> Found:
    spec = policy.spec
    if spec.action in (CUSTOM, DENY) and not spec.rules:
        problem = f"action {spec.action} without `rules` never applies"
        yield codes.AUTHORIZATION_ACTION(spec, problem=problem)
    elif spec.action is CUSTOM and (spec.provider is None or not spec.provider.name):
        yield codes.AUTHORIZATION_ACTION(spec, problem="action CUSTOM needs a `provider.name`")
    if spec.provider is not None and spec.action is not CUSTOM:
        problem = f"`provider` is for action CUSTOM, not for {spec.action}"
        yield codes.AUTHORIZATION_ACTION(spec.at("provider"), problem=problem)


def _rule(rule: Rule) -> Found:
    for origin in rule.from_:
        if origin.source is None:
            yield codes.EMPTY_RULE_PART(origin, problem="`source` is missing")
        else:
            yield from _source(origin.source)
    for target in rule.to:
        if target.operation is None:
            yield codes.EMPTY_RULE_PART(target, problem="`operation` is missing")
        else:
            yield from _operation(target.operation)
    for condition in rule.when:
        yield from _condition(condition)


def _source(source: Source) -> Found:
    fields = type(source).model_fields
    if not any(getattr(source, field) for field in fields):
        yield codes.EMPTY_RULE_PART(source, problem="the source is empty")
    written = [field for field in (*IDENTITIES, *SERVICE_ACCOUNTS) if is_written(source, field)]
    identity = next((field for field in written if field in IDENTITIES), None)
    account = next((field for field in written if field in SERVICE_ACCOUNTS), None)
    if identity and account:
        yield from exclusive(source, identity, account)
    yield from _values(source, SOURCE_VALUES)


def _operation(operation: Operation) -> Found:
    if not any(getattr(operation, field) for field in type(operation).model_fields):
        yield codes.EMPTY_RULE_PART(operation, problem="the operation is empty")
    yield from _values(operation, OPERATION_VALUES)


def _values(node: Node, problems: Mapping[str, Problem]) -> Found:
    """Values that are empty or invalid, in the listed fields and their `not_` counterparts."""
    for name, value_problem in problems.items():
        for field in (name, f"not_{name}"):
            values: tuple[str, ...] = getattr(node, field)
            for index, value in enumerate(values):
                if problem := value_problem(value) if value else "it is empty":
                    origin = node.at(field, index)
                    yield codes.POLICY_VALUE(origin, value=value, field=json_name(field), problem=problem)


def _condition(condition: Condition) -> Found:
    if not condition.key:
        yield codes.CONDITION(condition.at("key"), problem="the `key` is empty")
    elif not condition.values and not condition.not_values:
        yield codes.CONDITION(condition, problem=f"condition `{condition.key}` has neither `values` nor `notValues`")
    else:
        for field in ("values", "not_values"):
            values: tuple[str, ...] = getattr(condition, field)
            if values and (problem := condition_problem(condition.key, values)):
                yield codes.CONDITION(condition.at(field), problem=problem)


def _custom_rule(rule: Rule) -> Found:
    """The parts of a rule that Envoy does not know yet when it calls an external authorizer."""
    for source in (origin.source for origin in rule.from_ if origin.source is not None):
        for field in UNKNOWN_TO_CUSTOM:
            if getattr(source, field):
                yield codes.UNSUPPORTED_BY_CUSTOM(source.at(field), field=json_name(field))
    for condition in rule.when:
        if condition.key in KEYS_UNKNOWN_TO_CUSTOM or condition.key.startswith("request.auth."):
            yield codes.UNSUPPORTED_BY_CUSTOM(condition.at("key"), field=condition.key)


def _denies_all_tcp(rule: Rule) -> bool:
    """Whether the rule matches all traffic of a TCP port, as istiod's warning estimates it."""
    sources = [origin.source for origin in rule.from_ if origin.source is not None]
    operations = [target.operation for target in rule.to if target.operation is not None]
    if operations:
        return not any(operation.ports or operation.not_ports for operation in operations)
    return bool(sources) and not any(getattr(source, field) for source in sources for field in TCP_SOURCES)


def _left_for_tcp(rule: Rule) -> str:
    """` that matches ...`, with the conditions of a rule that apply on TCP ports; "" when there are none."""
    sources = [origin.source for origin in rule.from_ if origin.source is not None]
    known = [[json_name(f) for f in type(s).model_fields if f not in HTTP_SOURCES and getattr(s, f)] for s in sources]
    fields = [field for group in known for field in group] if all(known) else []
    keys = [condition.key for condition in rule.when if not condition.key.startswith("request.")]
    left = ", ".join(f"`{name}`" for name in dict.fromkeys((*fields, *keys)))
    return f" that matches {left}" if left else ""
