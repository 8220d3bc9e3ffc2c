"""Rules that no request reaches."""

from __future__ import annotations

from textwrap import dedent

import pytest

import meshcompile
from tests.cli.conftest import MESH
from tests.unit.test_compare import SHOP


def unreachable(*matches: str, hosts: str = "catalog") -> list[tuple[str, list[str]]]:
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
    found = meshcompile.load("---\n".join([SHOP, dedent(text)])).unreachable()
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
