"""`meshcompile describe`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from tests.cli.conftest import MESH, Run

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas" / "describe.json").read_text())
RULES = """
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: old, namespace: shop, creationTimestamp: "2024-01-01T00:00:00Z"}
spec:
  hosts: [catalog]
  http:
  - match: [{uri: {prefix: /a}}]
    route: [{destination: {host: catalog, subset: v1}}]
  - match: [{uri: {prefix: /a/b}}]
    route: [{destination: {host: catalog}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: new, namespace: shop, creationTimestamp: "2025-01-01T00:00:00Z"}
spec:
  hosts: [catalog]
  http: [{route: [{destination: {host: catalog}}]}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: catalog, namespace: shop}
spec:
  host: catalog
  trafficPolicy: {tls: {mode: DISABLE}}
  subsets: [{name: v1, labels: {version: gone}}]
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: shop}
spec: {mtls: {mode: STRICT}}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: readers, namespace: shop}
spec:
  rules: [{to: [{operation: {methods: [GET]}}]}]
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: front, namespace: shop}
spec:
  selector: {istio: nobody}
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A mesh with two VirtualServices for one host, a subset without Pods, and plain text to STRICT."""
    path = tmp_path / "shop.yaml"
    path.write_text(MESH + RULES)
    return path


def described(run: Run, shop: Path, name: str) -> list[tuple[str, bool]]:
    """What is said, and whether it is a problem; the data follows the schema."""
    done = run("describe", name, "-f", shop, "-o", "json")
    assert done.status == 0, done.err
    data = json.loads(done.out)
    Draft202012Validator(SCHEMA).validate(data)
    found: list[tuple[str, bool]] = []
    facts = [fact for section in data["sections"] for fact in section["facts"]]
    while facts:
        fact = facts.pop(0)
        found.append((fact["say"], fact["problem"]))
        facts = fact["details"] + facts
    return found


def test_the_newer_virtual_service_loses_its_host(run: Run, shop: Path) -> None:
    """Of two VirtualServices for one host, the newer one has no effect, and says who wins."""
    said = described(run, shop, "virtualservice/new.shop")
    assert ("clients in shop: VirtualService shop/old holds; this one has no effect there", True) in said
    assert ("http[0]: all -> catalog; no proxy uses it", True) in said


def test_a_rule_that_no_request_reaches_is_marked(run: Run, shop: Path) -> None:
    """A rule behind one that takes all requests is marked, with the place of the other rule."""
    said = described(run, shop, "vs/old.shop")
    assert ("http[1]: uri prefix /a/b -> catalog; no request reaches it, earlier rules take all", True) in said
    assert ("the rule that takes them", False) in said


def test_a_subset_without_pods_is_marked(run: Run, shop: Path) -> None:
    """A DestinationRule says what its subsets select."""
    said = described(run, shop, "destinationrules/catalog.shop")
    assert any(text.startswith("v1 (version=gone): 0 of ") and problem for text, problem in said)


def test_plain_text_to_strict_is_marked(run: Run, shop: Path) -> None:
    """A service says what its clients send, and what its workloads take."""
    text = "port 80: clients send plain text, and the server takes mutual TLS only (STRICT): requests fail"
    assert (text, True) in described(run, shop, "service/catalog.shop")


def test_a_proxy_has_its_policies(run: Run, shop: Path) -> None:
    """A proxy lists the policies that hold for it, with its mutual TLS."""
    said = described(run, shop, "deployment/catalog.shop")
    assert ("AuthorizationPolicy shop/readers: ALLOW, 1 rule", False) in said
    assert ("PeerAuthentication shop/default", False) in said


def test_a_gateway_that_nobody_serves_is_marked(run: Run, shop: Path) -> None:
    """A Gateway without a proxy says so."""
    assert ("no proxy serves it", True) in described(run, shop, "gateway/front.shop")


def test_a_policy_says_who_uses_it(run: Run, shop: Path) -> None:
    """Any object says which proxies use it."""
    said = described(run, shop, "authorizationpolicy/readers.shop")
    assert ("used by 1 of 1: deployment/catalog.shop", False) in said


def test_text_fits_a_terminal(run: Run, shop: Path) -> None:
    """The text has at most 100 columns, except for long file names, and counts the problems last."""
    done = run("describe", "virtualservice/new.shop", "-f", shop)
    lines = [line for line in done.out.splitlines() if str(shop) not in line]
    assert max(map(len, lines)) <= 100
    assert lines[-1].endswith("problems, marked with !")


def test_an_unknown_name_is_a_usage_error(run: Run, shop: Path) -> None:
    """A name that nothing has gives similar ones."""
    done = run("describe", "vs/nwe.shop", "-f", shop)
    assert done.status == 2
    assert "did you mean virtualservice/new.shop" in done.err
