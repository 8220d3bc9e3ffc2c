"""Authorization rules as sets of requests say of each request what their evaluation says."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from meshcompile.envoy.config.core import CidrRange, TypedExtensionConfig
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
from meshcompile.envoy.extensions.path.match.uri_template import UriTemplateMatchConfig
from meshcompile.envoy.type import Int32Range, Int64Range
from meshcompile.envoy.type.matcher import (
    ListMatcher,
    MetadataMatcher,
    MetadataMatcherPathSegment,
    OrMatcher,
    PathMatcher,
    ValueMatcher,
)
from meshcompile.simulate.jwt_authn import FILTER
from meshcompile.simulate.rbac import verdict
from meshcompile.spaces import Space, Undecided, any_of
from meshcompile.symbolic.concrete import ConcreteRequest, dimensions_of
from meshcompile.symbolic.rbac import admitted, policy_space
from meshcompile.symbolic.rows import USUAL, taken_for_granted
from meshcompile.symbolic.subjects import dimensions, universe
from tests.property.matchers import FLAGS, string_matchers

TEXTS = ("", "a", "A", "ab", "b", "/a", "/a/b", "12", "a,b", "GET", "web.shop")
IDENTITIES = (None, "", "spiffe://cluster.local/ns/a/sa/x", "spiffe://cluster.local/ns/b/sa/x")

texts = st.sampled_from(TEXTS)
matchers = string_matchers(TEXTS, [".*", "a.*", "[ab]+", r"\d+", "(?i)AB?", ".*/ns/a/.*"])
names = st.sampled_from(["x-a", "X-B", ":method", ":authority", "host", "user-agent"])
headers = st.one_of(
    st.builds(HeaderMatcher, name=names, string_match=matchers, **FLAGS),
    st.builds(HeaderMatcher, name=names, present_match=st.booleans(), **FLAGS),
    st.builds(HeaderMatcher, name=names, range_match=st.just(Int64Range(start="-4", end="13")), **FLAGS),
)
cidrs = st.sampled_from([("10.0.0.0", 8), ("10.1.0.0", 16), ("10.1.0.5", 32), ("::", 0), ("2001:db8::", 32)]).map(
    lambda pair: CidrRange(address_prefix=pair[0], prefix_len=pair[1])
)
string_values = matchers.map(lambda text: ValueMatcher(string_match=text))
list_values = string_values.map(lambda value: ValueMatcher(list_match=ListMatcher(one_of=value)))
either_values = st.lists(string_values | list_values, max_size=2).map(
    lambda values: ValueMatcher(or_match=OrMatcher(value_matchers=tuple(values)))
)
keys = st.sampled_from([("payload", "iss"), ("payload", "sub"), ("payload", "deep", "a/b"), ("payload", "groups")])
noted = st.builds(
    lambda path, value, invert: MetadataMatcher(
        filter=FILTER, path=tuple(MetadataMatcherPathSegment(key=key) for key in path), value=value, invert=invert
    ),
    keys,
    string_values | list_values | either_values,
    st.booleans(),
)
common: dict[str, st.SearchStrategy[Any]] = {
    "header": headers,
    "url_path": matchers.map(lambda text: PathMatcher(path=text)),
    "metadata": noted,
    "any": st.booleans(),
}
templates = st.sampled_from(["/{*}", "/a/{**}", "/{x=*}/b"]).map(
    lambda text: TypedExtensionConfig(name="template", typed_config=UriTemplateMatchConfig(path_template=text))
)
permission_fields = common | {
    "destination_ip": cidrs,
    "destination_port": st.sampled_from([80, 8080]),
    "destination_port_range": st.just(Int32Range(start=80, end=90)),
    "requested_server_name": matchers,
    "uri_template": templates,
}
principal_fields = common | {
    "authenticated": st.builds(PrincipalAuthenticated, principal_name=st.none() | matchers),
    "direct_remote_ip": cidrs,
    "remote_ip": cidrs,
}
permissions = st.recursive(
    st.one_of([st.builds(Permission, **{name: value}) for name, value in permission_fields.items()]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda rules: Permission(and_rules=PermissionSet(rules=tuple(rules)))),
        st.lists(inner, max_size=3).map(lambda rules: Permission(or_rules=PermissionSet(rules=tuple(rules)))),
        inner.map(lambda rule: Permission(not_rule=rule)),
    ),
    max_leaves=4,
)
principals = st.recursive(
    st.one_of([st.builds(Principal, **{name: value}) for name, value in principal_fields.items()]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda ids: Principal(and_ids=PrincipalSet(ids=tuple(ids)))),
        st.lists(inner, max_size=3).map(lambda ids: Principal(or_ids=PrincipalSet(ids=tuple(ids)))),
        inner.map(lambda one: Principal(not_id=one)),
    ),
    max_leaves=4,
)
policies = st.builds(
    lambda what, who: Policy(permissions=tuple(what), principals=tuple(who)),
    st.lists(permissions, min_size=1, max_size=2),
    st.lists(principals, min_size=1, max_size=2),
)
rules = st.builds(
    lambda action, found: RBAC(action=action, policies={str(index): each for index, each in enumerate(found)}),
    st.sampled_from(["ALLOW", "DENY", "LOG"]),
    st.lists(policies, max_size=3),
)
addresses = st.sampled_from(["10.0.0.1", "10.1.0.5", "192.0.2.1", "2001:db8::1"])


@st.composite
def requests(draw: st.DrawFn) -> ConcreteRequest:
    """A request that matches some of the rules."""
    principal = draw(st.sampled_from(IDENTITIES))
    method = draw(st.sampled_from(["GET", "POST", "CONNECT"]))
    claims = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "iss": texts,
                "sub": texts,
                "deep": st.fixed_dictionaries({}, optional={"a/b": texts}),
                "groups": texts | st.lists(texts, max_size=3) | st.just(7),
            },
        )
    )
    return ConcreteRequest(
        method=method,
        path="" if method == "CONNECT" else draw(st.sampled_from(["/", "/a", "/a/b", "/ab", "/x/b"])),
        authority=draw(st.sampled_from(["a", "ab", "web.shop"])),
        headers=tuple(
            draw(st.lists(st.tuples(st.sampled_from(["x-a", "x-b", "user-agent"]), texts.filter(bool)), max_size=4))
        ),
        port=draw(st.sampled_from([80, 85, 8080])),
        destination=draw(addresses),
        source=draw(addresses),
        client=draw(addresses),
        sni=draw(st.sampled_from(["", "ab", "web.shop"])) if principal is not None else "",
        principal=principal,
        noted={FILTER: {"payload": claims}} if claims else {},
    )


def admitted_of(found: RBAC) -> Space:
    """All requests that rules let pass."""
    used = dimensions(map(policy_space, found.policies.values()))
    return admitted(found, universe(used))


@settings(max_examples=120)
@given(rules, st.lists(requests(), min_size=5, max_size=30))
def test_rules_admit_what_their_evaluation_admits(found: RBAC, sent: list[ConcreteRequest]) -> None:
    """The space of a rule has the requests that the rule lets pass, and a witness of it passes."""
    try:
        passing = admitted_of(found)
    except Undecided:
        return
    for request in sent:
        answer = verdict(found, request.subject, "")
        assert passing.accepts(dimensions_of(request)) == (answer.allowed or found.action == "LOG")
    for cube in passing.cubes[:20]:
        witness = cube.example(USUAL)
        assert taken_for_granted(witness) is None
        answer = verdict(found, ConcreteRequest.of(witness).subject, "")
        assert answer.allowed or found.action == "LOG"


@settings(max_examples=60)
@given(rules, rules, st.lists(requests(), min_size=5, max_size=30))
def test_several_rules_in_order(one: RBAC, other: RBAC, sent: list[ConcreteRequest]) -> None:
    """What rules leave of what earlier rules leave has the requests that pass both."""
    used = dimensions(policy_space(each) for found in (one, other) for each in found.policies.values())
    try:
        passing = admitted(other, admitted(one, universe(used)))
    except Undecided:
        return
    for request in sent:
        passes = all(verdict(each, request.subject, "").allowed or each.action == "LOG" for each in (one, other))
        assert passing.accepts(dimensions_of(request)) == passes


@settings(max_examples=60)
@given(st.lists(policies, max_size=3), requests())
def test_any_of_policies(found: list[Policy], request: ConcreteRequest) -> None:
    """Any of several policies matches what one of them matches."""
    spaces = [policy_space(each) for each in found]
    accepted = [each.accepts(dimensions_of(request)) for each in spaces]
    assert any_of(spaces).accepts(dimensions_of(request)) == any(accepted)
