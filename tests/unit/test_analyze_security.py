"""Checks across resources about security."""

from __future__ import annotations

from meshcompile.cli.analyze import findings
from tests.meshes import SHOP, mesh
from tests.unit.test_inbound import STRICT, WORKLOAD

SIDECAR = "sidecar.istio.io/inject: 'true'"
IN_MESH = WORKLOAD.replace("labels: {app: web", f"labels: {{{SIDECAR}, app: web")


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
    assert slugs(IN_MESH, idle) == ["no-matching-workloads"]
    assert slugs(IN_MESH, idle.replace("nobody", "web")) == []
    assert slugs(WORKLOAD, idle.replace("nobody", "web")) == ["no-matching-workloads"]


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
    assert slugs(IN_MESH, nothing) == ["nothing-allowed"]


WEB = "web.shop.svc.cluster.local"
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


def test_clients_of_another_namespace() -> None:
    """A rule in the clients' own namespace is in conflict with the servers of another one; both objects are named."""
    workload = WORKLOAD.replace("labels: {app: web}}", "labels: {app: web, security.istio.io/tlsMode: istio}}")
    rule = PLAIN_CLIENTS.replace("namespace: shop", "namespace: edge").replace("host: web", f"host: {WEB}")
    (finding,) = (each for each in mesh(workload, ENDPOINTS, rule, STRICT).analyze() if each.code == "MC0806")
    assert (finding.namespace, finding.field) == ("edge", "spec.trafficPolicy.tls")
    assert [related.origin.document.kind for related in finding.related] == ["PeerAuthentication"]
    assert "send plain text" in finding.message
    assert "conflicting-mtls" not in slugs(workload, ENDPOINTS, rule.replace("DISABLE", "ISTIO_MUTUAL"), STRICT)


def test_subset_of_servers_without_conflict() -> None:
    """The policy of a subset is compared with the workloads of the subset only."""
    workload = WORKLOAD.replace("labels: {app: web}}", "labels: {app: web, security.istio.io/tlsMode: istio}}")
    rule = """
    apiVersion: networking.istio.io/v1
    kind: DestinationRule
    metadata: {name: r, namespace: shop}
    spec: {host: web, subsets: [{name: s, labels: {app: %s}, trafficPolicy: {tls: {mode: DISABLE}}}]}
    """
    assert "conflicting-mtls" in slugs(workload, ENDPOINTS, rule % "web", STRICT)
    assert "conflicting-mtls" not in slugs(workload, ENDPOINTS, rule % "other", STRICT)


ON_REQUESTS = """
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: p, namespace: shop}
spec: {action: DENY, selector: {matchLabels: {app: db}}, rules: [{to: [{operation: {paths: [/admin]%s}}]}]}
"""
DATABASE = """
apiVersion: v1
kind: Service
metadata: {name: db, namespace: shop}
spec: {selector: {app: db}, ports: [{name: %s, port: 3306, targetPort: 3306}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db-0, namespace: shop, labels: {app: db}}
spec: {containers: [{name: db, ports: [{containerPort: 3306}]}, {name: istio-proxy}]}
"""


def test_rules_on_requests_for_tcp_ports() -> None:
    """A rule on requests is found where a port carries bytes, with what is left of it, and said once."""
    (finding,) = (d for d in mesh(DATABASE % "mysql", ON_REQUESTS % "").analyze() if d.code == "MC0801")
    assert (finding.field, finding.related[0].origin.field) == ("spec.rules[0]", "spec.ports[0]")
    assert "denies every connection" in finding.message
    assert "port 3306 of shop/db" in finding.message
    (narrow,) = (d for d in mesh(DATABASE % "mysql", ON_REQUESTS % ', ports: ["3306"]').analyze() if d.code == "MC0801")
    assert "applies by `ports` alone" in narrow.message
    assert "MC0801" not in [d.code for d in mesh(DATABASE % "http", ON_REQUESTS % "").analyze()]
    assert "MC0801" not in [d.code for d in mesh(DATABASE % "mysql", ON_REQUESTS % ', ports: ["80"]').analyze()]
    once = [d.code for d in findings(mesh(DATABASE % "mysql", ON_REQUESTS % "")) if d.origin == finding.origin]
    assert once == ["MC0801"]


def test_rules_on_hosts_for_tls_that_passes_through() -> None:
    """At a gateway, the servers decide: requests exist on those that end TLS, and not on those that pass it through."""
    gateway = """
    apiVersion: networking.istio.io/v1
    kind: Gateway
    metadata: {name: front, namespace: shop}
    spec:
      selector: {app: front}
      servers: [{port: {number: 443, name: https, protocol: HTTPS}, hosts: [a.example], tls: {mode: %s}}]
    ---
    apiVersion: v1
    kind: Pod
    metadata: {name: front-0, namespace: shop, labels: {app: front}}
    spec: {containers: [{name: istio-proxy}]}
    """
    policy = """
    apiVersion: security.istio.io/v1
    kind: AuthorizationPolicy
    metadata: {name: p, namespace: shop}
    spec: {action: DENY, selector: {matchLabels: {app: front}}, rules: [{to: [{operation: {hosts: [a.example]}}]}]}
    """
    (finding,) = (d for d in mesh(gateway % "PASSTHROUGH", policy).analyze() if d.code == "MC0801")
    assert "port 443 of Gateway shop/front" in finding.message
    assert "connection.sni" in finding.suggestion
    ended = mesh(gateway % "SIMPLE, credentialName: front", policy).analyze()
    assert "MC0801" not in [d.code for d in ended]


def test_providers() -> None:
    """A provider that the mesh config lacks is found at its name, without compiling a proxy."""
    custom = """
    apiVersion: security.istio.io/v1
    kind: AuthorizationPolicy
    metadata: {name: p, namespace: shop}
    spec: {action: CUSTOM, provider: {name: opa}, rules: [{}]}
    """
    telemetry = """
    apiVersion: telemetry.istio.io/v1
    kind: Telemetry
    metadata: {name: t, namespace: shop}
    spec: {tracing: [{providers: [{name: zip}]}]}
    """
    found = {d.code: d.field for d in mesh(custom, telemetry).analyze()}
    asking = {d.code for d in mesh(custom, telemetry).analyze() if "--mesh-config" in d.suggestion}
    assert asking == {"MC0802", "MC0901"}
    assert found["MC0802"] == "spec.provider"
    assert found["MC0901"] == "spec.tracing[0].providers[0].name"
    opa = {"name": "opa", "envoyExtAuthzGrpc": {"service": "web.shop.svc.cluster.local", "port": 80}}
    zipkin = {"name": "zip", "zipkin": {"service": "web.shop.svc.cluster.local", "port": 80}}
    known = mesh(SHOP, custom, telemetry, extensionProviders=[opa, zipkin]).analyze()
    assert {"MC0802", "MC0901"}.isdisjoint(d.code for d in known)
