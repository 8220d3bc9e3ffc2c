"""The findings about a mesh do not depend on whether its snapshot exists."""

from pathlib import Path

import pytest

import meshcompile

CASES = sorted(Path(__file__).parent.glob("*/input.yaml"))
DELEGATES = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: root, namespace: shop}
spec:
  hosts: [reviews]
  http:
  - {match: [{uri: {prefix: /a}}], delegate: {name: leaf}}
  - {delegate: {name: gone}}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: leaf, namespace: shop}
spec:
  http: [{match: [{uri: {prefix: /b}}], route: [{destination: {host: reviews}}]}]
"""
INGRESS = """
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop, namespace: shop, annotations: {kubernetes.io/ingress.class: istio}}
spec:
  rules: [{host: shop.example.com}]
"""
PRIVATE = """
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data: {mesh: "defaultVirtualServiceExportTo: ['.']"}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: root, namespace: shop}
spec: {hosts: [reviews], http: [{delegate: {name: leaf, namespace: other}}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: leaf, namespace: other}
spec: {http: [{route: [{destination: {host: reviews}}]}]}
"""
INPUTS = {"delegates": DELEGATES, "ingress": INGRESS, "private": PRIVATE}
SLUGS = {"delegates": "delegate-conflict", "ingress": "ingress-rule-without-paths", "private": "delegate-not-visible"}


def findings(mesh: meshcompile.Mesh) -> list[str]:
    return [f"{found} {found.related}" for found in mesh.diagnostics]


def assert_same(given: Path | str) -> list[str]:
    """Load twice, and compare the findings of the mesh with a snapshot with those of the other."""
    light, full = meshcompile.load(given), meshcompile.load(given)
    assert full.snapshot.findings is not None
    assert findings(light) == findings(full)
    return findings(full)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.parent.name)
def test_findings_need_no_snapshot(case: Path) -> None:
    """The diagnostics of a mesh are the same before and after it is indexed."""
    assert_same(case)


@pytest.mark.parametrize("name", INPUTS)
def test_merged_rules_are_checked_without_a_snapshot(name: str) -> None:
    """Problems of delegates and Ingresses are also found without a snapshot."""
    assert any(SLUGS[name] in found for found in assert_same(INPUTS[name]))
