"""Tests in the formats of istio-config-validator and of Envoy's router_check_tool."""

from __future__ import annotations

from typing import Any

import pytest

import meshcompile
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Document
from meshcompile.testing.foreign import FORMATS, foreign_tests
from meshcompile.testing.judge import Judge
from meshcompile.testing.senders import AssumedSenders
from meshcompile.testing.suites import MeshTest
from tests.cli.conftest import MESH
from tests.unit.test_mesh_tests import RULES

MORE = """
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: example, namespace: shop}
spec:
  hosts: [other.example]
  http:
  - match: [{uri: {prefix: /bots}}]
    route: [{destination: {host: catalog}}]
    fault: {abort: {percentage: {value: 100}, httpStatus: 403}}
  - match: [{uri: {prefix: /team}}]
    delegate: {name: team}
  - route: [{destination: {host: other.example}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: team, namespace: shop}
spec:
  http:
  - route: [{destination: {host: catalog}}]
"""


@pytest.fixture(scope="module")
def judge() -> Judge:
    """Judges tests of a mesh with two VirtualServices and a delegate."""
    return Judge(meshcompile.load(MESH + RULES + MORE))


def made(judge: Judge, value: Any) -> list[MeshTest | Diagnostic]:
    (format_,) = [each for each in FORMATS.values() if each.recognises(value)]
    return list(foreign_tests(Document("t.yaml", value), format_, AssumedSenders(judge.mesh)))


def results(judge: Judge, value: Any) -> list[str]:
    return [judge.verdict(each).result for each in made(judge, value) if isinstance(each, MeshTest)]


def case(uri: str, *, wanted: bool = True, host: str = "other.example", **expected: Any) -> dict[str, Any]:
    request = {"authority": [host], "method": ["GET", "POST"], "uri": [uri]}
    return {"testCases": [{"description": "a", "wantMatch": wanted, "request": request, **expected}]}


def to(host: str, **more: Any) -> list[dict[str, Any]]:
    return [{"destination": {"host": host, **more}}]


FAULT = {"abort": {"percentage": {"value": 100}, "httpStatus": 403}}
HEADERS = {"request": {"set": {"x-team": "shop"}, "remove": ["x-secret"]}, "response": {"add": {"x-seen": "1"}}}


@pytest.mark.parametrize(
    ("value", "right"),
    [
        (case("/", route=to("other.example")), True),
        (case("/", route=to("catalog")), False),
        (case("/", wanted=False, route=to("catalog")), True),
        (case("/", wanted=False, route=to("other.example")), False),
        (case("/", wanted=False, route=to("other.example", subset="v1")), True),
        (case("/bots", route=to("catalog.shop.svc.cluster.local", port={"number": 80})), True),
        (case("/bots", fault=FAULT), True),
        (case("/", fault=FAULT), False),
        (case("/", wanted=False, fault=FAULT), True),
        (case("/old", host="catalog", redirect={"uri": "/new", "redirectCode": 302}), True),
        (case("/api", host="catalog", rewrite={"uri": "/v2"}), True),
        (case("/api", host="catalog", rewrite={"uri": "/v3"}), False),
        (case("/api", host="catalog", headers=HEADERS), True),
        (case("/team", route=to("catalog")), True),
        (case("/team", delegate={"name": "team"}), True),
        (case("/", delegate={"name": "team"}), False),
    ],
    ids=str,
)
def test_istio_config_validator(judge: Judge, value: Any, right: bool) -> None:
    """Each combination of method and URI is a test of the destination, or of the rule as it is written."""
    assert results(judge, value) == ["passed" if right else "failed"] * 2


def test_weights_of_istio_config_validator(judge: Judge) -> None:
    """Several destinations are compared with their weights."""
    several = [{**to("catalog")[0], "weight": 90}, {**to("other.example")[0], "weight": 10}]
    assert results(judge, case("/api", host="catalog", route=several)) == ["passed"] * 2
    several[0]["weight"] = 80
    assert results(judge, case("/api", host="catalog", route=several)) == ["failed"] * 2


def check(path: str, validate: Any, authority: str = "catalog", **given: Any) -> dict[str, Any]:
    return {
        "tests": [{"test_name": "a", "input": {"authority": authority, "path": path, **given}, "validate": validate}]
    }


CATALOG = "outbound|80||catalog.shop.svc.cluster.local"


@pytest.mark.parametrize(
    ("value", "right"),
    [
        (check("/", {"cluster_name": CATALOG}), True),
        (check("/", {"cluster_name": ""}), False),
        (check("/old", {"cluster_name": "", "path_redirect": "http://catalog/new"}), True),
        (check("/api", {"cluster_name": "outbound|80||other.example"}), True),
        (check("/api", {"path_rewrite": "/v2", "host_rewrite": "catalog"}), True),
        (check("/api", {"path_rewrite": "/v2", "host_rewrite": "other"}), False),
        (check("/", {"virtual_host_name": "catalog.shop.svc.cluster.local:80"}), True),
        (check("/api", {"request_header_matches": [{"name": "x-team", "string_match": {"exact": "shop"}}]}), True),
        (check("/api", {"request_header_matches": [{"name": "x-team", "present_match": False}]}), False),
        (check("/api", {"response_header_matches": [{"name": "x-seen", "exact_match": "1"}]}), True),
        (check("/bots", {"cluster_name": CATALOG}, "other.example", method="POST"), True),
    ],
    ids=str,
)
def test_router_check(judge: Judge, value: Any, right: bool) -> None:
    """Assertions of router_check_tool hold for one of the outcomes."""
    assert results(judge, value) == ["passed" if right else "failed"]


def test_limits_are_reported(judge: Judge) -> None:
    """What cannot be checked is a warning at its place, and the rest is run."""
    assertions = {"virtual_cluster_name": "x", "cluster_name": CATALOG}
    found = made(judge, check("/", assertions, random_value=7, internal=True))
    assert [(each.code, each.field) for each in found if isinstance(each, Diagnostic)] == [
        ("MC2002", "tests[0].input.random_value"),
        ("MC2002", "tests[0].input.internal"),
        ("MC2002", "tests[0].validate.virtual_cluster_name"),
    ]
    assert results(judge, check("/", assertions)) == ["passed"]
    pattern = [{"name": "x", "string_match": {"prefix": "a"}}]
    (limited,) = made(judge, check("/", {"request_header_matches": pattern}))
    assert isinstance(limited, Diagnostic)


def test_mistakes_are_findings(judge: Judge) -> None:
    """A field that the format does not have, and a test without an expectation, are errors."""
    for value in (case("/", roue=[]), case("/"), check("/", {}) | {"test": []}):
        (found,) = made(judge, value)
        assert isinstance(found, Diagnostic)
        assert found.code == "MC2001"


def test_senders_are_assumed() -> None:
    """Hosts of gateways are called from outside, others from a workload of the namespace of their VirtualService."""
    gateway = MORE.replace("spec:\n  hosts: [other.example]", "spec:\n  gateways: [front]\n  hosts: [other.example]")
    mesh = meshcompile.load(MESH + RULES + gateway)
    senders = AssumedSenders(mesh)
    assert senders("other.example") == "outside"
    assert senders("other.example:8080") == "outside"
    assert mesh.proxy(senders("catalog")).namespace == "shop"
    assert AssumedSenders(mesh, "deployment/web.shop")("other.example") == "deployment/web.shop"
