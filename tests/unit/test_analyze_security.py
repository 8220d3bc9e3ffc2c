"""Checks across resources about security."""

from __future__ import annotations

from tests.meshes import mesh
from tests.unit.test_inbound import STRICT, WORKLOAD


def slugs(*texts: str) -> list[str]:
    return [finding.slug for finding in mesh(*texts).analyze()]


def test_policy_that_selects_nothing() -> None:
    """A policy whose selector matches no workload has no effect."""
    idle = """
    apiVersion: security.istio.io/v1
    kind: AuthorizationPolicy
    metadata: {name: p, namespace: shop}
    spec: {selector: {matchLabels: {app: nobody}}, rules: [{}]}
    """
    assert slugs(WORKLOAD, idle) == ["no-matching-workloads"]
    workload = WORKLOAD.replace("labels: {app: web}}", "labels: {app: web, security.istio.io/tlsMode: istio}}")
    assert slugs(workload, idle.replace("nobody", "web")) == []


def test_selector_in_the_root_namespace() -> None:
    """A PeerAuthentication with a selector has no effect in the root namespace."""
    policy = STRICT.replace("namespace: shop", "namespace: istio-system").replace(
        "spec: {", "spec: {selector: {matchLabels: {app: web}}, "
    )
    assert slugs(WORKLOAD, policy) == ["selector-in-root-namespace"]


def test_allow_that_can_match_nothing() -> None:
    """An ALLOW policy without rules is reported, because it denies everything."""
    nothing = """
    apiVersion: security.istio.io/v1
    kind: AuthorizationPolicy
    metadata: {name: p, namespace: shop}
    spec: {}
    """
    assert slugs(WORKLOAD, nothing) == ["nothing-allowed"]


ENDPOINTS = """
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, namespace: shop, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: http, port: 8080, protocol: TCP}, {name: tcp, port: 9000, protocol: TCP}]
endpoints: [{addresses: [10.1.0.1], targetRef: {kind: Pod, name: client, namespace: shop}}]
"""
PLAIN_CLIENTS = """
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: r, namespace: shop}
spec: {host: web, trafficPolicy: {tls: {mode: DISABLE}}}
"""


def test_clients_that_strict_servers_refuse() -> None:
    """A rule that disables mutual TLS for a service that requires it conflicts with the policy."""
    workload = WORKLOAD.replace("labels: {app: web}}", "labels: {app: web, security.istio.io/tlsMode: istio}}")
    assert slugs(workload, ENDPOINTS, PLAIN_CLIENTS, STRICT) == ["conflicting-mtls"]
    assert slugs(workload, ENDPOINTS, PLAIN_CLIENTS) == []
