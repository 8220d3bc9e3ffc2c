"""Where `istioctl analyze` is wrong, and `meshcompile analyze` differs: docs/deviations.md has a row for each."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import meshcompile
from meshcompile.diagnostics import Severity
from tests.meshes import SHOP, mesh

POD = """
apiVersion: v1
kind: Pod
metadata: {name: %s, namespace: shop, labels: %s}
spec: {containers: [{name: app, image: app}]}
status: {phase: Running, podIP: %s}
---
"""
SLICE = """
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: %s-1, namespace: shop, labels: {kubernetes.io/service-name: %s}}
addressType: IPv4
ports: [{name: http, port: 80}]
endpoints: [{addresses: [%s], targetRef: {kind: Pod, name: %s, namespace: shop}}]
---
"""
RULE = """
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: r, namespace: shop}
spec: %s
---
"""
ROUTE = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: %s, namespace: shop}
spec: %s
---
"""
DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web, version: v1}}, spec: {containers: [{name: web, image: web}]}}
---
"""
GATEWAY = """
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: front, namespace: edge}
spec:
  selector: {istio: ingressgateway}
  servers: [{port: {number: %d, name: http, protocol: HTTP}, hosts: ["*"]}]
---
"""
INGRESS = """
apiVersion: v1
kind: Pod
metadata: {name: in, namespace: istio-system, labels: {istio: ingressgateway}}
spec: {containers: [{name: istio-proxy, image: proxy}]}
status: {phase: Running, podIP: 10.1.9.9}
---
apiVersion: v1
kind: Service
metadata: {name: istio-ingressgateway, namespace: istio-system}
spec:
  clusterIP: 10.0.9.9
  selector: {istio: ingressgateway}
  ports: [{name: https, port: 443, targetPort: 8443, protocol: TCP}]
---
"""
SIDECAR = """
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: s, namespace: shop}
spec: {workloadSelector: {labels: {app: web}}, egress: [{hosts: ["./*"]}]}
---
"""
POLICY = """
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: p, namespace: shop}
spec: {rules: [{from: [%s]}]}
---
"""
PARTNER = RULE % '{host: "*.example", subsets: [{name: v1, labels: {version: v1}}]}'


def codes(*texts: str) -> list[str]:
    """istioctl's codes of errors and warnings. An info may say that istioctl reports something."""
    found = mesh(SHOP, *texts).analyze()
    return [each.code for each in found if each.code.startswith("IST") and each.severity > Severity.INFO]


@pytest.mark.parametrize(
    ("code", "right", "wrong"),
    [
        ("IST0174", (RULE % '{host: "*.shop.svc.cluster.local"}',), (RULE % '{host: "*.nobody.example"}',)),
        (
            "IST0101",
            (PARTNER, ROUTE % ("v", "{hosts: [a.example], http: [{route: [{destination: {host: web, subset: v1, "
             "port: {number: 80}}}]}]}"), RULE % '{host: "*.shop.svc.cluster.local", subsets: [{name: v1}]}'),
            (ROUTE % ("v", "{hosts: [a.example], http: [{route: [{destination: {host: web, subset: v1, "
             "port: {number: 80}}}]}]}"),),
        ),
        (
            "IST0101",
            (GATEWAY % 80, ROUTE % ("v", "{hosts: [a.example], gateways: [front.edge.svc.cluster.local], "
             "http: [{redirect: {uri: /}}]}")),
            (GATEWAY % 80, ROUTE % ("v", "{hosts: [a.example], gateways: [back.edge.svc.cluster.local], "
             "http: [{redirect: {uri: /}}]}")),
        ),
        (
            "IST0101",
            (POLICY % "{source: {namespaces: [shop]}}",),
            (POLICY % "{source: {namespaces: [shopp]}}",),
        ),
        (
            "IST0109",
            (ROUTE % ("a", '{hosts: ["*.example"], http: [{redirect: {uri: /}}]}'),
             ROUTE % ("b", '{hosts: [b.example], exportTo: ["."], http: [{redirect: {uri: /}}]}')),
            (ROUTE % ("a", "{hosts: [b.example], http: [{redirect: {uri: /}}]}"),
             ROUTE % ("b", '{hosts: [b.example], exportTo: ["."], http: [{redirect: {uri: /}}]}')),
        ),
        ("IST0162", (INGRESS, GATEWAY % 8443), (INGRESS, GATEWAY % 31400)),
        ("IST0101", (DEPLOYMENT, SIDECAR), (SIDECAR,)),
    ],
)  # fmt: skip
def test_right_where_istioctl_is_wrong(code: str, right: tuple[str, ...], wrong: tuple[str, ...]) -> None:
    """What istiod can use has no finding, and what it cannot use has one."""
    assert code not in codes(*right)
    assert code in codes(*wrong)


