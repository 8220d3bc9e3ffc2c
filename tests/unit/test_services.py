"""Services of the mesh, from Kubernetes and ServiceEntries, and the ports that a workload serves."""

from __future__ import annotations

from dataclasses import replace

import pytest

from meshcompile.proxy import Proxy
from meshcompile.resolve.inbound.service_targets import service_targets
from meshcompile.resolve.scope.workload import placed
from meshcompile.snapshot.service import Resolution, Service, TrafficDistribution
from tests.meshes import mesh, sidecar

SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: api, namespace: shop}
spec: {clusterIP: 10.0.0.9, selector: {app: api}, ports: [{name: http, port: 80, targetPort: web}]}
"""
ENTRY = """
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: entry, namespace: shop}
spec:
  hosts: [a.example, b.example]
  resolution: STATIC
  ports: [{number: 80, name: http, protocol: HTTP}]
"""


def service(*texts: str, host: str = "api.shop.svc.cluster.local") -> Service:
    return next(s for s in mesh(*texts).snapshot.services.all if s.hostname == host)


def with_spec(text: str) -> str:
    return SERVICE.replace("spec: {", f"spec: {{{text}, ")


def test_kubernetes_service() -> None:
    """A Service has a hostname with its namespace, and its cluster IP as address."""
    found = service(SERVICE)
    assert (found.resolution, found.address) == (Resolution.CLIENT_SIDE_LB, "10.0.0.9")
    assert found.export_to == {"*"}


def test_headless_service() -> None:
    """Clients resolve a headless Service to its endpoints."""
    found = service(SERVICE.replace("10.0.0.9", "None"))
    assert (found.resolution, found.address) == (Resolution.PASSTHROUGH, "0.0.0.0")


def test_external_name_is_an_alias() -> None:
    """An ExternalName is an alias for another service, also through others. A cycle has no target."""
    alias = """
    apiVersion: v1
    kind: Service
    metadata: {{name: {name}, namespace: shop}}
    spec: {{type: ExternalName, externalName: {target}, ports: [{{port: 80}}]}}
    """
    one = alias.format(name="one", target="two.shop.svc.cluster.local")
    two = alias.format(name="two", target="api.shop.svc.cluster.local")
    circle = alias.format(name="circle", target="circle.shop.svc.cluster.local")
    found = service(SERVICE, one, two, circle)
    assert found.aliases == (("one.shop.svc.cluster.local", "shop"), ("two.shop.svc.cluster.local", "shop"))


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("trafficDistribution: PreferClose", TrafficDistribution.PREFER_SAME_ZONE),
        ("trafficDistribution: PreferSameNode", TrafficDistribution.PREFER_SAME_NODE),
        ("internalTrafficPolicy: Cluster", TrafficDistribution.ANY),
    ],
)
def test_traffic_distribution(spec: str, expected: TrafficDistribution) -> None:
    """The field of a Service determines its traffic distribution."""
    assert service(with_spec(spec)).traffic_distribution is expected


def test_traffic_distribution_of_the_namespace() -> None:
    """Without the field, the annotation of the namespace applies, in any case."""
    namespace = """
    apiVersion: v1
    kind: Namespace
    metadata: {name: shop, annotations: {networking.istio.io/traffic-distribution: preferclose}}
    """
    assert service(SERVICE, namespace).traffic_distribution is TrafficDistribution.PREFER_SAME_ZONE


def test_visibility() -> None:
    """A service is visible where it is exported, and `~` hides it everywhere."""
    exported = SERVICE.replace("namespace: shop}", 'namespace: shop, annotations: {networking.istio.io/exportTo: "."}}')
    index = mesh(exported).snapshot.services
    assert [s.name for s in index.visible_to("shop")] == ["api"]
    assert index.visible_to("other") == ()
    assert mesh(exported.replace('"."', '"~,*"')).snapshot.services.visible_to("other") != ()
    assert mesh(exported.replace('"."', '"~"')).snapshot.services.visible_to("shop") == ()


def test_default_visibility_of_the_mesh() -> None:
    """The mesh config sets the visibility of services that do not set it."""
    index = mesh(SERVICE, defaultServiceExportTo=["."]).snapshot.services
    assert (len(index.visible_to("shop")), len(index.visible_to("other"))) == (1, 0)


def test_service_entry_makes_a_service_per_host_and_address() -> None:
    """Each host of a ServiceEntry is a service with all addresses, and a full prefix length is dropped."""
    addressed = ENTRY.replace("  resolution", "  addresses: [192.0.2.1/32, 198.51.100.0/24]\n  resolution")
    found = [(s.hostname, s.address) for s in mesh(addressed).snapshot.services.all]
    assert found == [
        ("a.example", "192.0.2.1"),
        ("a.example", "198.51.100.0/24"),
        ("b.example", "192.0.2.1"),
        ("b.example", "198.51.100.0/24"),
    ]


def test_hosts_and_addresses_count_once() -> None:
    """A host or an address that a ServiceEntry repeats makes one service, however it is written."""
    repeated = ENTRY.replace("a.example, b.example", "a.example, a.example").replace(
        "  resolution", "  addresses: [192.0.2.1, 192.0.2.1/32, 192.0.2.1]\n  resolution"
    )
    found = [(s.hostname, s.address) for s in mesh(repeated).snapshot.services.all]
    assert found == [("a.example", "192.0.2.1")]


def test_automatic_addresses() -> None:
    """Addresses in the status apply to their host, unless the entry opts out."""
    status = "status: {addresses: [{value: 240.240.0.1, host: a.example}]}\n"
    found = service(ENTRY + status, host="a.example")
    assert (found.address, found.auto_ipv4) == ("0.0.0.0", "240.240.0.1")
    out = ENTRY.replace(
        "namespace: shop}", 'namespace: shop, labels: {networking.istio.io/enable-autoallocate-ip: "false"}}'
    )
    assert service(out + status, host="a.example").auto_ipv4 == ""


def test_kubernetes_goes_before_service_entries() -> None:
    """A ServiceEntry cannot replace a Kubernetes Service with the same host, even if it is older."""
    old = ENTRY.replace("a.example, b.example", "api.shop.svc.cluster.local").replace(
        "namespace: shop}", "namespace: shop, creationTimestamp: '2020-01-01T00:00:00Z'}"
    )
    chosen = mesh(SERVICE, old).snapshot.services.by_hostname["api.shop.svc.cluster.local"]["shop"]
    assert chosen.name == "api"


def test_discovery_selectors() -> None:
    """Namespaces that the mesh does not select are ignored."""
    namespace = """
    apiVersion: v1
    kind: Namespace
    metadata: {name: shop, labels: {mesh: "yes"}}
    """
    selectors = [{"matchExpressions": [{"key": "mesh", "operator": "In", "values": ["yes"]}]}]
    assert len(mesh(SERVICE, namespace, discoverySelectors=selectors).snapshot.services.all) == 1
    assert len(mesh(SERVICE, discoverySelectors=selectors).snapshot.services.all) == 0


def test_service_accounts() -> None:
    """A client accepts the identities of the endpoints and those that the service names, in every trust domain."""
    named = SERVICE.replace(
        "namespace: shop}", "namespace: shop, annotations: {alpha.istio.io/kubernetes-serviceaccounts: api}}"
    )
    of = mesh(named, trustDomainAliases=["old"])
    assert of.snapshot.endpoints.service_accounts(of.snapshot.services.all[0]) == (
        "spiffe://cluster.local/ns/shop/sa/api",
        "spiffe://old/ns/shop/sa/api",
    )


# ---- what a workload serves

POD = """
apiVersion: v1
kind: Pod
metadata: {name: client, namespace: shop, labels: {app: api}}
spec: {nodeName: n1, containers: [{name: c, ports: [{name: web, containerPort: 8080}]}]}
status: {phase: Running, podIP: 10.1.0.1, conditions: [{type: Ready, status: "True"}]}
"""


def targets(proxy: Proxy, *texts: str) -> list[tuple[str, int, int]]:
    snapshot = mesh(*texts).snapshot
    return [(t.service.name, t.port.number, t.target_port) for t in service_targets(snapshot, placed(snapshot, proxy))]


def test_targets_of_a_pod() -> None:
    """A Pod serves the ports of the Services that select it, with the numbers of its named container ports."""
    assert targets(sidecar(), SERVICE, POD) == [("api", 80, 8080)]
    assert targets(sidecar(), SERVICE.replace("targetPort: web", "targetPort: other"), POD) == []


@pytest.mark.parametrize(
    ("port", "transport", "found"),
    [
        ("{name: udp-a, port: 80, targetPort: web}", "TCP", True),
        ("{name: udp-a, port: 80, targetPort: web}", "UDP", False),
        ("{name: http, port: 80, targetPort: web, protocol: UDP}", "UDP", True),
        ("{name: http, port: 80, targetPort: web, protocol: SCTP}", "SCTP", True),
        ("{name: http, port: 80, targetPort: web, protocol: SCTP}", "TCP", False),
    ],
)
def test_targets_by_name_have_the_transport_of_the_port(port: str, transport: str, found: bool) -> None:
    """A container port with the name of the target has the protocol that Kubernetes knows, whatever the name says."""
    named = POD.replace("containerPort: 8080", f"containerPort: 8080, protocol: {transport}")
    one = SERVICE.replace(SERVICE[SERVICE.index("ports: [") :], f"ports: [{port}]}}\n")
    assert targets(sidecar(), one, named) == ([("api", 80, 8080)] if found else [])


def test_targets_are_distinct() -> None:
    """Of several service ports with one target and protocol, the first is used."""
    two = SERVICE.replace("targetPort: web}", "targetPort: 8080}, {name: http-b, port: 81, targetPort: 8080}")
    assert targets(sidecar(), two, POD) == [("api", 80, 8080)]


def test_targets_without_pod() -> None:
    """Without a Pod, the proxy's own metadata is used."""
    ports = [{"name": "web", "containerPort": 7000, "protocol": "TCP"}]
    assert targets(sidecar(labels={"app": "api"}, POD_PORTS=ports), SERVICE) == [("api", 80, 7000)]
    assert targets(sidecar(labels={"app": "other"}), SERVICE) == []


