"""What a change of a mesh does to requests that waypoints forward."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import meshcompile
from meshcompile import MeshDiff, Relation, Risk
from meshcompile.compare.report import text

INPUT = (Path(__file__).parents[1] / "golden" / "waypoint-policy" / "input.yaml").read_text()
WORKLOAD = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: %s, namespace: shop}
spec:
  selector: {matchLabels: {app: %s}}
  template:
    metadata: {labels: {app: %s, sidecar.istio.io/inject: "false"}}
    spec:
      serviceAccountName: %s
      containers: [{name: app, image: app, ports: [{containerPort: 8080}]}]
"""
MESH = "---\n".join([INPUT, *(WORKLOAD % ((name,) * 4) for name in ("web", "catalog", "reviews"))])
ROUTE = """
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: catalog, namespace: shop}
spec:
  parentRefs: [{group: "", kind: Service, name: catalog}]
  rules: [{matches: [{path: {type: PathPrefix, value: /old}}], backendRefs: [{name: reviews, port: 80}]}]
"""


def difference(before: str, after: str) -> MeshDiff:
    return meshcompile.diff(meshcompile.load(before, ambient=True), meshcompile.load(after, ambient=True))


def test_a_policy_of_a_waypoint() -> None:
    """A policy of one service at a waypoint is compared, and shown by a request of a client that it allows."""
    diff = difference(MESH, MESH.replace("methods: [GET]", "methods: [GET, PUT]"))
    (change,), (policies,) = diff.changes, diff.policies
    assert (change.before["status"], change.after["status"]) == (403, 200)
    assert change.witness == {
        "principal": "spiffe://cluster.local/ns/shop/sa/web",
        "method": "PUT",
        "url": "http://catalog.shop.svc.cluster.local/",
    }
    assert (policies.comparison.relation, diff.risky) == (Relation.WIDER, (Risk.AUTHORIZATION_WIDENED,))
    assert "\nrequests to catalog.shop.svc.cluster.local through the waypoint on port 80\n" in text(diff)


def test_the_other_services_of_a_waypoint_stay_as_they_are() -> None:
    """Two ways to write a policy of a waypoint are proved to admit the same."""
    other = dedent("""
          rules:
            - from: [{source: {principals: [cluster.local/ns/shop/sa/web]}}]
              to: [{operation: {methods: [GET]}}, {operation: {methods: [GET], paths: [/a]}}]
        """).strip()
    before = MESH.index("  rules:")
    after = MESH.index("---", before)
    diff = difference(MESH, f"{MESH[:before]}  {other.replace(chr(10), chr(10) + '  ')}\n{MESH[after:]}")
    assert [each.comparison.relation for each in diff.policies] == [Relation.EQUIVALENT]
    assert (diff.behaviour, diff.proved) == ("none", True)


def at_ztunnel(account: str) -> str:
    """A policy of the reviews that ztunnel enforces."""
    return f"""
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {{name: callers, namespace: shop}}
spec:
  selector: {{matchLabels: {{app: reviews}}}}
  rules: [{{from: [{{source: {{principals: [cluster.local/ns/shop/sa/{account}]}}}}]}}]
"""


STRICT = """
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: shop}
spec: {mtls: {mode: STRICT}}
"""


def test_policies_that_ztunnel_enforces() -> None:
    """Connections that ztunnel now takes or refuses are changes, although no proxy gets anything new."""
    diff = difference(MESH + at_ztunnel("web"), MESH + at_ztunnel("catalog"))
    assert not diff.is_empty
    assert {(each.witness["principal"], each.before["status"], each.after["status"]) for each in diff.changes} == {
        ("spiffe://cluster.local/ns/shop/sa/web", 200, None),
        ("spiffe://cluster.local/ns/shop/sa/catalog", None, 200),
    }
    assert (diff.risky, diff.changes[0].proxies) == ((Risk.AUTHORIZATION_WIDENED,), ("deployment/reviews.shop",))


def test_strict_mutual_tls_at_ztunnel() -> None:
    """That ztunnel refuses plain text is a change of all workloads, and the way back is risky."""
    (change,) = difference(MESH, MESH + STRICT).changes
    assert (change.witness["tls"], change.before["status"], change.after["status"]) == (False, 200, None)
    assert change.proxies == ("deployment/catalog.shop", "deployment/reviews.shop", "deployment/web.shop")
    assert difference(MESH + STRICT, MESH).risky == (Risk.MTLS_WEAKENED,)


def test_a_policy_of_ztunnel_that_says_the_same() -> None:
    """Where ztunnel's policies differ, and no connection shows how, nothing is claimed."""
    twice = at_ztunnel("web").replace(
        "]}}]}]", "]}}]}, {from: [{source: {principals: [cluster.local/ns/shop/sa/web]}}]}]"
    )
    diff = difference(MESH + at_ztunnel("web"), MESH + twice)
    assert (diff.behaviour, diff.proved, len(diff.undecided)) == ("unknown", False, 1)


def test_a_route_of_a_waypoint() -> None:
    """A route at a waypoint is shown by a request to its service."""
    change = next(each for each in difference(MESH, MESH + ROUTE).changes if each.witness["url"].endswith("/old"))
    assert (change.before["answered_by"], change.after["answered_by"]) == ("catalog.shop", "reviews.shop")
    assert change.hosts == ("catalog.shop.svc.cluster.local",)
