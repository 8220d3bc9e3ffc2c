"""The conditions of authorization rules and of routes, as people write them in policies."""

from collections.abc import Iterable, Iterator
from itertools import product
from typing import Any, TypeAlias

from msgspec import Struct

from meshcompile.envoy.config.core import CidrRange
from meshcompile.envoy.config.rbac import (
    Permission,
    PermissionSet,
    Policy,
    Principal,
    PrincipalAuthenticated,
    PrincipalSet,
)
from meshcompile.envoy.config.route import HeaderMatcher, RouteMatch
from meshcompile.envoy.type.matcher import (
    FilterStateMatcher,
    ListMatcher,
    MetadataMatcher,
    OrMatcher,
    StringMatcher,
    ValueMatcher,
)
from meshcompile.simulate.header_match import presence
from meshcompile.simulate.jwt_authn import FILTER as TOKENS
from meshcompile.simulate.rbac_conditions import PEER_PRINCIPAL
from meshcompile.values.spiffe import PREFIX

PSEUDO = {":method": "method", ":authority": "host", ":path": "path", ":scheme": "scheme"}
OTHER = "other"


class RuleCondition(Struct, frozen=True):
    """What a part of a request must be: one of some values, or with `negated` none of them.

    `on` is `path`, `method`, `host`, `port`, `principal`, `header NAME`, `claim NAME`, `query NAME` and the like. A
    value has `*` at its start or end for any text, or it is `regex:EXPRESSION`.
    """

    on: str
    values: tuple[str, ...]
    negated: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {"on": self.on, "not" if self.negated else "values": list(self.values)}

    def __str__(self) -> str:
        values = " or ".join(self.values)
        return f"{self.on} not {values}" if self.negated else f"{self.on} {values}"


Conditions: TypeAlias = tuple[RuleCondition, ...]
"""Conditions that must all be met."""
Rule: TypeAlias = Permission | Principal


def policy_conditions(policy: Policy) -> tuple[Conditions, ...]:
    """The conditions of a rule, as alternatives."""
    pairs = product(map(_conditions, policy.permissions), map(_conditions, policy.principals))
    return tuple(dict.fromkeys((*what, *who) for what, who in pairs))


def _conditions(rule: Rule) -> Conditions:
    match rule:
        case Permission(any=True) | Principal(any=True):
            return ()
        case Permission(and_rules=PermissionSet(rules=parts)) | Principal(and_ids=PrincipalSet(ids=parts)):
            return tuple(each for part in parts for each in _conditions(part))
        case Permission(not_rule=Permission() as inner) | Principal(not_id=Principal() as inner):
            return tuple(RuleCondition(each.on, each.values, not each.negated) for each in _joined([inner]))
        case _:
            return tuple(_joined([rule]))


def _joined(rules: Iterable[Rule]) -> Iterator[RuleCondition]:
    """One condition for rules of which one must be met."""
    leaves = [leaf for rule in rules for leaf in _leaves(rule)]
    names = {name for name, _ in leaves}
    if len(names) == 1:
        yield RuleCondition(names.pop(), tuple(dict.fromkeys(text for _, text in leaves)))
    elif leaves:
        yield RuleCondition(OTHER, tuple(f"{name} {text}" for name, text in leaves))


def _leaves(rule: Rule) -> Iterator[tuple[str, str]]:
    """The names and values of the parts of a rule."""
    match rule:
        case Permission(or_rules=PermissionSet(rules=parts)) | Principal(or_ids=PrincipalSet(ids=parts)):
            yield from (each for part in parts for each in _leaves(part))
        case Permission(and_rules=PermissionSet()) | Principal(and_ids=PrincipalSet()):
            yield OTHER, " and ".join(map(str, _conditions(rule)))
        case Permission(not_rule=Permission()) | Principal(not_id=Principal()):
            yield OTHER, " and ".join(map(str, _conditions(rule)))
        case Permission():
            yield from _asked_of_target(rule)
        case Principal():
            yield from _asked_of_client(rule)


def _asked_of_target(rule: Permission) -> Iterator[tuple[str, str]]:
    match rule:
        case Permission(destination_port=int(port)):
            yield "port", str(port)
        case Permission(destination_ip=CidrRange() as cidr):
            yield "destination", _cidr(cidr)
        case Permission(requested_server_name=StringMatcher() as name):
            yield "sni", matcher_text(name)
        case Permission(url_path=path) if path is not None:
            yield "path", matcher_text(path.path)
        case Permission(uri_template=template) if template is not None:
            yield "path", str(getattr(template.typed_config, "path_template", template.name))
        case _:
            yield from _asked_of_both(rule)


