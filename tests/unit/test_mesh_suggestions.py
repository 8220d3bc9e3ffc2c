"""Suggested tests."""

from __future__ import annotations

from typing import Any

import meshcompile
from meshcompile.documents import Document
from meshcompile.testing.coverage import coverage
from meshcompile.testing.judge import Judge
from meshcompile.testing.suggest import Suggestion, suggestions
from meshcompile.testing.suites import suites
from tests.cli.conftest import MESH
from tests.unit.test_mesh_tests import RULES, asked, reading

MORE = """
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: some, namespace: shop}
spec:
  selector: {matchLabels: {app: catalog}}
  rules:
  - to: [{operation: {paths: ["/x*"], methods: [POST]}}]
  - from: [{source: {namespaces: [shop]}}]
    when: [{key: "request.headers[x-a]", values: [b]}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: shop}
spec:
  hosts: [catalog.example]
  http:
  - match: [{uri: {prefix: /a}, headers: {x-b: {regex: "v[0-9]+"}}, method: {exact: PUT}}]
    route: [{destination: {host: catalog}}]
  - match: [{uri: {prefix: /a}}]
    directResponse: {status: 418}
  - match: [{uri: {exact: /a/b}}]
    route: [{destination: {host: catalog}}]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: example, namespace: shop}
spec: {hosts: [catalog.example], ports: [{number: 80, name: http, protocol: HTTP}], resolution: DNS}
"""


def suggested(text: str, *tests: Any) -> tuple[Judge, list[Suggestion]]:
    judge = Judge(meshcompile.load(text))
    return judge, list(suggestions(judge, coverage(judge.mesh, judge.verdicts(reading(*tests).tests))))


def test_suggestions_pass_and_reach_everything() -> None:
    """The suggested tests pass, and reach all parts but a rule that no request can reach."""
    judge, found = suggested(MESH + RULES + MORE)
    made = [each.test for each in found if each.test is not None]
    verdicts = list(judge.verdicts(suites([Document("s", {"tests": made})]).tests))
    assert len(verdicts) == len(made) > 5
    assert [each.mismatches for each in verdicts if not each.passed] == []
    missed = [each.name for each in coverage(judge.mesh, verdicts).missed]
    assert missed == [
        "rule spec.http[2] of VirtualService shop/web",
        "match spec.http[2].match[0] of VirtualService shop/web",
    ]
    assert [each.target.name for each in found if each.test is None] == missed


def test_a_witness_solves_the_match() -> None:
    """The request for a rule has what its match asks for."""
    _, found = suggested(MESH + RULES + MORE)
    (test,) = [each.test for each in found if each.target.name == "rule spec.http[0] of VirtualService shop/web"]
    assert test is not None
    assert test["request"]["method"] == "PUT"
    assert test["request"]["url"].startswith("http://catalog.example/a")
    assert test["request"]["headers"]["x-b"].startswith("v")


def test_what_is_reached_needs_no_suggestion() -> None:
    """A part that a test reaches has no suggestion."""
    _, found = suggested(MESH + RULES, asked("http://catalog/keys", {"status": 403}))
    assert "policy rule spec.rules[0] of AuthorizationPolicy shop/no-keys" not in [each.target.name for each in found]