def test_subset_with_labels_of_other_pods() -> None:
    """A subset needs an endpoint of its own service: Pods of another one with the same labels do not serve it."""
    texts = (
        POD % ("web-0", "{app: web, version: v1}", "10.1.0.1"),
        POD % ("catalog-0", "{app: catalog, version: v2}", "10.1.0.2"),
        SLICE % ("web", "web", "10.1.0.1", "web-0"),
        SLICE % ("catalog", "catalog", "10.1.0.2", "catalog-0"),
    )
    rule = RULE % "{host: web, subsets: [{name: s, labels: {version: %s}}]}"
    assert "IST0173" in codes(*texts, rule % "v2")
    assert "IST0173" not in codes(*texts, rule % "v1")


ENTRY = """
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: %s, namespace: egress}
spec: %s
---
"""


@pytest.mark.parametrize(
    ("entry", "label", "found"),
    [
        ("{hosts: [a.example], resolution: NONE, ports: [{number: 80, name: http, protocol: HTTP}]}", "a", False),
        ("{hosts: [a.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}], "
         "endpoints: [{address: a.eu.example, labels: {version: a}}]}", "a", False),
        ("{hosts: [a.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}], "
         "endpoints: [{address: a.eu.example, labels: {version: a}}]}", "b", True),
        ("{hosts: [a.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}", "a", True),
    ],
)  # fmt: skip
def test_subset_of_a_service_entry(entry: str, label: str, found: bool) -> None:
    """A subset of a ServiceEntry selects its endpoints; without resolution, there is nothing to select."""
    rule = RULE % "{host: a.example, subsets: [{name: s, labels: {version: %s}}]}" % label
    assert ("IST0173" in codes(ENTRY % ("a", entry), rule)) == found


def test_host_that_is_exported_to_the_virtual_service() -> None:
    """A host that the namespace of a VirtualService sees exists, wherever the VirtualService is exported to."""
    entry = "{hosts: [a.example], resolution: DNS, exportTo: [%s], ports: [{number: 80, name: http, protocol: HTTP}]}"
    route = ROUTE % ("v", '{hosts: [a.example], exportTo: ["*"], http: [{route: [{destination: {host: a.example}}]}]}')
    assert "IST0101" not in codes(ENTRY % ("a", entry % "shop"), route)
    assert "IST0101" in codes(ENTRY % ("a", entry % "edge"), route)


def test_tokens_at_the_ingress_gateway_of_the_input() -> None:
    """Claims that no RequestAuthentication reads are reported for the Pods of the input, and for no other."""
    route = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: v, namespace: edge}
spec:
  hosts: [a.example]
  gateways: [front]
  http: [{match: [{headers: {"@request.auth.claims.role": {exact: a}}}], redirect: {uri: /}}]
"""
    assert codes(INGRESS, GATEWAY % 8443, route).count("IST0149") == 1


def test_empty_parts_of_policies() -> None:
    """An empty `from` of an AuthorizationPolicy is reported like any other mistake."""
    assert "IST0106" in codes(POLICY % "{}")


def test_documents_that_istioctl_misreads() -> None:
    """A separator with a comment behind it separates, and YAML in braces is YAML."""
    text = "{apiVersion: telemetry.istio.io/v1, kind: Telemetry, metadata: {name: t}, spec: {accessLogging: [{}]}}\n"
    found = mesh(f"{text}--- # another one\n{text.replace('name: t', 'name: u')}").analyze()
    assert sorted(each.name for each in found if each.code == "IST0157") == ["t", "u"]
    assert all(each.severity is not Severity.ERROR for each in found if each.code == "IST0157")


def test_hosts_beside_a_wildcard_for_all_namespaces() -> None:
    """The hosts of a server are validated whether or not a VirtualService names the Gateway."""
    servers = (
        '{selector: {a: b}, servers: [{port: {number: 80, name: h, protocol: HTTP}, hosts: [a_b.example, "*/*"]}]}'
    )
    gateway = RULE.replace("DestinationRule", "Gateway") % servers
    route = ROUTE % ("v", "{hosts: [a.example], gateways: [r], http: [{directResponse: {status: 200}}]}")
    assert "IST0106" in codes(gateway)
    assert "IST0106" in codes(gateway, route)


def test_hosts_of_generated_routes() -> None:
    """A host that istiod accepts because of an annotation is valid, and is not without it."""
    route = ROUTE % ("v", '{hosts: [web], http: [{route: [{destination: {host: "a~b"}}]}]}')
    annotated = route.replace(
        "namespace: shop", "namespace: shop, annotations: {internal.istio.io/route-semantics: gateway}"
    )
    assert "IST0106" not in codes(annotated)
    assert "IST0106" in codes(route)


def test_mesh_config_of_the_input() -> None:
    """The mesh config in the ConfigMap `istio` defines providers."""
    config = """
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data:
  mesh: "extensionProviders: [{name: ls, lightstep: {service: ls.example, port: 80, accessToken: t}}]"
