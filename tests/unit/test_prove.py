"""Statements about all requests of a mesh."""

from __future__ import annotations

from textwrap import dedent

import pytest

import meshcompile
from meshcompile import Proofs, ProofStatus
from tests.unit.test_compare import GATEWAY_POD, SHOP, gateway, policy

POLICY = policy(
    "ALLOW",
    "[{from: [{source: {principals: ['cluster.local/ns/shop/sa/web']}}], to: [{operation: {paths: ['/a*']}}]}]",
)


def prove(*statements: str) -> Proofs:
    """The results of statements about the shop, whose catalog admits the web to `/a*`."""
    mesh = meshcompile.load("---\n".join([SHOP, dedent(POLICY)]))
    return mesh.prove("statements:\n" + "\n".join(f"- {each}" for each in statements))


@pytest.mark.parametrize(
    "statement",
    [
        "never: {from: deployment/web.shop, path: /b*, reaches: catalog.shop}",
        "never: {from: deployment/web.shop, reaches: catalog.shop, unless: [principal: cluster.local/ns/shop/sa/web]}",
        "only: {principals: [ns/shop], mayCall: catalog.shop}",
        "always: {to: catalog.shop, mtls: strict}",
        "always: {to: web.shop, retries: 2}",
        "never: {from: outside, reaches: web.shop}",
        "no_route_without: timeout",
        "rule: {each: workloads, holds: 'workload.namespace == \"shop\"'}",
    ],
)
def test_what_holds_is_proved(statement: str) -> None:
    """A statement that holds of all requests is proved."""
    assert prove(statement).proved


@pytest.mark.parametrize(
    ("statement", "url"),
    [
        ("never: {path: /admin*, reaches: catalog.shop}", "http://catalog.shop/admin"),
        ("never: {from: ns/shop, path: /a*, reaches: catalog.shop, unless: [method: GET]}", "http://catalog.shop/a"),
        ("only: {principals: [ns/other], may_call: catalog.shop}", "http://catalog.shop/a"),
        ("always: {to: web.shop, mtls: strict}", "http://web.shop/"),
        ("always: {to: web.shop, timeout: required}", "http://web.shop.svc.cluster.local/"),
    ],
)
def test_what_does_not_hold_has_a_witness(statement: str, url: str) -> None:
    """A statement that some request breaks is refuted with a request."""
    found = prove(statement)
    (result,) = found.results
    assert result.status is ProofStatus.REFUTED
    witness = result.violations[0].witness
    assert witness is not None
    assert witness["url"] == url
    assert found.diagnostics[0].code == "MC2101"


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("never: {from: outsid, reaches: web.shop}", "no proxy named 'outsid'"),
        ("never: {reaches: wb.shop}", "there is no service wb.shop; is web.shop meant?"),
        ("always: {to: web.shop}", "`always` says nothing: give `mtls`, `timeout` or `retries`"),
        ("rule: {each: routs, holds: 'true'}", "`each: routs`: known facts are hosts, routes"),
        ("rule: {each: hosts, holds: 'host.x =='}", "`host.x ==` is no expression of CEL: it ends too early"),
        ("rule: {holds: 'a.all(x, a.all(y, a.all(z, z)))'}", "a rule nests at most 2 loops"),
    ],
)
def test_what_cannot_be_checked_is_a_finding(statement: str, problem: str) -> None:
    """A statement with a mistake is a finding, and never proved."""
    found = prove(statement)
    assert not found.proved
    assert found.unusable[0].message.startswith(problem)
    assert found.unusable[0].code == "MC2103"


def test_a_misspelled_field_does_not_widen_a_statement() -> None:
    """A statement with an unknown field is not checked."""
    found = prove("never: {frm: outside, reaches: web.shop}")
    assert found.results == ()
    assert not found.proved


ALIAS = """
apiVersion: v1
kind: Service
metadata: {name: alias, namespace: shop}
spec: {TYPE, selector: {app: APP}, ports: [{name: http, port: 8, targetPort: 3000}]}
"""
TO_WEB_BY_ALIAS = gateway(80, "['*']").replace("host: catalog", "host: alias")
TO_BOTH_BY_BYTES = """
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: front, namespace: shop}
spec:
  selector: {istio: ingressgateway}
  servers: [{port: {number: 81, name: tcp, protocol: TCP}, hosts: ['*']}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: front, namespace: shop}
spec:
  hosts: ['*']
  gateways: [front]
  tcp:
  - route:
    - {destination: {host: web, port: {number: 80}}, weight: 50}
    - {destination: {host: catalog, port: {number: 80}}, weight: 50}
"""


CODES: dict[ProofStatus, list[str]] = {
    ProofStatus.PROVED: [],
    ProofStatus.REFUTED: ["MC2101"],
    ProofStatus.UNKNOWN: ["MC2102"],
}


def alias(app: str, kind: str = "ClusterIP") -> str:
    """Another Service of a workload."""
    return ALIAS.replace("APP", app).replace("TYPE", f"type: {kind}")


@pytest.mark.parametrize(
    ("statement", "parts", "status"),
    [
        ("reaches: catalog.shop", [GATEWAY_POD, gateway(80, "['*']")], "refuted"),
        ("reaches: web.shop", [GATEWAY_POD, gateway(80, "['*']")], "proved"),
        ("reaches: catalog.shop, host: A.example.com", [GATEWAY_POD, gateway(80, "['*']")], "refuted"),
        ("reaches: catalog.shop, host: '*.example.org'", [GATEWAY_POD, gateway(80, "['*']")], "proved"),
        ("reaches: catalog.shop", [gateway(80, "['*']")], "unknown"),
        ("reaches: web.shop", [GATEWAY_POD, TO_WEB_BY_ALIAS, alias("web")], "refuted"),
        ("reaches: web.shop", [GATEWAY_POD, TO_WEB_BY_ALIAS, alias("catalog")], "proved"),
        ("reaches: web.shop", [alias("web", "NodePort")], "unknown"),
        ("reaches: catalog.shop", [GATEWAY_POD, TO_BOTH_BY_BYTES], "unknown"),
        ("reaches: nobody.shop", [ALIAS.replace("APP", "none").replace("alias", "nobody").replace("TYPE, ", "")],
         "unknown"),
    ],
)  # fmt: skip
def test_what_is_known_of_requests_from_outside(statement: str, parts: list[str], status: str) -> None:
    """Whatever leads to a workload counts: another Service, bytes, ports of nodes, and gateways that are not known."""
    mesh = meshcompile.load("---\n".join([SHOP, *map(dedent, parts)]))
    (result,) = mesh.prove(f"never: {{from: outside, {statement}}}").results
    assert result.status == status
    assert (result.status is ProofStatus.UNKNOWN) == bool(result.reason)
    assert [each.code for each in result.diagnostics] == CODES[result.status]
