"""The VirtualServices that apply to a proxy, their order, and the effect of delegates."""

from __future__ import annotations

import pytest

from meshcompile.models.common import StringMatch
from meshcompile.models.networking.virtual_service import HTTPMatchRequest, HTTPRoute
from meshcompile.snapshot.delegates import contradicts, merged_matches, merged_rule, text_contradicts
from meshcompile.snapshot.short_names import qualified_gateway, qualified_http
from tests.meshes import mesh


def virtual_service(name: str, namespace: str = "shop", created: str = "2024-01-01T00:00:00Z", spec: str = "") -> str:
    return f"""
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: {name}, namespace: {namespace}, creationTimestamp: "{created}"}}
spec: {{hosts: [web], http: [{{route: [{{destination: {{host: web}}}}]}}]{spec}}}
"""


def test_private_before_exported_before_public() -> None:
    """A namespace's private rules come first, then those exported to it, then public ones, the oldest first."""
    index = mesh(
        virtual_service("public-old", created="2020-01-01T00:00:00Z"),
        virtual_service("public-new"),
        virtual_service("exported", namespace="other", spec=", exportTo: [shop]"),
        virtual_service("private", spec=", exportTo: [.]"),
        virtual_service("hidden", spec=", exportTo: ['~']"),
    ).snapshot.virtual_services
    assert [each.name for each in index.for_gateway("shop", "mesh")] == [
        "private",
        "exported",
        "public-old",
        "public-new",
    ]
    assert [each.name for each in index.for_gateway("elsewhere", "mesh")] == ["public-old", "public-new"]


def test_default_export_of_the_mesh() -> None:
    """Without `exportTo`, the mesh config determines the visibility."""
    index = mesh(virtual_service("a"), defaultVirtualServiceExportTo=["."]).snapshot.virtual_services
    assert [each.name for each in index.for_gateway("shop", "mesh")] == ["a"]
    assert index.for_gateway("other", "mesh") == ()


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("mesh", "mesh"),
        ("web", "shop/web"),
        ("./web", "shop/web"),
        ("other/web", "other/web"),
        ("web.other", "other/web"),
        ("web.other.svc.cluster.local", "other/web"),
    ],
)
def test_gateway_names(written: str, meant: str) -> None:
    """Every form of a Gateway's name resolves to namespace and name."""
    assert qualified_gateway(written, "shop") == meant


def test_full_names_are_left_alone() -> None:
    """A rule with only full names is the same object after names are completed."""
    rule = HTTPRoute.model_validate({"route": [{"destination": {"host": "web.shop.svc.cluster.local"}}]})
    assert qualified_http(rule, "other") is rule


def test_short_names_of_destinations_mirrors_and_gateways() -> None:
    """Hosts of destinations and mirrors, and the gateways of matches, are completed with the rule's namespace."""
    rule = HTTPRoute.model_validate(
        {
            "match": [{"gateways": ["edge", "mesh"]}],
            "route": [{"destination": {"host": "web"}}],
            "mirror": {"host": "copy"},
            "mirrors": [{"destination": {"host": "10.0.0.1"}}],
        }
    )
    full = qualified_http(rule, "shop")
    assert full.match[0].gateways == ("shop/edge", "mesh")
    assert full.route[0].destination.host == "web.shop.svc.cluster.local"
    assert full.mirror is not None
    assert full.mirror.host == "copy.shop.svc.cluster.local"
    assert full.mirrors[0].destination is not None
    assert full.mirrors[0].destination.host == "10.0.0.1"


