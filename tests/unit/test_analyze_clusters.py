"""Checks across resources about services, DestinationRules and endpoints."""

from __future__ import annotations

from meshcompile.diagnostics import Diagnostic
from tests.meshes import SHOP, mesh
from tests.unit.test_destination_rules import HOST, SERVICE, rule
from tests.unit.test_endpoints import pod, slice_of

ROUTE = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: api, namespace: shop}
spec: {hosts: [api], http: [{route: [{destination: {host: api, subset: v1}}]}]}
"""


def findings(*texts: str) -> list[Diagnostic]:
    return [finding for finding in mesh(SERVICE, *texts).analyze() if finding.slug not in ("nothing-allowed",)]


def slugs(*texts: str) -> list[str]:
    return [finding.slug for finding in findings(*texts)]


def test_rule_for_no_host() -> None:
    """A rule for a host without a service has no effect."""
    (finding,) = findings(rule("r", host="nobody"))
    assert (finding.code, finding.field, finding.at_cause().field) == ("IST0174", "", "spec.host")


def test_subset_without_endpoints() -> None:
    """Requests to a subset whose labels no endpoint has fail."""
    texts = (pod(1), slice_of(1), ROUTE)
    assert slugs(*texts, rule("r", subsets="v1")) == []
    assert slugs(*texts, rule("r", subsets="v1 v9")) == ["subset-without-pods", "unused-subset"]


def test_subset_of_another_cluster() -> None:
    """For input of one cluster, subsets of another cluster or network are not reported."""
    for label in ("topology.istio.io/cluster", "topology.istio.io/network"):
        west = f"""
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata: {{name: r, namespace: shop}}
        spec: {{host: api, subsets: [{{name: west, labels: {{{label}: west}}}}]}}
        """
        assert slugs(pod(1), slice_of(1), west) == ["unused-subset"]


def test_unused_subset() -> None:
    """A subset that no VirtualService routes to is unused."""
    (finding,) = findings(pod(1), slice_of(1), rule("r", subsets="v1"))
    assert (finding.slug, finding.field) == ("unused-subset", "spec.subsets[0]")


def test_conflicting_rules_name_both_places() -> None:
    """A setting that an older rule overrides is reported with both positions."""
    old = rule("old", subsets="v1", created="2023-01-01T00:00:00Z")
    found = findings(pod(1), slice_of(1), ROUTE, old, rule("new", subsets="v1"))
    assert [f.slug for f in found] == ["shadowed-traffic-policy", "duplicate-subset"]
    assert {f.name for f in found} == {"new"}
    assert {each.origin.document.name for f in found for each in f.related} == {"old"}


def test_settings_of_unknown_ports() -> None:
    """Settings for a port that the service does not have have no effect."""
    policy = "{portLevelSettings: [{port: {number: 99}, loadBalancer: {simple: RANDOM}}]}"
    assert slugs(rule("r", policy=policy)) == ["port-settings-unknown-port"]


def test_service_entry_for_a_service() -> None:
    """A Kubernetes Service takes precedence over a ServiceEntry with the same host, and both are named."""
    entry = f"""
    apiVersion: networking.istio.io/v1
    kind: ServiceEntry
    metadata: {{name: e, namespace: shop}}
    spec: {{hosts: [{HOST}], resolution: STATIC, ports: [{{number: 80, name: http, protocol: HTTP}}]}}
    """
    (finding,) = findings(entry)
    assert finding.slug == "service-entry-for-service"
    assert [each.origin.document.kind for each in finding.related] == ["Service"]


def test_endpoint_without_pod() -> None:
    """An endpoint with a missing Pod is reported."""
    assert slugs(slice_of(7)) == ["endpoint-without-pod"]


def test_failover_of_a_subset() -> None:
    """A subset inherits the outlier detection of its rule; without any, its failover has no effect."""
    rule = """
    apiVersion: networking.istio.io/v1
    kind: DestinationRule
    metadata: {name: r, namespace: shop}
    spec:
      host: web
      %s
      subsets:
        - name: s
          labels: {app: web}
          trafficPolicy: {loadBalancer: {localityLbSetting: {failoverPriority: [version]}}}
    """
    (found,) = (d for d in mesh(SHOP, rule % "").analyze() if d.code == "MC0271")
    assert found.field == "spec.subsets[0].trafficPolicy.loadBalancer"
    inherited = mesh(SHOP, rule % "trafficPolicy: {outlierDetection: {}}").analyze()
    assert "MC0271" not in [d.code for d in inherited]


TO_PORT_443 = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pay, namespace: shop}
spec: {hosts: [pay.example], http: [{route: [{destination: {host: pay.example, port: {number: 443}}}]}]}
"""
PAY = """
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: pay, namespace: shop}
spec:
  hosts: [pay.example]
  resolution: DNS
  ports: [{number: 80, name: http, protocol: HTTP}, {number: 443, name: https, protocol: HTTPS}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pay, namespace: shop}
spec: {host: pay.example, trafficPolicy: {tls: {mode: SIMPLE}}}
"""


def test_tls_of_the_proxy_for_requests_that_are_forwarded() -> None:
    """A port that HTTP rules forward to gets plain requests, and one that they lead away from gets none."""
    both = {d.code: d.severity for d in mesh(PAY).analyze() if d.code.startswith("MC061")}
    assert both == {"MC0611": "warning", "MC0612": "warning"}
    forwarded = {d.code: d.severity for d in mesh(PAY, TO_PORT_443).analyze() if d.code.startswith("MC061")}
    assert forwarded == {"MC0611": "info"}


EGRESS = """
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: exit, namespace: istio-system}
spec:
  selector: {istio: egressgateway}
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]
---
apiVersion: v1
kind: Pod
metadata: {name: exit-0, namespace: istio-system, labels: {istio: egressgateway}}
spec: {containers: [{name: istio-proxy}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: web, namespace: edge}
spec: {host: web.shop.svc.cluster.local, subsets: [{name: s, labels: {app: web}}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: edge}
spec:
  hosts: [web.shop.svc.cluster.local]
  gateways: [mesh, istio-system/exit]
  http:
    - match: [{gateways: [%s]}]
      route: [{destination: {host: web.shop.svc.cluster.local, subset: s}}]
"""


def test_subset_that_only_some_clients_use() -> None:
    """A subset is looked for where the clients of the rule are, which its matches may limit."""
    (found,) = (d for d in mesh(SHOP, EGRESS % "istio-system/exit").analyze() if d.code == "MC0610")
    assert (found.field, "namespace istio-system" in found.message) == (
        "spec.http[0].route[0].destination.subset", True,
    )  # fmt: skip
    assert "MC0610" not in [d.code for d in mesh(SHOP, EGRESS % "mesh").analyze()]