def test_targets_of_a_pod_with_dots_in_its_name() -> None:
    """istiod does not find such a Pod, and does not know the labels in the metadata when the proxy connects."""
    dotted = POD.replace("name: client", "name: client.v1")
    proxy = replace(sidecar(labels={"app": "api"}), id="client.v1.shop")
    assert targets(proxy, SERVICE, dotted) == []
    assert placed(mesh(SERVICE, dotted).snapshot, proxy).labels["app"] == "api"


def test_targets_of_a_workload_entry() -> None:
    """A virtual machine serves the ports of the Services that select its WorkloadEntry."""
    machine = """
    apiVersion: networking.istio.io/v1
    kind: WorkloadEntry
    metadata: {name: vm, namespace: shop}
    spec: {address: 10.1.0.1, labels: {app: api}, ports: {web: 9000}}
    """
    assert targets(sidecar(), SERVICE, machine) == [("api", 80, 9000)]


def test_targets_of_ports_for_udp() -> None:
    """The ports for UDP of a ServiceEntry are targets as well, though they have no clusters."""
    listed = ENTRY.replace("a.example, b.example", "a.example").replace("protocol: HTTP", "protocol: UDP")
    assert targets(sidecar(), listed + "  endpoints: [{address: 10.1.0.1}]\n") == [("a.example", 80, 80)]


def test_targets_of_service_entries() -> None:
    """A workload serves the ServiceEntries in its namespace that list its address."""
    listed = (
        ENTRY.replace("a.example, b.example", "a.example") + "  endpoints: [{address: 10.1.0.1, ports: {http: 70}}]\n"
    )
    assert targets(sidecar(), listed) == [("a.example", 80, 70)]
    assert targets(sidecar("other"), listed) == []


def test_locality_of_a_proxy() -> None:
    """The locality of a proxy comes from its Pod's node, and its labels have it, too."""
    node = """
    apiVersion: v1
    kind: Node
    metadata: {name: n1, labels: {topology.kubernetes.io/region: eu, topology.kubernetes.io/zone: a}}
    """
    snapshot = mesh(POD, node).snapshot
    found = placed(snapshot, replace(sidecar(), node_name="n1"))
    assert str(found.locality) == "eu/a"
    assert found.labels["topology.kubernetes.io/zone"] == "a"
    assert found.labels["kubernetes.io/hostname"] == "n1"
