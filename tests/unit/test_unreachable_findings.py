"""What no request reaches, as `analyze` says it: proved, once per cause, and without compiling proxies."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import meshcompile
from meshcompile.cli.analyze import findings
from meshcompile.unreachable.likely import unproved
from tests.unit.test_compare import SHOP

ROUTES = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: catalog, namespace: shop}
spec:
  hosts: [catalog]
  gateways: %s
  http:
%s
"""
POLICY = """
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: %s, namespace: %s}
spec: {action: %s, selector: {matchLabels: %s}, rules: [%s]}
"""
CODES = frozenset({"IST0130", "IST0131", "MC0406", "MC0438", "MC0832", "MC0833", "MC0435"})


def said(*rules: str, gateways: str = "[mesh]") -> list[tuple[str, str]]:
    """The code and field of each finding about rules with these matches."""
    text = ROUTES % (
        gateways,
        "\n".join(f"  - {{{rule}route: [{{destination: {{host: catalog}}}}]}}" for rule in rules),
    )
    return _said(text)


def policies(*texts: tuple[str, str, str, str, str]) -> list[tuple[str, str]]:
    """The code and name of each finding about policies."""
    mesh = meshcompile.load("---\n".join([SHOP, *(POLICY % each for each in texts)]))
    return [(each.code, each.name) for each in findings(mesh) if each.code in CODES]


def _said(text: str) -> list[tuple[str, str]]:
    mesh = meshcompile.load("---\n".join([SHOP, text]))
    return [(each.code, each.field) for each in findings(mesh) if each.code in CODES]


@pytest.mark.parametrize(
    ("rules", "found"),
    [
        (("match: [{uri: {prefix: /a}}], ", "match: [{uri: {regex: '/a/[0-9]+'}}], "), [("IST0130", "spec.http[1]")]),
        (("match: [{uri: {prefix: /a}}], ", "match: [{uri: {exact: /a/b}}, {uri: {exact: /b}}], "),
         [("IST0131", "spec.http[1].match[0]")]),
        (("", "match: [{uri: {prefix: /a}}], "), [("IST0130", "spec.http[1]")]),
        (("match: [{withoutHeaders: {x: {}}}], ", "match: [{headers: {x: {}}}], ", "match: [{uri: {prefix: /a}}], "),
         [("IST0130", "spec.http[2]")]),
        (("match: [{uri: {prefix: /a}, method: {exact: GET}}], ", "match: [{uri: {prefix: /a/b}}], "), []),
        (("match: [{uri: {prefix: /a}, port: 80}], ", "match: [{uri: {prefix: /a/b}}], "), []),
        (("match: [{uri: {prefix: /a}, sourceLabels: {a: b}}], ", "match: [{uri: {prefix: /a/b}}], "), []),
        (("match: [{uri: {prefix: /a}, sourceNamespace: shop}], ", "match: [{uri: {prefix: /a/b}}], "), []),
        (("match: [{uri: {prefix: a}}], ", ""), [("MC0435", "spec.http[0].match[0].uri.prefix")]),
        (("match: [{uri: {prefix: /a}}, {}], ",), [("MC0438", "spec.http[0].match[1]")]),
    ],
)  # fmt: skip
def test_rules_of_a_virtual_service(rules: tuple[str, ...], found: list[tuple[str, str]]) -> None:
    """A rule or match is reported if earlier ones take all of its requests wherever it applies, and each cause once."""
    assert said(*rules) == found


def test_rules_of_some_gateways() -> None:
    """A match for one gateway covers a match for the same gateway, and not one for all."""
    one, both = "match: [{uri: {prefix: /a}, gateways: [front]}], ", "match: [{uri: {prefix: /a/b}}], "
    narrow = "match: [{uri: {prefix: /a/b}, gateways: [front]}], "
    assert said(one, both, gateways="[mesh, front]") == []
    assert said(one, narrow, gateways="[mesh, front]") == [("IST0130", "spec.http[1]")]