DELEGATING = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: root, namespace: shop}
spec:
  hosts: [web]
  http:
  - name: r
    match: [{uri: {prefix: /a}}]
    timeout: 5s
    delegate: {name: leaf, namespace: team}
  - delegate: {name: gone}
  - route: [{destination: {host: web}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: leaf, namespace: team}
spec:
  http:
  - name: l
    match: [{uri: {prefix: /a/b}}]
    route: [{destination: {host: web}}]
  - match: [{uri: {prefix: /z}}]
    route: [{destination: {host: web}}]
"""


def test_delegate_rules_take_the_place_of_the_root_rule() -> None:
    """A delegate's rules replace the delegating rule, with its name, and inherit its settings."""
    index = mesh(DELEGATING).snapshot.virtual_services
    (root,) = index.all
    assert [rule.name for rule in root.http] == ["r-l", ""]
    assert root.http[0].timeout is not None
    assert root.http[0].timeout.seconds == 5
    assert root.http[0].route[0].destination.host == "web.team.svc.cluster.local"
    (places,) = root.http_origins[0]
    assert [origin.field for origin in places] == ["spec.http[0].match[0]", "spec.http[0]", "spec.http[0]"]
    assert [origin.document.name for origin in places] == ["leaf", "leaf", "root"]


def test_left_out_delegates_are_reported_with_both_places() -> None:
    """A missing delegate and a rule that contradicts the root's are findings, the latter with both positions."""
    findings = {finding.slug: finding for finding in mesh(DELEGATING).snapshot.virtual_services.findings}
    assert set(findings) == {"delegate-not-found", "delegate-conflict"}
    assert findings["delegate-not-found"].field == "spec.http[1].delegate.name"
    (related,) = findings["delegate-conflict"].related
    assert (findings["delegate-conflict"].field, related.origin.field) == ("spec.http[1]", "spec.http[0]")


@pytest.mark.parametrize(
    ("root", "leaf", "conflict"),
    [
        (None, StringMatch(exact="/a"), False),
        (StringMatch(prefix="/a"), None, False),
        (StringMatch(prefix="/a"), StringMatch(prefix="/ab"), False),
        (StringMatch(prefix="/a"), StringMatch(exact="/ab"), False),
        (StringMatch(prefix="/ab"), StringMatch(prefix="/a"), True),
        (StringMatch(exact="/a"), StringMatch(exact="/a"), False),
        (StringMatch(exact="/a"), StringMatch(prefix="/a"), True),
        (StringMatch(regex="/a"), StringMatch(regex="/a"), True),
        (StringMatch(prefix="/a"), StringMatch(regex="/a"), True),
        (StringMatch(prefix=""), StringMatch(prefix="/a"), True),
    ],
)
def test_refinement_of_text(root: StringMatch | None, leaf: StringMatch | None, conflict: bool) -> None:
    """A delegate's string match must be within the root's, and regular expressions never are."""
    assert text_contradicts(root, leaf) is conflict


@pytest.mark.parametrize(
    ("root", "leaf", "conflict"),
    [
        ({"port": 80}, {"port": 81}, True),
        ({"port": 80}, {}, False),
        ({"ignoreUriCase": True}, {}, True),
        ({"sourceNamespace": "a"}, {}, True),
        ({"sourceNamespace": "a"}, {"sourceNamespace": "a"}, False),
        ({"sourceLabels": {"app": "a"}}, {"sourceLabels": {"app": "b"}}, True),
        ({"sourceLabels": {"app": "a"}}, {"sourceLabels": {"version": "b"}}, False),
        ({"gateways": ["a", "b"]}, {"gateways": ["b"]}, False),
        ({"gateways": ["a"]}, {"gateways": ["a", "b"]}, True),
        ({"headers": {"x": {"exact": "1"}}}, {"headers": {"x": {"exact": "2"}}}, True),
        ({"withoutHeaders": {"x": {"exact": "1"}}}, {"queryParams": {"x": {"exact": "2"}}}, False),
    ],
)
def test_refinement_of_matches(root: dict[str, object], leaf: dict[str, object], conflict: bool) -> None:
    """The other parts of a match must agree, too."""
    assert contradicts(HTTPMatchRequest.model_validate(root), HTTPMatchRequest.model_validate(leaf)) is conflict


def test_matches_multiply() -> None:
    """Each delegate match is combined with every root match that it narrows."""
    root = tuple(HTTPMatchRequest.model_validate({"method": {"exact": m}, "name": m}) for m in ("GET", "PUT"))
    leaf = tuple(HTTPMatchRequest.model_validate({"uri": {"exact": p}, "name": p[1:]}) for p in ("/x", "/y"))
    merged = merged_matches(root, leaf)
    assert merged is not None
    assert [match.name for match in merged] == ["GET-x", "PUT-x", "GET-y", "PUT-y"]


def test_rule_without_common_match_is_dropped() -> None:
    """A rule is dropped as a whole if one of its matches narrows none of the root's."""
    root = HTTPRoute.model_validate({"match": [{"uri": {"prefix": "/a"}}]})
    leaf = HTTPRoute.model_validate({"match": [{"uri": {"prefix": "/a/b"}}, {"uri": {"prefix": "/c"}}]})
    assert merged_rule(root, leaf) is None


def test_delegate_in_a_namespace_without_any() -> None:
    """A delegate is missed at the namespace if that has none, with the one of that name that is meant."""
    wrong = DELEGATING.replace("delegate: {name: gone", "delegate: {name: leaf, namespace: nowhere")
    assert wrong != DELEGATING
    findings = {finding.slug: finding for finding in mesh(wrong).snapshot.virtual_services.findings}
    missing = findings["delegate-not-found"]
    assert (missing.field, missing.suggestion) == ("spec.http[1].delegate.namespace", "did you mean `team/leaf`?")
