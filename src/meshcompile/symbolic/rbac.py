"""RBAC rules as sets of requests and connections.

    readers = policy_space(policy)   # a Space
    admitted(rules, EVERYTHING)      # what the rules let pass

The dimensions are those of routes, and `port`, `destination`, `source`, `client`, `sni`, `tls`, `principal`, and the
values of `meshcompile.symbolic.metadata`. `principal` is the name in the certificate of the client: "" for TLS without
a certificate, absent for plain text; a certificate has one name, as those of istiod. `client` is the address that the
proxy trusts. A condition that cannot be expressed is a dimension of its own.
"""

from collections.abc import Callable, Iterable
from functools import reduce

from meshcompile.envoy.config.core import CidrRange, TypedExtensionConfig
from meshcompile.envoy.config.rbac import (
    RBAC,
    Permission,
    PermissionSet,
    Policy,
    Principal,
    PrincipalAuthenticated,
    PrincipalSet,
    SourcedMetadata,
)
from meshcompile.envoy.config.route import HeaderMatcher
from meshcompile.envoy.extensions.path.match.uri_template import UriTemplateMatchConfig
from meshcompile.envoy.type import Int32Range
from meshcompile.envoy.type.matcher import FilterStateMatcher, MetadataMatcher, PathMatcher, StringMatcher
from meshcompile.simulate.rbac_conditions import PEER_PRINCIPAL
from meshcompile.simulate.uri_template import template_expression
from meshcompile.spaces import (
    EVERYTHING,
    NO_REQUESTS,
    OptionalText,
    Space,
    Undecided,
    any_of,
    choices,
    exactly,
    matching,
    ranges,
    space,
)
from meshcompile.symbolic.addresses import addresses
from meshcompile.symbolic.conditions import unknown
from meshcompile.symbolic.header_lines import header_space
from meshcompile.symbolic.metadata import noted
from meshcompile.symbolic.strings import accepted_strings

PORTS = 65536
NO_PATH = exactly("")
"""The path of a CONNECT, which has none."""


def admitted(rules: RBAC, requests: Space) -> Space:
    """The requests of a space that rules let pass."""
    match rules.action:
        case "LOG":
            return requests
        case "DENY":
            return requests - any_of(map(policy_space, rules.policies.values()))
        case "ALLOW":
            return any_of(requests & policy_space(each) for each in rules.policies.values())


def refused(rules: RBAC, requests: Space) -> Space:
    """The requests of a space that rules refuse, as cubes that can overlap."""
    match rules.action:
        case "LOG":
            return NO_REQUESTS
        case "DENY":
            return any_of(requests & policy_space(each) for each in rules.policies.values())
        case "ALLOW":
            return requests - any_of(map(policy_space, rules.policies.values()))


def policy_space(policy: Policy) -> Space:
    """What a policy matches: one of its permissions and one of its principals."""
    return any_of(map(permitted, policy.permissions)) & any_of(map(identified, policy.principals))


def _all(spaces: Iterable[Space]) -> Space:
    return reduce(Space.__and__, spaces, EVERYTHING)


def permitted(rule: Permission) -> Space:
    """What a permission matches."""
    match rule:
        case Permission(and_rules=PermissionSet(rules=rules)):
            return _all(map(permitted, rules))
        case Permission(or_rules=PermissionSet(rules=rules)):
            return any_of(map(permitted, rules))
        case Permission(not_rule=Permission() as inner):
            return ~permitted(inner)
        case _:
            return _leaf(rule, _permission)


def identified(rule: Principal) -> Space:
    """What a principal matches."""
    match rule:
        case Principal(and_ids=PrincipalSet(ids=ids)):
            return _all(map(identified, ids))
        case Principal(or_ids=PrincipalSet(ids=ids)):
            return any_of(map(identified, ids))
        case Principal(not_id=Principal() as inner):
            return ~identified(inner)
        case _:
            return _leaf(rule, _principal)


def _leaf(rule: Permission | Principal, kind: Callable[[Permission | Principal], Space]) -> Space:
    """What a condition without parts matches, or the dimension that stands for it."""
    try:
        return kind(rule)
    except Undecided:
        return space(dict([unknown(rule)]))


def _permission(rule: Permission | Principal) -> Space:
    match rule:
        case Permission(any=bool(wanted)):
            return EVERYTHING if wanted else NO_REQUESTS
        case Permission(destination_ip=CidrRange() as cidr):
            return space(destination=addresses(cidr))
        case Permission(destination_port=int(port)):
            return space(port=ranges([(port, port + 1)], PORTS))
        case Permission(destination_port_range=Int32Range(start=start, end=end)):
            return space(port=ranges([(start, end)], PORTS))
        case Permission(requested_server_name=StringMatcher() as name):
            return space(sni=accepted_strings(name))
        case Permission(uri_template=TypedExtensionConfig(typed_config=UriTemplateMatchConfig(path_template=text))):
            return space(path=matching(template_expression(text).pattern))
        case _:
            return _common(rule)


def _principal(rule: Permission | Principal) -> Space:
    match rule:
        case Principal(any=bool(wanted)):
            return EVERYTHING if wanted else NO_REQUESTS
        case Principal(authenticated=PrincipalAuthenticated(principal_name=None)):
            return space(tls=choices(True))
        case Principal(authenticated=PrincipalAuthenticated(principal_name=name)):
            return space(principal=OptionalText(accepted_strings(name)))
        case Principal(filter_state=FilterStateMatcher(key=key, string_match=StringMatcher() as name)) if (
            key == PEER_PRINCIPAL
        ):
            names = accepted_strings(name)
            return space(principal=OptionalText(names, absent=names.accepts("")))
        case Principal(direct_remote_ip=CidrRange() as cidr):
            return space(source=addresses(cidr))
        case Principal(source_ip=CidrRange() as cidr) | Principal(remote_ip=CidrRange() as cidr):
            return space(client=addresses(cidr))
        case _:
            return _common(rule)


def _common(rule: Permission | Principal) -> Space:
    """The kinds of conditions that permissions and principals share."""
    match rule.header, rule.url_path, rule.metadata, rule.sourced_metadata:
        case HeaderMatcher() as header, _, _, _:
            return header_space(header)
        case _, PathMatcher(path=StringMatcher() as text), _, _:
            return space(path=accepted_strings(text) - NO_PATH)
        case _, _, MetadataMatcher() as matcher, _:
            return noted(matcher)
        case _, _, _, SourcedMetadata(metadata_matcher=MetadataMatcher() as matcher, metadata_source="DYNAMIC"):
            return noted(matcher)
        case _:
            raise Undecided("a condition is an extension")