def _asked_of_client(rule: Principal) -> Iterator[tuple[str, str]]:
    match rule:
        case Principal(authenticated=PrincipalAuthenticated(principal_name=name)):
            yield "principal", _identity(name) if name is not None else "*"
        case Principal(filter_state=FilterStateMatcher(key=key, string_match=StringMatcher() as name)) if (
            key == PEER_PRINCIPAL
        ):
            yield "principal", _identity(name)
        case Principal(source_ip=CidrRange() as cidr) | Principal(direct_remote_ip=CidrRange() as cidr):
            yield "source", _cidr(cidr)
        case Principal(remote_ip=CidrRange() as cidr):
            yield "client address", _cidr(cidr)
        case _:
            yield from _asked_of_both(rule)


def _asked_of_both(rule: Rule) -> Iterator[tuple[str, str]]:
    match rule.header, rule.metadata or getattr(rule.sourced_metadata, "metadata_matcher", None):
        case HeaderMatcher() as header, _:
            yield _header(header)
        case _, MetadataMatcher() as matcher:
            yield from ((_noted(matcher), text) for text in dict.fromkeys(_valued(matcher.value)))
        case _:
            yield OTHER, "a condition that has no short form"


def _identity(name: StringMatcher) -> str:
    """A principal as policies have it, `*/ns/NAMESPACE/*` for a namespace."""
    text = matcher_text(name).removeprefix(PREFIX)
    inner = text.removeprefix("regex:.*/ns/").removesuffix("/.*")
    return f"*/ns/{inner}/*" if text == f"regex:.*/ns/{inner}/.*" else text


def _cidr(cidr: CidrRange) -> str:
    return f"{cidr.address_prefix}/{cidr.prefix_len or 0}"


def _header(header: HeaderMatcher) -> tuple[str, str]:
    name = PSEUDO.get(header.name.lower(), f"header {header.name.lower()}")
    inverted = "not " if header.invert_match else ""
    if presence(header) is not None:
        return name, f"{inverted}{'present' if presence(header) else 'absent'}"
    return name, f"{inverted}{_header_text(header)}"


def _header_text(header: HeaderMatcher) -> str:
    match header:
        case HeaderMatcher(string_match=StringMatcher() as text):
            return matcher_text(text)
        case HeaderMatcher(range_match=limits) if limits is not None:
            return f"{limits.start}..{int(limits.end) - 1}"
        case HeaderMatcher(safe_regex_match=regex) if regex is not None:
            return f"regex:{regex.regex}"
        case _:
            texts = StringMatcher(
                exact=header.exact_match,
                prefix=header.prefix_match,
                suffix=header.suffix_match,
                contains=header.contains_match,
            )
            return matcher_text(texts)


def _noted(matcher: MetadataMatcher) -> str:
    """What filters noted: the claims of a token, mostly."""
    keys = [segment.key or "" for segment in matcher.path]
    return (
        f"claim {'.'.join(keys[1:])}" if matcher.filter == TOKENS else f"metadata {'.'.join((matcher.filter, *keys))}"
    )


def _valued(matcher: ValueMatcher | None) -> Iterator[str]:
    match matcher:
        case ValueMatcher(string_match=StringMatcher() as text):
            yield matcher_text(text)
        case ValueMatcher(list_match=ListMatcher(one_of=inner)):
            yield from _valued(inner)
        case ValueMatcher(or_match=OrMatcher(value_matchers=several)):
            yield from (text for each in several for text in _valued(each))
        case _:
            yield "present"


def matcher_text(matcher: StringMatcher | None) -> str:
    """What a matcher accepts: `a`, `a*`, `*a`, `*a*` or `regex:a`."""
    match matcher:
        case StringMatcher(exact=str(text)):
            return text
        case StringMatcher(prefix=str(text)):
            return f"{text}*"
        case StringMatcher(suffix=str(text)):
            return f"*{text}"
        case StringMatcher(contains=str(text)):
            return f"*{text}*"
        case StringMatcher(safe_regex=regex) if regex is not None:
            return "*" if regex.regex in (".*", ".+") else f"regex:{regex.regex}"
        case _:
            return "*"


def route_conditions(match: RouteMatch) -> Conditions:
    """The conditions of a route, without that of all paths."""
    return tuple(_of_route(match))


def _of_route(match: RouteMatch) -> Iterator[RuleCondition]:
    if (path := _path(match)) != "/*":
        yield RuleCondition("path", (path,))
    for header in match.headers:
        name, text = _header(header)
        yield RuleCondition(name, (text.removeprefix("not "),), text.startswith("not "))
    for each in match.query_parameters:
        yield RuleCondition(f"query {each.name}", (matcher_text(each.string_match),))
    for name, asked in (("cookies", match.cookies), ("metadata", match.dynamic_metadata)):
        if asked:
            yield RuleCondition(OTHER, (f"conditions on {name}",))


def _path(match: RouteMatch) -> str:
    match match:
        case RouteMatch(path=str(path)):
            return path
        case RouteMatch(prefix=str(path)):
            return f"{path}*"
        case RouteMatch(path_separated_prefix=str(path)):
            return f"{path} or {path}/*"
        case RouteMatch(safe_regex=regex) if regex is not None:
            return f"regex:{regex.regex}"
        case _:
            return "/*"
