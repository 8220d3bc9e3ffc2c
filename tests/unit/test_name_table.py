"""The names that the agents of proxies answer, as istiod tells them."""

from __future__ import annotations

import meshcompile
from meshcompile.resolve.name_table import NamedHost, name_table
from meshcompile.snapshot.service import Registry

SERVICES = """\
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {clusterIP: 10.96.0.1, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: db, namespace: shop}
spec: {clusterIP: None, ports: [{name: tcp, port: 5432}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: db-1, namespace: shop, labels: {kubernetes.io/service-name: db}}
addressType: IPv4
ports: [{name: tcp, port: 5432}]
endpoints:
- {addresses: [10.1.0.1], conditions: {ready: true}, targetRef: {kind: Pod, name: db-0, namespace: shop}}
- {addresses: [10.1.0.2], conditions: {ready: true}, targetRef: {kind: Pod, name: db-1, namespace: shop}}
- {addresses: [10.1.0.3], conditions: {ready: false}, targetRef: {kind: Pod, name: db-2, namespace: shop}}
"""
PODS = "".join(
    f"""---
apiVersion: v1
kind: Pod
metadata: {{name: db-{number}, namespace: shop}}
spec: {{{more}containers: [{{name: db}}]}}
status: {{phase: Running, podIP: 10.1.0.{number + 1}}}
"""
    for number, more in enumerate(("subdomain: db, ", "hostname: second, subdomain: db, ", "subdomain: db, "))
)
ENTRIES = """\
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: vips, namespace: shop}
spec:
  hosts: [vips.example]
  addresses: [192.0.2.1, 192.0.2.2, 198.51.100.0/24]
  ports: [{number: 80, name: http, protocol: HTTP}]
  resolution: NONE
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: allocated, namespace: shop}
spec:
  hosts: [allocated.example]
  ports: [{number: 80, name: http, protocol: HTTP}]
  resolution: DNS
status: {addresses: [{value: 240.240.0.7, host: allocated.example}]}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: web, namespace: shop}
spec:
  hosts: [web.shop.svc.cluster.local]
  addresses: [192.0.2.9]
  ports: [{number: 80, name: http, protocol: HTTP}]
  resolution: STATIC
"""
SIDECAR = """\
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: default, namespace: shop}
spec: {egress: [{hosts: [./web.shop.svc.cluster.local]}]}
"""


def table(text: str, **metadata: str) -> dict[str, NamedHost]:
    """The table of a proxy in the namespace, which answers DNS itself."""
    node = {
        "id": "sidecar~10.1.0.9~app-0.shop~shop.svc.cluster.local",
        "metadata": {"NAMESPACE": "shop", "CLUSTER_ID": "Kubernetes", "DNS_CAPTURE": "true", **metadata},
    }
    mesh = meshcompile.load(text)
    return dict(name_table(mesh.snapshot, meshcompile.Proxy.from_node(node)).hosts)


def of_pod(address: str, name: str) -> NamedHost:
    return NamedHost((address,), Registry.KUBERNETES, name, "shop")


def test_services_have_their_addresses() -> None:
    """A Service has its address, and the name and namespace from which the agent makes short names."""
    assert table(SERVICES)["web.shop.svc.cluster.local"] == of_pod("10.96.0.1", "web")


def test_headless_services_have_those_of_their_endpoints() -> None:
    """A headless Service stands for its ready endpoints, and each Pod with a subdomain has a name of its own."""
    found = table(SERVICES + PODS)
    assert found["db.shop.svc.cluster.local"] == NamedHost(("10.1.0.1", "10.1.0.2"), Registry.KUBERNETES, "db", "shop")
    assert found["db-0.db.shop.svc.cluster.local"] == of_pod("10.1.0.1", "db-0.db")
    assert found["second.db.shop.svc.cluster.local"] == of_pod("10.1.0.2", "second.db")
    assert "db-2.db.shop.svc.cluster.local" not in found


def test_publishing_what_is_not_ready() -> None:
    """`publishNotReadyAddresses` lets a name stand for all endpoints."""
    found = table((SERVICES + PODS).replace("clusterIP: None,", "clusterIP: None, publishNotReadyAddresses: true,"))
    assert found["db.shop.svc.cluster.local"].addresses == ("10.1.0.1", "10.1.0.2", "10.1.0.3")
    assert "db-2.db.shop.svc.cluster.local" in found


def test_service_entries() -> None:
    """ServiceEntries have the addresses that they list, ranges left out, or that istiod allocates."""
    found = table(SERVICES + ENTRIES)
    assert found["vips.example"] == NamedHost(("192.0.2.1", "192.0.2.2"), Registry.EXTERNAL)
    assert found["allocated.example"] == NamedHost(("240.240.0.7",), Registry.EXTERNAL)
    assert found["web.shop.svc.cluster.local"] == of_pod("10.96.0.1", "web")


def test_endpoints_of_other_networks_have_no_names() -> None:
    """A proxy gets only the addresses of its own network for a headless Service."""
    label = "labels: {topology.istio.io/network: far}"
    pods = PODS.replace("name: db-0, namespace: shop}", f"name: db-0, namespace: shop, {label}}}")
    found = table(SERVICES + pods, NETWORK="near")
    assert found["db.shop.svc.cluster.local"].addresses == ("10.1.0.2",)
    assert "db-0.db.shop.svc.cluster.local" not in found


def test_only_what_a_sidecar_imports_has_a_name() -> None:
    """A Sidecar that imports one host leaves one name."""
    assert list(table(SERVICES + PODS + ENTRIES + SIDECAR)) == ["web.shop.svc.cluster.local"]
