"""Requests that meet the rules of authorization filters: one for each combination of what a rule asks for."""

from collections.abc import Iterator, Sequence
from itertools import islice, product

from meshcompile.envoy.config.rbac import (
    RBAC,
    Permission,
    PermissionSet,
    Policy,
    Principal,
    PrincipalAuthenticated,
    PrincipalSet,
)
from meshcompile.envoy.config.route import HeaderMatcher
from meshcompile.envoy.extensions.filters.http import rbac
from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpConnectionManager
from meshcompile.envoy.type.matcher import FilterStateMatcher, PathMatcher, StringMatcher
from meshcompile.queries import derived
from meshcompile.simulate import HttpRequest, rbac_conditions
from meshcompile.spaces import ANY, Language, Undecided, matching
from meshcompile.symbolic.strings import accepted_strings

MOST_REQUESTS = 200
"""The number of requests that are tried for the policies of one filter chain."""


def policy_requests(manager: HttpConnectionManager, host: str) -> Iterator[HttpRequest]:
    """Requests that meet the permissions of the policies of a connection manager."""
    rules = (each.typed_config for each in manager.http_filters)
    found = (one for each in rules if isinstance(each, rbac.RBAC) for one in _requests(each.rules, host))
    return islice(found, MOST_REQUESTS)


def _requests(rules: RBAC | None, host: str) -> Iterator[HttpRequest]:
    for name in sorted(rules.policies if rules else ()):
        assert rules is not None
        yield from _of_policy(rules.policies[name], host)


def _of_policy(policy: Policy, host: str) -> Iterator[HttpRequest]:
    for permission in policy.permissions:
        wanted: dict[str, list[str]] = {}
        for dimension, text in _texts(permission):
            wanted.setdefault(dimension, []).append(text)
        for path, method in product(wanted.get("path", ["/"]), wanted.get("method", ["GET"])):
            headers = tuple((name, values[0]) for name, values in wanted.items() if name not in ("path", "method"))
            yield HttpRequest(authority=host, path=path, method=method, headers=headers)


def _texts(permission: Permission) -> Iterator[tuple[str, str]]:
    """Texts that a permission accepts, by `path`, `method` or the name of a header."""
    match permission:
        case Permission(and_rules=PermissionSet(rules=rules)) | Permission(or_rules=PermissionSet(rules=rules)):
            yield from (each for rule in rules for each in _texts(rule))
        case Permission(url_path=PathMatcher(path=StringMatcher() as text)):
            yield from (("path", each) for each in _examples(text) if each.startswith("/"))
        case Permission(header=HeaderMatcher(name=":method", string_match=text)):
            yield from (("method", each) for each in _examples(text))
        case Permission(header=HeaderMatcher(name=name, string_match=text)) if not name.startswith(":"):
            yield from ((name, each) for each in _examples(text))
        case _:
            return


LOCAL_IDENTITIES = matching("spiffe://cluster[.]local/ns/[^/]+/sa/[^/]+")
IDENTITIES = matching("spiffe://[^/]+/ns/[^/]+/sa/[^/]+")


def policy_identities(manager: HttpConnectionManager) -> Sequence[str]:
    """SPIFFE identities that meet the principals of the policies of a connection manager."""
    found = (
        text
        for each in manager.http_filters
        if isinstance(each.typed_config, rbac.RBAC) and each.typed_config.rules is not None
        for text in _identities(each.typed_config.rules)
    )
    return sorted(set(islice(found, MOST_REQUESTS)))


def allowed_identities(manager: HttpConnectionManager) -> Sequence[str]:
    """SPIFFE identities that meet the principals of the policies that allow."""
    rules = (each.typed_config.rules for each in manager.http_filters if isinstance(each.typed_config, rbac.RBAC))
    return [text for each in rules if each is not None and each.action == "ALLOW" for text in _identities(each)]


@derived
def _identities(rules: RBAC) -> tuple[str, ...]:
    principals = (principal for policy in rules.policies.values() for principal in policy.principals)
    names = (name for principal in principals for name in principal_names(principal))
    return tuple(text for name in names for text in _examples(name, LOCAL_IDENTITIES) or _examples(name, IDENTITIES))


def principal_names(principal: Principal) -> Iterator[StringMatcher]:
    """The names of peers that a principal asks for."""
    match principal:
        case Principal(and_ids=PrincipalSet(ids=ids)) | Principal(or_ids=PrincipalSet(ids=ids)):
            yield from (each for one in ids for each in principal_names(one))
        case Principal(not_id=Principal() as inner):
            yield from principal_names(inner)
        case Principal(authenticated=PrincipalAuthenticated(principal_name=StringMatcher() as name)):
            yield name
        case Principal(filter_state=FilterStateMatcher(key=rbac_conditions.PEER_PRINCIPAL, string_match=name)) if name:
            yield name
        case _:
            return


def _examples(matcher: StringMatcher | None, within: Language = ANY) -> Sequence[str]:
    try:
        example = (accepted_strings(matcher) & within).example()
    except Undecided:
        return ()
    return () if example is None else (example,)
