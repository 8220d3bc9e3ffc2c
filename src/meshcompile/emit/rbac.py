"""Authorization rules for Envoy's RBAC engine. Follows istiod's `authz/model` and `authz/matcher`."""

from collections.abc import Iterable
from typing import TypeVar, assert_never

from meshcompile.documents import Origin
from meshcompile.envoy.config.core import CidrRange, TypedExtensionConfig
from meshcompile.envoy.config.rbac import (
    RBAC,
    Permission,
    PermissionSet,
    Policy,
    Principal,
    PrincipalAuthenticated,
    PrincipalSet,
    RBACAction,
)
from meshcompile.envoy.config.route import HeaderMatcher
from meshcompile.envoy.extensions.path.match.uri_template import UriTemplateMatchConfig
from meshcompile.envoy.message import Message, at
from meshcompile.envoy.type.matcher import (
    FilterStateMatcher,
    ListMatcher,
    MetadataMatcher,
    MetadataMatcherPathSegment,
    OrMatcher,
    PathMatcher,
    RegexMatcher,
    StringMatcher,
    ValueMatcher,
)
from meshcompile.models.security.authorization_policy import AuthorizationPolicyAction as Action
from meshcompile.resolve.security.authorization import ActionRules, NamedRule
from meshcompile.resolve.security.conditions import (
    All,
    Always,
    AnyOf,
    ClientAddress,
    Comparison,
    DestinationAddress,
    DestinationPort,
    DynamicMetadata,
    Header,
    Identity,
    ListValue,
    Not,
    OneOfValues,
    Path,
    PathTemplate,
    Pattern,
    PermissionCondition,
    PrincipalCondition,
    ServerName,
    SourceAddress,
    TextValue,
    Value,
)
from meshcompile.values.ip import Range

M = TypeVar("M", bound=Message)

# Prefixes of the metadata in which the engine records the results of dry-run rules.
DRY_RUN_ALLOW = "istio_dry_run_allow_"
DRY_RUN_DENY = "istio_dry_run_deny_"
EXT_AUTHZ = "istio_ext_authz_"
# After the prefix, this key has the name of the rule that matched.
EFFECTIVE_POLICY = "shadow_effective_policy_id"

_ACTIONS: dict[Action, RBACAction] = {
    Action.ALLOW: "ALLOW",
    Action.DENY: "DENY",
    Action.AUDIT: "LOG",
    Action.CUSTOM: "DENY",
}
# Without dry-run rules, the prefix is that of ALLOW for every action.
_DRY_RUN_PREFIX = {Action.ALLOW: DRY_RUN_ALLOW, Action.DENY: DRY_RUN_DENY}


def rbac(action: Action, rules: Iterable[NamedRule], suffix: str = "") -> RBAC:
    """The rules of an action. `suffix` is appended to their names."""
    return RBAC(action=_ACTIONS[action], policies={rule.name + suffix: policy(rule) for rule in rules})


def enforced(rules: ActionRules) -> RBAC | None:
    """The enforced rules; None when every policy is a dry run."""
    return None if rules.enforced is None else rbac(rules.action, rules.enforced)


def dry_run(rules: ActionRules) -> RBAC | None:
    """The rules of dry-run policies; None when there are no such policies."""
    return None if rules.dry_run is None else rbac(rules.action, rules.dry_run)


def dry_run_prefix(rules: ActionRules) -> str:
    """The prefix of the metadata that record the results of dry-run rules."""
    return DRY_RUN_ALLOW if rules.dry_run is None else _DRY_RUN_PREFIX.get(rules.action, "")


def policy(rule: NamedRule) -> Policy:
    """One rule."""
    return at(
        Policy(
            permissions=tuple(permission(condition) for condition in rule.rule.permissions),
            principals=tuple(principal(condition) for condition in rule.rule.principals),
        ),
        rule.origin,
    )


