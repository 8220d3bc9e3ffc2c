"""Requests in an ambient mesh: through ztunnels and waypoints."""

from __future__ import annotations

from textwrap import dedent

import pytest

import meshcompile
from meshcompile import Request, Trace

MESH = """
apiVersion: v1
kind: Namespace
metadata: {{name: shop, labels: {{istio.io/dataplane-mode: ambient{label}}}}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: waypoint, namespace: shop}}
spec:
  gatewayClassName: istio-waypoint
  listeners: [{{name: mesh, port: 15008, protocol: HBONE}}]
---
apiVersion: v1
kind: Service
metadata: {{name: catalog, namespace: shop}}
spec:
  clusterIP: 10.96.0.12
  selector: {{app: catalog}}
  ports: [{{name: http, port: 80, targetPort: 8080}}]
"""
WORKLOAD = """
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}, sidecar.istio.io/inject: "false"}}}}
    spec: {{serviceAccountName: {name}, containers: [{{name: {name}, image: app}}]}}
"""
WAYPOINT = ", istio.io/use-waypoint: waypoint"
WORKLOADS = "".join(
    WORKLOAD.format(name=n, namespace=s) for n, s in (("web", "shop"), ("catalog", "shop"), ("job", "out"))
)
USES_WAYPOINT = '{name: catalog, namespace: shop, labels: {istio.io/ingress-use-waypoint: "true"}}'


def explained(
    extra: str = "", label: str = WAYPOINT, sender: str = "deployment/web.shop", method: str = "GET"
) -> Trace:
    """The trace of a request to the catalog."""
    text = MESH.format(label=label) + WORKLOADS + (f"---\n{dedent(extra)}" if extra else "")
    return meshcompile.load(text, ambient=True).explain(
        Request(url="http://catalog.shop/", sender=sender, method=method)
    )


def policy(rule: str, action: str = "ALLOW", to: str = "selector: {matchLabels: {app: catalog}}") -> str:
    return f"""
        apiVersion: security.istio.io/v1
        kind: AuthorizationPolicy
        metadata: {{name: own, namespace: shop}}
        spec: {{action: {action}, {to}, rules: [{rule}]}}
        """


def hops(trace: Trace) -> list[tuple[str, str]]:
    return [(hop.proxy, hop.direction) for hop in trace.hops]


def test_a_request_passes_the_waypoint() -> None:
    """A request goes from the sender's ztunnel to the waypoint, and on to the ztunnel of the workload."""
    trace = explained()
    assert (trace.outcome.status, trace.outcome.answered_by) == (200, "catalog.shop")
    assert hops(trace) == [
        ("ztunnel of web.shop", "ztunnel"),
        ("deployment/waypoint.shop", "waypoint"),
        ("ztunnel of catalog.shop", "ztunnel"),
    ]


def test_the_waypoint_knows_the_identity_of_the_sender() -> None:
    """A policy of the Service compares the identity at the other end of the tunnel."""
    to = 'targetRefs: [{group: "", kind: Service, name: catalog}]'
    allowed = policy('{from: [{source: {principals: ["cluster.local/ns/shop/sa/web"]}}]}', to=to)
    other = policy('{from: [{source: {principals: ["cluster.local/ns/shop/sa/other"]}}]}', to=to)
    assert explained(allowed).outcome.status == 200
    refused = explained(other)
    assert refused.outcome.status == 403
    assert "policy shop/own does not match" in refused.outcome.say


def test_ztunnel_sees_the_identity_of_the_waypoint() -> None:
    """A policy of the workload that allows only the sender refuses its requests, which come from the waypoint."""
    trace = explained(policy('{from: [{source: {principals: ["cluster.local/ns/shop/sa/web"]}}]}'))
    assert (trace.outcome.status, trace.outcome.flags) == (503, "UC")
    assert trace.blame[0].why == "policy shop/own does not allow cluster.local/ns/shop/sa/waypoint"