def test_rough_rules_of_validate() -> None:
    """`analyze` drops what `validate` says by the rough rules of istiod, if it is not so."""
    matches = ("{uri: {prefix: /a}, method: {exact: GET}}", "{uri: {prefix: /a/b}}")
    rules = "\n".join(f"  - {{match: [{each}], route: [{{destination: {{host: catalog}}}}]}}" for each in matches)
    text = ROUTES % ("[mesh]", rules)
    mesh = meshcompile.load("---\n".join([SHOP, text]))
    assert "IST0131" in {each.code for each in mesh.diagnostics}
    assert "IST0131" not in {each.code for each in findings(mesh)}


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        ("ALLOW", "ALLOW", [("MC0832", "narrow")]),
        ("DENY", "DENY", [("MC0832", "narrow")]),
        ("DENY", "ALLOW", [("MC0833", "narrow")]),
        ("ALLOW", "DENY", []),
        ("AUDIT", "ALLOW", []),
    ],
)
def test_rules_of_policies(first: str, second: str, found: list[tuple[str, str]]) -> None:
    """A rule is reported if one that is asked before it, or in its place, takes all of its requests."""
    wide = ("wide", "shop", first, "{}", "{to: [{operation: {paths: [/a*]}}]}")
    narrow = ("narrow", "shop", second, "{app: catalog}", "{to: [{operation: {paths: [/a/b], methods: [GET]}}]}")
    assert policies(wide, narrow) == found
    assert policies(narrow, wide) == found


def test_policies_of_other_workloads() -> None:
    """A rule that does not apply to all workloads of another one does not cover it."""
    rule = "{from: [{source: {namespaces: [shop]}}]}"
    assert policies(("a", "shop", "ALLOW", "{app: catalog}", rule), ("b", "shop", "ALLOW", "{}", rule)) == [
        ("MC0832", "a")
    ]
    assert policies(("a", "shop", "ALLOW", "{app: catalog}", rule), ("b", "shop", "ALLOW", "{app: web}", rule)) == []
    assert policies(("a", "shop", "ALLOW", "{}", rule), ("b", "other", "ALLOW", "{}", rule)) == []
    assert policies(("a", "shop", "ALLOW", "{}", rule), ("b", "istio-system", "ALLOW", "{}", rule)) == [("MC0832", "a")]


MATCHES = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "uri": st.sampled_from(["{exact: /a}", "{prefix: /}", "{prefix: /a}", "{prefix: /a/}", "{regex: '/a.*'}"]),
            "method": st.sampled_from(["{exact: GET}", "{prefix: G}"]),
            "headers": st.sampled_from(["{x: {exact: a}}", "{x: {prefix: a}}", "{x: {}}", "{X: {regex: 'a*'}}"]),
            "withoutHeaders": st.sampled_from(["{x: {}}", "{x: {exact: a}}"]),
            "queryParams": st.sampled_from(["{q: {exact: a}}", "{q: {}}"]),
            "authority": st.sampled_from(["{exact: catalog}", "{prefix: cat}"]),
            "ignoreUriCase": st.just("true"),
        },
    ),
    min_size=2,
    max_size=5,
)


@settings(max_examples=20)
@given(MATCHES)
def test_likely_requests_hide_nothing(matches: list[dict[str, str]]) -> None:
    """Every match that the compiled routes do not reach is among those that are proved."""
    texts = ["{" + ", ".join(f"{key}: {value}" for key, value in match.items()) + "}" for match in matches]
    rules = "\n".join(f"  - {{match: [{text}], route: [{{destination: {{host: catalog}}}}]}}" for text in texts)
    mesh = meshcompile.load("---\n".join([SHOP, ROUTES % ("[mesh]", rules)]))
    compiled = {each.places[0].path[2] for each in mesh.unreachable() if each.kind == "route"}
    (merged,) = (each for each in mesh.snapshot.virtual_services.all if each.name == "catalog")
    assert compiled <= set(unproved([rule.match[0] for rule in merged.http]))
    proved = {each.origin.path[2] for each in mesh.analyze() if each.code == "IST0130"}
    reached = set(range(len(texts))) - compiled - _dropped(mesh)
    assert proved.isdisjoint(reached)
    assert compiled <= proved


def _dropped(mesh: meshcompile.Mesh) -> set[object]:
    """The rules after one that takes every request, of which istiod makes no routes."""
    return {each.origin.path[2] for each in mesh.diagnostics if each.code in ("MC0406", "IST0130")}