def permission(condition: PermissionCondition) -> Permission:
    """A condition on the request or its destination."""
    match condition:
        case All(conditions, places):
            rules = tuple(permission(each) for each in conditions)
            return Permission(and_rules=PermissionSet(rules=_at_places(rules, places)))
        case AnyOf(conditions):
            return Permission(or_rules=PermissionSet(rules=tuple(permission(each) for each in conditions)))
        case Not(inner):
            return Permission(not_rule=permission(inner))
        case DestinationAddress(addresses):
            return Permission(destination_ip=_cidr(addresses))
        case DestinationPort(port):
            return Permission(destination_port=port)
        case ServerName(pattern):
            return Permission(requested_server_name=string_matcher(pattern))
        case Header():
            return Permission(header=_header(condition))
        case Path(pattern):
            return Permission(url_path=PathMatcher(path=string_matcher(pattern)))
        case PathTemplate(template):
            config = UriTemplateMatchConfig(path_template=template)
            return Permission(uri_template=TypedExtensionConfig(name="uri-template", typed_config=config))
        case DynamicMetadata():
            return Permission(metadata=_metadata(condition))
        case Always():
            return Permission(any=True)
        case _:
            assert_never(condition)


def principal(condition: PrincipalCondition) -> Principal:
    """A condition on the peer."""
    match condition:
        case All(conditions, places):
            ids = tuple(principal(each) for each in conditions)
            return Principal(and_ids=PrincipalSet(ids=_at_places(ids, places)))
        case AnyOf(conditions):
            return Principal(or_ids=PrincipalSet(ids=tuple(principal(each) for each in conditions)))
        case Not(inner):
            return Principal(not_id=principal(inner))
        case SourceAddress(addresses):
            return Principal(direct_remote_ip=_cidr(addresses))
        case ClientAddress(addresses):
            return Principal(remote_ip=_cidr(addresses))
        case Identity(pattern, tunnelled=True):
            state = FilterStateMatcher(key="io.istio.peer_principal", string_match=string_matcher(pattern))
            return Principal(filter_state=state)
        case Identity(pattern):
            return Principal(authenticated=PrincipalAuthenticated(principal_name=string_matcher(pattern)))
        case Header():
            return Principal(header=_header(condition))
        case DynamicMetadata():
            return Principal(metadata=_metadata(condition))
        case Always():
            return Principal(any=True)
        case _:
            assert_never(condition)


def _at_places(messages: tuple[M, ...], places: tuple[Origin, ...]) -> tuple[M, ...]:
    return tuple(map(at, messages, places)) if places else messages


def string_matcher(pattern: Pattern) -> StringMatcher:
    """The matcher of a text pattern."""
    match pattern.comparison:
        case Comparison.EXACT:
            return StringMatcher(exact=pattern.text, ignore_case=pattern.ignore_case)
        case Comparison.PREFIX:
            return StringMatcher(prefix=pattern.text, ignore_case=pattern.ignore_case)
        case Comparison.SUFFIX:
            return StringMatcher(suffix=pattern.text, ignore_case=pattern.ignore_case)
        case Comparison.REGEX:
            return StringMatcher(safe_regex=RegexMatcher(regex=pattern.text))


def _header(condition: Header) -> HeaderMatcher:
    if condition.pattern is None:
        return HeaderMatcher(name=condition.name, present_match=True)
    return HeaderMatcher(name=condition.name, string_match=string_matcher(condition.pattern))


def _metadata(condition: DynamicMetadata) -> MetadataMatcher:
    path = tuple(MetadataMatcherPathSegment(key=key) for key in condition.path)
    return MetadataMatcher(filter=condition.filter, path=path, value=_value(condition.value))


def _value(value: Value) -> ValueMatcher:
    match value:
        case TextValue(pattern):
            return ValueMatcher(string_match=string_matcher(pattern))
        case ListValue(item):
            return ValueMatcher(list_match=ListMatcher(one_of=_value(item)))
        case OneOfValues(values):
            return ValueMatcher(or_match=OrMatcher(value_matchers=tuple(_value(each) for each in values)))


def _cidr(addresses: Range) -> CidrRange:
    return CidrRange(address_prefix=addresses.address, prefix_len=addresses.prefix_length)