---
"""
    telemetry = RULE.replace("DestinationRule", "Telemetry").replace("networking", "telemetry")
    telemetry = telemetry % "{tracing: [{providers: [{name: ls}]}]}"
    assert "IST0002" in codes(config, telemetry)
    assert "IST0002" not in codes(telemetry)


LIST = """
apiVersion: v1
kind: List
items:
- apiVersion: networking.istio.io/v1
  kind: VirtualService
  metadata: {name: v, namespace: shop}
  spec:
    hosts: [web]
    http:
    - route:
      - destination:
          host: lost
"""


def test_lines_in_a_list() -> None:
    """The line of a finding about an item of a List is that of the mistake."""
    found = [each.line for each in meshcompile.load(LIST).analyze() if each.code == "IST0101"]
    assert found == [LIST.splitlines().index("          host: lost") + 1]


TESTS = Path(__file__).resolve().parent
PAGE = TESTS.parents[1] / "docs" / "deviations.md"
HERE, ASSUMED = "test_istioctl_deviations", "test_analyze_assumptions"
BOTH_WAYS = (HERE, "test_right_where_istioctl_is_wrong")
WITNESSES = {
    "IST0130, IST0131": [("test_unreachable_findings", "test_rough_rules_of_validate")],
    "IST0174": [BOTH_WAYS],
    "IST0173": [(HERE, "test_subset_with_labels_of_other_pods"), (HERE, "test_subset_of_a_service_entry")],
    "IST0101 (`exportTo`)": [(HERE, "test_host_that_is_exported_to_the_virtual_service")],
    "IST0101 (subsets)": [BOTH_WAYS, (ASSUMED, "test_a_subset_of_an_unknown_host")],
    "IST0101, IST0132 (Gateways)": [BOTH_WAYS, (ASSUMED, "test_names_of_gateways_that_istioctl_does_not_know")],
    "IST0101 (namespaces)": [BOTH_WAYS],
    "IST0109": [BOTH_WAYS, (ASSUMED, "test_a_wildcard_over_a_host_with_few_clients")],
    "IST0162, IST0101 (ports), IST0149": [BOTH_WAYS, (HERE, "test_tokens_at_the_ingress_gateway_of_the_input")],
    "IST0127, IST0101, IST0173 (Pods)": [BOTH_WAYS, (ASSUMED, "test_assumed_pods")],
    "IST0103, IST0147": [(ASSUMED, "test_a_pod_that_is_yet_to_be_created")],
    "IST0103, IST0127 (gateways)": [(ASSUMED, "test_pods_that_a_gateway_selects")],
    "IST0146": [(ASSUMED, "test_assumed_webhooks")],
    "IST0106 (hosts of Gateways)": [(HERE, "test_hosts_beside_a_wildcard_for_all_namespaces")],
    "IST0106 (annotations)": [(HERE, "test_hosts_of_generated_routes")],
    "IST0002, IST0133 and others (mesh config)": [(HERE, "test_mesh_config_of_the_input")],
    "IST0153, IST0154": [("test_analyze_references", "test_operations_on_routes")],
    "all (namespaces)": [(HERE, "test_objects_without_a_namespace")],
    "all (lines)": [(HERE, "test_lines_in_a_list")],
    "all (documents)": [(HERE, "test_documents_that_istioctl_misreads")],
    "all (empty parts)": [(HERE, "test_empty_parts_of_policies")],
}
"""The tests that show a difference, by the first column of its row."""


def test_every_row_has_a_witness() -> None:
    """The table names each difference, and each has a test that shows it."""
    table = PAGE.read_text().partition("## Where istioctl is wrong")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| ((?:IST|all).*?) \|", table, re.MULTILINE)
    assert set(rows) == WITNESSES.keys()
    for module, name in (witness for witnesses in WITNESSES.values() for witness in witnesses):
        assert f"def {name}(" in (TESTS / f"{module}.py").read_text()


def test_objects_without_a_namespace() -> None:
    """An object without a namespace belongs to `default`, so it can be exported to its own."""
    rule = RULE.replace(", namespace: shop", "") % '{host: web.shop.svc.cluster.local, exportTo: ["."]}'
    assert "IST0106" not in codes(rule)
    assert "IST0106" in codes(rule.replace('["."]', '["..."]'))
