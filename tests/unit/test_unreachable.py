"""Rules that no request reaches."""

from __future__ import annotations

from textwrap import dedent

import pytest

import meshcompile
from tests.cli.conftest import MESH
from tests.unit.test_compare import SHOP


def unreachable(*matches: str, hosts: str = "catalog", normalization: str = "DEFAULT") -> list[tuple[str, list[str]]]:
    """The unreachable rules of a VirtualService with one rule per match, with the rules that cover them."""
    rules = "\n".join(f"    - {{match: [{match}], route: [{{destination: {{host: catalog}}}}]}}" for match in matches)
    text = f"""
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: catalog, namespace: shop}}
spec:
  hosts: [{hosts}]
  http:
{rules}
"""
    config = {"pathNormalization": {"normalization": normalization}}
    found = meshcompile.load("---\n".join([SHOP, dedent(text)]), mesh_config=config).unreachable()
    return [(each.places[0].field, [place[0].field for place in each.covered_by]) for each in found]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("{uri: {prefix: /a}}", "{uri: {prefix: /a/b}}"),
        ("{uri: {regex: '/[ab].*'}}", "{uri: {exact: /b/c}}"),
        ("{uri: {prefix: /a}}", "{uri: {regex: '/a/[0-9]+'}}"),
        ("{headers: {x-a: {regex: 'a|b'}}}", "{headers: {x-a: {exact: b}}}"),
        ("{uri: {regex: '/.*'}}", "{uri: {prefix: /a}, method: {exact: GET}}"),
    ],
)
def test_a_rule_behind_another(first: str, second: str) -> None:
    """A rule whose requests an earlier rule takes is listed with that rule; the other way round, it is reached."""
    assert unreachable(first, second) == [("spec.http[1].match[0]", ["spec.http[0].match[0]"])]
    assert unreachable(second, first) == []


def test_two_rules_together_cover_a_third() -> None:
    """A rule that several earlier rules cover only together is listed with all of them."""
    found = unreachable("{withoutHeaders: {x-a: {}}}", "{headers: {x-a: {}}}", "{uri: {prefix: /a}}")
    assert found == [("spec.http[2].match[0]", ["spec.http[0].match[0]", "spec.http[1].match[0]"])]


def test_a_rule_that_is_reached_by_some_host() -> None:
    """Nothing is listed in a mesh without shadowed rules."""
    assert unreachable("{uri: {prefix: /a/b}}", "{uri: {prefix: /a}}", "{}") == []
    assert meshcompile.load(MESH).unreachable() == ()


def test_paths_that_normalization_removes() -> None:
    """A rule that only paths with dots reach is unreachable, unless the mesh does not normalize paths."""
    matches = ("{uri: {regex: '/a/[^.].*'}}", "{uri: {prefix: /a/../b}}")
    assert [field for field, _ in unreachable(*matches)] == ["spec.http[1].match[0]"]
    assert unreachable(*matches, normalization="NONE") == []


def test_a_rule_that_is_alone_at_another_port() -> None:
    """A rule that another one covers at one port, and that is the only one at another port, is reached."""
    text = """
apiVersion: v1
kind: Service
metadata: {name: two, namespace: shop}
spec: {clusterIP: 10.0.0.77, ports: [{name: http-a, port: 80}, {name: http-b, port: 8080}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: two, namespace: shop}
spec:
  hosts: [two]
  http:
  - {match: [{port: 80}], route: [{destination: {host: two, port: {number: 80}}}]}
  - route: [{destination: {host: two, port: {number: 8080}}}]
"""
    assert meshcompile.load("---\n".join([SHOP, text])).unreachable() == ()


def policies(*rules: str, action: str = "ALLOW", more: str = "") -> list[tuple[str, str, list[str]]]:
    """The unreachable parts of a mesh with one policy, and the places that cover them."""
    listed = "\n".join(f"    - {rule}" for rule in rules)
    text = f"""
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {{name: rules, namespace: shop}}
spec:
  selector: {{matchLabels: {{app: catalog}}}}
  action: {action}
  rules:
{listed}
"""
    found = meshcompile.load("---\n".join([SHOP, dedent(text), dedent(more)])).unreachable()
    covering = [[f"{place[0].document.name}.{place[0].field}" for place in each.covered_by] for each in found]
    return [(str(each.kind), each.places[0].field, by) for each, by in zip(found, covering, strict=True)]


READS = "{to: [{operation: {methods: [GET], paths: [/a*]}}]}"
ITEMS = "{to: [{operation: {methods: [GET], paths: [/a/items]}}]}"


def test_a_policy_rule_behind_another() -> None:
    """A rule that admits nothing that another one does not admit is listed, whatever their order."""
    assert policies(READS, ITEMS) == [("policy rule", "spec.rules[1]", ["rules.spec.rules[0]"])]
    assert policies(ITEMS, READS) == [("policy rule", "spec.rules[0]", ["rules.spec.rules[1]"])]
    assert policies(READS, READS) == [("policy rule", "spec.rules[1]", ["rules.spec.rules[0]"])]
    assert policies(READS, ITEMS.replace("GET", "POST")) == []


def test_a_policy_rule_that_matches_nothing() -> None:
    """A rule whose conditions exclude each other is listed, and one that is only unusual is not."""
    never = "{from: [{source: {principals: [a], notPrincipals: ['*']}}]}"
    assert policies(READS, never, action="DENY") == [("policy rule", "spec.rules[1]", [])]
    several = "{when: [{key: 'request.headers[x]', values: [a]}, {key: 'request.headers[x]', values: [b]}]}"
    assert policies(READS, several) == []  # the header may have two lines


def test_a_policy_rule_whose_requests_are_denied() -> None:
    """A rule that admits only what another policy denies is listed with it."""
    deny = """
        apiVersion: security.istio.io/v1
        kind: AuthorizationPolicy
        metadata: {name: closed, namespace: shop}
        spec:
          selector: {matchLabels: {app: catalog}}
          action: DENY
          rules: [{to: [{operation: {paths: ["/a*"]}}]}]
        """
    assert policies(ITEMS, "{}", more=deny) == [("policy rule", "spec.rules[0]", ["closed.spec.rules[0]"])]


def test_a_subset_without_routes() -> None:
    """A subset to which no route leads is listed."""
    rules = """
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata: {name: catalog, namespace: shop}
        spec:
          host: catalog
          subsets: [{name: v1, labels: {app: catalog}}, {name: v2, labels: {app: catalog}}]
        ---
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata: {name: catalog, namespace: shop}
        spec:
          hosts: [catalog]
          http: [{route: [{destination: {host: catalog, subset: v1}}]}]
        """
    assert policies(READS, more=rules) == [("subset", "spec.subsets[1]", [])]