@pytest.mark.parametrize(
    ("rule", "action", "status"),
    [
        ('{from: [{source: {principals: ["cluster.local/ns/shop/sa/web"]}}]}', "ALLOW", 200),
        ("{from: [{source: {namespaces: [other]}}]}", "ALLOW", None),
        ('{to: [{operation: {ports: ["8080"]}}]}', "ALLOW", 200),
        ('{to: [{operation: {ports: ["80"]}}]}', "ALLOW", None),
        ("{to: [{operation: {methods: [GET]}}]}", "ALLOW", None),
        ("{to: [{operation: {methods: [DELETE]}}]}", "DENY", 200),
        ('{to: [{operation: {methods: [DELETE], ports: ["8080"]}}]}', "DENY", None),
        ('{when: [{key: source.ip, values: ["192.0.2.0/24"]}]}', "DENY", 200),
        ('{when: [{key: destination.ip, values: ["192.0.2.0/24"]}]}', "ALLOW", None),
        ("{from: [{source: {serviceAccounts: [web]}}]}", "ALLOW", 200),
        ("{from: [{source: {serviceAccounts: [other/web]}}]}", "ALLOW", None),
        ("{from: [{source: {notRemoteIpBlocks: [192.0.2.1]}}]}", "ALLOW", None),
    ],
)
def test_ztunnel_decides_without_a_waypoint(rule: str, action: str, status: int | None) -> None:
    """ztunnel compares identities, addresses and ports; what is only about HTTP neither allows nor denies."""
    assert explained(policy(rule, action), label="").outcome.status == status


def test_a_sender_outside_of_the_mesh_meets_strict() -> None:
    """Plain text to a workload that takes mutual TLS only is refused by its ztunnel, and the policy is to blame."""
    strict = """
        apiVersion: security.istio.io/v1
        kind: PeerAuthentication
        metadata: {name: default, namespace: shop}
        spec: {mtls: {mode: STRICT}}
        """
    trace = explained(strict, label="", sender="deployment/job.out")
    assert trace.outcome.status is None
    assert trace.blame[0].origin.document.kind == "PeerAuthentication"
    assert explained(strict, label="").outcome.status == 200


@pytest.mark.parametrize(
    ("mode", "field"),
    [("mtls: {mode: STRICT}", ""), ("portLevelMtls: {8080: {mode: STRICT}}", "spec.portLevelMtls")],
)
def test_the_place_that_demands_mutual_tls(mode: str, field: str) -> None:
    """The policy that sets the mode is to blame, or its port, and not a wider policy."""
    strict = f"""
        apiVersion: security.istio.io/v1
        kind: PeerAuthentication
        metadata: {{name: default, namespace: shop}}
        spec: {{mtls: {{mode: PERMISSIVE}}}}
        ---
        apiVersion: security.istio.io/v1
        kind: PeerAuthentication
        metadata: {{name: own, namespace: shop}}
        spec: {{selector: {{matchLabels: {{app: catalog}}}}, {mode}}}
        """
    (first, *_) = explained(strict, label="", sender="deployment/job.out").blame
    assert first.origin.document.name == "own"
    assert first.origin.field.startswith(field)


def test_a_gateway_sends_requests_to_the_waypoint() -> None:
    """A gateway passes the waypoint for a Service with `istio.io/ingress-use-waypoint`, and not for another one."""
    extra = """
apiVersion: v1
kind: Service
metadata: {name: orders, namespace: shop}
spec: {clusterIP: 10.96.0.14, selector: {app: catalog}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: ingress, namespace: istio-system}
spec:
  selector: {matchLabels: {istio: ingress}}
  template:
    metadata:
      labels: {istio: ingress, sidecar.istio.io/inject: "true"}
      annotations: {inject.istio.io/templates: gateway}
    spec: {containers: [{name: istio-proxy, image: auto}]}
---
apiVersion: v1
kind: Service
metadata: {name: ingress, namespace: istio-system}
spec: {selector: {istio: ingress}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: front, namespace: istio-system}
spec:
  selector: {istio: ingress}
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: front, namespace: shop}
spec:
  hosts: ["*"]
  gateways: [istio-system/front]
  http:
  - {match: [{uri: {prefix: /orders}}], route: [{destination: {host: orders}}]}
  - {route: [{destination: {host: catalog}}]}
"""
    text = MESH.format(label=WAYPOINT) + WORKLOADS
    labelled = text.replace("{name: catalog, namespace: shop}", USES_WAYPOINT, 1)
    mesh = meshcompile.load(f"{labelled}\n---\n{extra}", ambient=True)
    through = mesh.explain(Request(url="http://any.example/"))
    assert [hop.direction for hop in through.hops] == ["gateway", "waypoint", "ztunnel"]
    past = mesh.explain(Request(url="http://any.example/orders"))
    assert [hop.direction for hop in past.hops] == ["gateway", "ztunnel"]
    assert through.outcome.status == past.outcome.status == 200
