"""Endpoints, from YAML to Envoy."""

from __future__ import annotations

from dataclasses import replace
from textwrap import dedent
from typing import Any

import pytest

import meshcompile
from meshcompile.values.localities import Locality
from tests.meshes import clusters, endpoints, gateway, mesh, sidecar

NAME = "outbound|80||api.shop.svc.cluster.local"
SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: api, namespace: shop}
spec: {clusterIP: 10.0.0.9, selector: {app: api}, ports: [{name: http, port: 80, targetPort: 8080}]}
"""


def pod(number: int, labels: str = "", node: str = "", tls: str = "istio") -> str:
    return f"""
    apiVersion: v1
    kind: Pod
    metadata:
      name: api-{number}
      namespace: shop
      labels: {{app: api, version: v{number}, security.istio.io/tlsMode: {tls}, {labels}}}
    spec: {{serviceAccountName: api, nodeName: "{node}", containers: [{{name: c}}]}}
    status: {{phase: Running, podIP: 10.2.0.{number}, conditions: [{{type: Ready, status: "True"}}]}}
    """


def node(name: str, region: str, zone: str) -> str:
    return f"""
    apiVersion: v1
    kind: Node
    metadata: {{name: {name}, labels: {{topology.kubernetes.io/region: {region}, topology.kubernetes.io/zone: {zone}}}}}
    """


def slice_of(*numbers: int, conditions: str = "{ready: true}") -> str:
    listed = ", ".join(
        f"{{addresses: [10.2.0.{n}], conditions: {conditions},"
        f" targetRef: {{kind: Pod, name: api-{n}, namespace: shop}}}}"
        for n in numbers
    )
    return f"""
    apiVersion: discovery.k8s.io/v1
    kind: EndpointSlice
    metadata: {{name: api-1, namespace: shop, labels: {{kubernetes.io/service-name: api}}}}
    addressType: IPv4
    ports: [{{name: http, port: 8080, protocol: TCP}}]
    endpoints: [{listed}]
    """


def rule(policy: str, subsets: str = "[]") -> str:
    return f"""
    apiVersion: networking.istio.io/v1
    kind: DestinationRule
    metadata: {{name: api, namespace: shop}}
    spec: {{host: api, trafficPolicy: {policy}, subsets: {subsets}}}
    """


def groups(*texts: str, name: str = NAME, where: str = "", **mesh_config: Any) -> list[dict[str, Any]]:
    proxy = replace(sidecar(), locality=Locality(*where.split("/")))
    return endpoints(mesh(SERVICE, *texts, **mesh_config), proxy)[name]


def addresses(group: dict[str, Any]) -> list[str]:
    return [e["endpoint"]["address"]["socketAddress"]["address"] for e in group.get("lbEndpoints", [])]


def tls_mode(endpoint: dict[str, Any]) -> str:
    match = endpoint["metadata"]["filterMetadata"].get("envoy.transport_socket_match", {})
    return str(match.get("tlsMode", ""))


def test_endpoint_of_a_pod() -> None:
    """An endpoint has its address, its health, its workload, and whether it supports mutual TLS."""
    (group,) = groups(pod(1), slice_of(1))
    assert group["lbEndpoints"] == [
        {
            "endpoint": {"address": {"socketAddress": {"address": "10.2.0.1", "portValue": 8080}}},
            "healthStatus": "HEALTHY",
            "loadBalancingWeight": 1,
            "metadata": {
                "filterMetadata": {
                    "envoy.transport_socket_match": {"tlsMode": "istio"},
                    "istio": {"workload": "api-1;shop;api;v1;Kubernetes"},
                }
            },
        }
    ]


def test_subset_selects_by_labels() -> None:
    """A subset has the endpoints with its labels."""
    subset = rule("{loadBalancer: {simple: RANDOM}}", "[{name: one, labels: {version: v1}}]")
    (group,) = groups(pod(1), pod(2), slice_of(1, 2), subset, name=NAME.replace("||", "|one|"))
    assert addresses(group) == ["10.2.0.1"]


def test_service_without_endpoints() -> None:
    """A service without endpoints has an empty load assignment."""
    assert groups() == []


def test_unready_endpoints_are_left_out() -> None:
    """Endpoints that are not ready or are terminating get no traffic."""
    assert groups(pod(1), slice_of(1, conditions="{ready: false}")) == []
    assert groups(pod(1), slice_of(1, conditions="{ready: false, terminating: false}")) == []


def test_traffic_distribution_sends_unready_endpoints() -> None:
    """A service that prefers nearby endpoints needs the number of unhealthy ones."""
    near = SERVICE.replace("spec: {", "spec: {trafficDistribution: PreferClose, ")
    texts = (near, pod(1), slice_of(1, conditions="{ready: false, terminating: false}"))
    (group,) = endpoints(mesh(*texts), sidecar())[NAME]
    assert group["lbEndpoints"][0]["healthStatus"] == "UNHEALTHY"


def test_endpoint_without_its_pod() -> None:
    """An endpoint with a missing Pod is omitted."""
    assert groups(slice_of(1)) == []


def test_endpoint_without_reference() -> None:
    """An endpoint without a Pod is used without mutual TLS."""
    manual = slice_of(1).replace(", targetRef: {kind: Pod, name: api-1, namespace: shop}", "")
    (group,) = groups(manual)
    assert [tls_mode(e) for e in group["lbEndpoints"]] == [""]


def test_rule_decides_on_mutual_tls() -> None:
    """The TLS mode of a rule overrides the endpoint's, and a subset uses only its own policy."""
    off = rule("{tls: {mode: DISABLE}}", "[{name: one, labels: {version: v1}}]")
    (whole,) = groups(pod(1), slice_of(1), off)
    (subset,) = groups(pod(1), slice_of(1), off, name=NAME.replace("||", "|one|"))
    assert [tls_mode(group["lbEndpoints"][0]) for group in (whole, subset)] == ["", "istio"]


def test_policy_of_the_workload_decides_on_mutual_tls() -> None:
    """A workload whose PeerAuthentication disables mutual TLS on the port is called with plaintext."""
    policy = """
    apiVersion: security.istio.io/v1
    kind: PeerAuthentication
    metadata: {name: p, namespace: shop}
    spec: {selector: {matchLabels: {app: api}}, portLevelMtls: {8080: {mode: DISABLE}}}
    """
    (group,) = groups(pod(1), slice_of(1), policy)
    assert tls_mode(group["lbEndpoints"][0]) == ""


NODES = (node("n1", "eu", "a"), node("n2", "eu", "b"), node("n3", "us", "a"))
PODS = (pod(1, node="n1"), pod(2, node="n2"), pod(3, node="n3"), slice_of(1, 2, 3))


def by_priority(found: list[dict[str, Any]]) -> dict[int, list[str]]:
    ranked: dict[int, list[str]] = {}
    for group in found:
        ranked.setdefault(group.get("priority", 0), []).extend(addresses(group))
    return ranked


def test_localities_come_from_nodes() -> None:
    """Endpoints are grouped by the locality of their node. Without outlier detection, all have the same priority."""
    found = groups(*NODES, *PODS)
    assert [group["locality"]["zone"] for group in found] == ["a", "b", "a"]
    assert set(by_priority(found)) == {0}


def test_failover_by_distance() -> None:
    """With outlier detection, the nearest come first: zone, region, the rest."""
    found = groups(*NODES, *PODS, rule("{outlierDetection: {}}"), where="eu/a")
    assert by_priority(found) == {0: ["10.2.0.1"], 1: ["10.2.0.2"], 2: ["10.2.0.3"]}


def test_failover_switched_off() -> None:
    """The mesh can disable locality load balancing."""
    found = groups(*NODES, *PODS, rule("{outlierDetection: {}}"), where="eu/a", localityLbSetting={"enabled": False})
    assert set(by_priority(found)) == {0}


def test_distribute() -> None:
    """Shares are distributed by locality. Localities without a share lose their endpoints."""
    share = rule('{loadBalancer: {localityLbSetting: {distribute: [{from: "eu/*", to: {"eu/a": 30, "us/*": 70}}]}}}')
    found = groups(*NODES, *PODS, share, where="eu/a")
    assert [(group["loadBalancingWeight"], addresses(group)) for group in found] == [
        (30, ["10.2.0.1"]),
        (1, []),
        (70, ["10.2.0.3"]),
    ]


@pytest.mark.parametrize(("share", "weight"), [(50, 2147483648), (3, 1)])
def test_shares_of_heavy_endpoints(share: int, weight: int) -> None:
    """istiod multiplies weights by shares in 32 bits, and keeps the weight if the product is 0."""
    heavy = ENTRY.replace(
        "workloadSelector: {labels: {app: api}}",
        "endpoints: [{address: 192.0.2.1, locality: eu/a, weight: 2147483648}, {address: 192.0.2.2, locality: us/a}]",
    )
    to = f'{{"eu/*": {share}, "us/*": {100 - share}}}'
    distribute = rule(f'{{loadBalancer: {{localityLbSetting: {{distribute: [{{from: "eu/*", to: {to}}}]}}}}}}')
    client = replace(sidecar(), locality=Locality("eu", "a"))
    found = endpoints(mesh(heavy, distribute.replace("host: api", "host: vm.example")), client)
    assert [group["loadBalancingWeight"] for group in found["outbound|80||vm.example"]] == [weight, 100 - share]


def test_failover_by_labels() -> None:
    """Endpoints are split by how many labels they share with the client, counted from the first."""
    by_labels = rule(
        "{outlierDetection: {}, loadBalancer: {localityLbSetting:"
        " {failoverPriority: [topology.kubernetes.io/region, version=v2]}}}"
    )
    found = groups(*NODES, *PODS, by_labels, where="eu/a")
    assert by_priority(found) == {0: ["10.2.0.2"], 1: ["10.2.0.1"], 2: ["10.2.0.3"]}


def test_prefer_the_same_node() -> None:
    """A service can prefer endpoints on the client's own node, without outlier detection."""
    near = SERVICE.replace("spec: {", "spec: {trafficDistribution: PreferSameNode, ")
    proxy = replace(sidecar(), locality=Locality("eu", "a"), node_name="n1")
    found = endpoints(mesh(near, *NODES, *PODS), proxy)[NAME]
    assert by_priority(found)[0] == ["10.2.0.1"]


GATEWAY = """
apiVersion: v1
kind: Service
metadata: {name: east, namespace: istio-system, labels: {topology.istio.io/network: west}}
spec: {type: LoadBalancer, clusterIP: 10.0.0.8, ports: [{name: tls, port: 15443}]}
status: {loadBalancer: {ingress: [{ip: 192.0.2.1}, {ip: 192.0.2.2}]}}
"""


def test_other_networks_are_reached_through_gateways() -> None:
    """Endpoints in another network are replaced by its gateways, which share their weight."""
    texts = (SERVICE, GATEWAY, pod(1), pod(2, labels="topology.istio.io/network: west"), slice_of(1, 2))
    proxy = sidecar(NETWORK="home")
    (group,) = endpoints(mesh(*texts), proxy)[NAME]
    weights = {
        e["endpoint"]["address"]["socketAddress"]["address"]: e["loadBalancingWeight"] for e in group["lbEndpoints"]
    }
    assert weights == {"10.2.0.1": 2, "192.0.2.1": 1, "192.0.2.2": 1}


def test_plain_text_does_not_cross_networks() -> None:
    """A gateway routes by SNI, so endpoints without mutual TLS are unreachable."""
    far = pod(1, labels="topology.istio.io/network: west", tls="disabled")
    (group,) = endpoints(mesh(SERVICE, GATEWAY, far, slice_of(1)), sidecar(NETWORK="home"))[NAME]
    assert addresses(group) == []


def test_passthrough_gateways_know_mutual_tls_only() -> None:
    """The SNI-DNAT clusters have the endpoints that support mutual TLS."""
    passing = """
    apiVersion: networking.istio.io/v1
    kind: Gateway
    metadata: {name: cross, namespace: istio-system}
    spec:
      selector: {istio: ingressgateway}
      servers: [{port: {number: 15443, name: tls, protocol: TLS}, tls: {mode: AUTO_PASSTHROUGH}, hosts: ["*.local"]}]
    """
    texts = (SERVICE, passing, pod(1), pod(2, tls="disabled"), slice_of(1, 2))
    found = endpoints(mesh(*texts), gateway())
    (by_sni,) = found["outbound_.80_._.api.shop.svc.cluster.local"]
    (usual,) = found[NAME]
    assert (addresses(by_sni), addresses(usual)) == (["10.2.0.1"], ["10.2.0.1", "10.2.0.2"])


def test_node_local_service() -> None:
    """With internalTrafficPolicy Local, only endpoints on the client's own node are used."""
    local = SERVICE.replace("spec: {", "spec: {internalTrafficPolicy: Local, ")
    found = endpoints(mesh(local, *NODES, *PODS), replace(sidecar(), node_name="n2"))[NAME]
    assert [addresses(group) for group in found] == [["10.2.0.2"]]


ENTRY = """
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: vm, namespace: shop}
spec:
  hosts: [vm.example]
  resolution: STATIC
  location: MESH_INTERNAL
  ports: [{number: 80, name: http, protocol: HTTP, targetPort: 8080}]
  workloadSelector: {labels: {app: api}}
"""
WORKLOAD = """
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {name: vm-1, namespace: shop, labels: {version: meta}}
spec: {address: 192.0.2.9, labels: {app: api, version: spec}, ports: {http: 9090}, weight: 3, serviceAccount: vm}
"""


def test_service_entry_selects_workloads() -> None:
    """A ServiceEntry selects WorkloadEntries and Pods. An entry's port with the name overrides the target port."""
    found = endpoints(mesh(ENTRY, WORKLOAD, pod(1)), sidecar())["outbound|80||vm.example"]
    ports = {e["endpoint"]["address"]["socketAddress"]["address"]: e for e in found[0]["lbEndpoints"]}
    assert {a: e["endpoint"]["address"]["socketAddress"]["portValue"] for a, e in ports.items()} == {
        "192.0.2.9": 9090,
        "10.2.0.1": 8080,
    }
    assert ports["192.0.2.9"]["metadata"]["filterMetadata"]["istio"]["workload"] == "vm-1;shop;api;meta;Kubernetes"
    assert ports["192.0.2.9"]["loadBalancingWeight"] == 3
    assert tls_mode(ports["192.0.2.9"]) == "istio"


def test_service_selects_workload_entries() -> None:
    """A Service selects the WorkloadEntries in its namespace like Pods."""
    (group,) = groups(WORKLOAD.replace("ports: {http: 9090}, ", ""))
    assert addresses(group) == ["192.0.2.9"]
    assert group["lbEndpoints"][0]["endpoint"]["address"]["socketAddress"]["portValue"] == 8080


def test_unhealthy_workload_entry() -> None:
    """An entry with health checks is omitted until it is reported as healthy."""
    checked = WORKLOAD.replace(
        "labels: {version: meta}}", 'annotations: {proxy.istio.io/health-checks-enabled: "true"}}'
    )
    healthy = checked + "status: {conditions: [{type: Healthy, status: 'True'}]}\n"
    assert groups(checked) == []
    assert len(groups(healthy)) == 1


def test_names_of_dns_endpoints() -> None:
    """A host with DNS resolution is its own endpoint, in its own cluster."""
    entry = ENTRY.replace("STATIC", "DNS").replace("workloadSelector: {labels: {app: api}}", "")
    found = clusters(mesh(entry), sidecar())["outbound|80||vm.example"]["loadAssignment"]["endpoints"][0]
    assert addresses(found) == ["vm.example"]


def test_requested_networks() -> None:
    """A proxy can request only some networks. Endpoints without a network are always visible."""
    texts = (SERVICE, pod(1, labels="topology.istio.io/network: a"), pod(2), slice_of(1, 2))
    (group,) = endpoints(mesh(*texts), sidecar(REQUESTED_NETWORK_VIEW="b"))[NAME]
    assert addresses(group) == ["10.2.0.2"]


GATEWAYS = {
    "net-1": {"endpoints": [{"fromRegistry": "Kubernetes"}], "gateways": [{"address": "5.5.5.5", "port": 15443}]},
    "net-2": {"endpoints": [{"fromCidr": "9.0.0.0/8"}], "gateways": [{"address": "6.6.6.6", "port": 15443}]},
}


def test_a_workload_without_address_is_reached_through_its_network() -> None:
    """An entry with only a network is behind that network's gateway."""
    entry = """
    apiVersion: networking.istio.io/v1
    kind: WorkloadEntry
    metadata: {name: vm, namespace: shop}
    spec: {network: net-2, serviceAccount: api, labels: {app: api}}
    """
    found = meshcompile.load(f"{dedent(SERVICE)}\n---\n{dedent(entry)}", networks=GATEWAYS)
    [group] = endpoints(found, sidecar(NETWORK="net-1"))[NAME]
    assert addresses(group) == ["6.6.6.6"]


def test_of_nested_ranges_the_widest_counts() -> None:
    """An address in the ranges of two networks belongs to the one with the wider range."""
    networks = {
        "inner": {"endpoints": [{"fromCidr": "10.2.0.0/16"}]},
        "outer": {"endpoints": [{"fromCidr": "10.0.0.0/8"}]},
    }
    found = meshcompile.load("\n---\n".join(dedent(text) for text in (SERVICE, pod(1), slice_of(1))), networks=networks)
    assert found.snapshot.topology.of("Kubernetes", "10.2.0.1", {}) == "outer"


def test_failover_by_labels_of_a_rule_for_others() -> None:
    """A rule that is exported only to the client's namespace uses the client's labels, too."""
    exported = """
    apiVersion: networking.istio.io/v1
    kind: DestinationRule
    metadata: {name: api, namespace: shop}
    spec:
      host: api.shop.svc.cluster.local
      exportTo: [buyers]
      trafficPolicy: {outlierDetection: {}, loadBalancer: {localityLbSetting: {failoverPriority: [version]}}}
    """
    found = mesh(SERVICE, pod(1), pod(2), slice_of(1, 2), exported)
    listed = endpoints(found, sidecar("buyers", labels={"version": "v2"}))[NAME]
    assert [(group.get("priority", 0), addresses(group)) for group in listed] == [(0, ["10.2.0.2"]), (1, ["10.2.0.1"])]


LABELLED = """
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: api, namespace: shop}
spec:
  host: api
  subsets:
  - {name: without, labels: {topology.istio.io/network: ""}}
  - {name: west, labels: {topology.istio.io/network: west}}
  - {name: other, labels: {team: ""}}
"""


def test_every_endpoint_of_kubernetes_has_the_label_of_its_network() -> None:
    """A subset with an empty network label selects the Pods without a network, and no WorkloadEntries."""
    texts = (SERVICE, LABELLED, WORKLOAD, pod(1), pod(2, labels="topology.istio.io/network: west"), slice_of(1, 2))
    found = endpoints(mesh(*texts), sidecar(NETWORK="west"))
    selected = {
        subset: [address for group in found[NAME.replace("||", f"|{subset}|")] for address in addresses(group)]
        for subset in ("without", "west", "other")
    }
    assert selected == {"without": ["10.2.0.1"], "west": ["10.2.0.2"], "other": []}


def test_sockets_are_not_sent_to_clients_of_several_networks() -> None:
    """A Unix socket has no host, and vanishes where gateways lead to other networks."""
    socket = ENTRY.replace("workloadSelector: {labels: {app: api}}", "endpoints: [{address: unix:///run/api}]")
    [alone], [among_networks] = (
        endpoints(meshcompile.load(dedent(socket), networks=networks), sidecar())["outbound|80||vm.example"]
        for networks in (None, GATEWAYS)
    )
    assert alone["lbEndpoints"][0]["endpoint"]["address"] == {"pipe": {"path": "/run/api"}}
    assert not {"lbEndpoints", "loadBalancingWeight"} & set(among_networks)


def test_sockets_behind_tunnels_are_sent_to_everybody() -> None:
    """The identifier of a tunnel counts as the host of its endpoint, whatever it is."""
    socket = ENTRY.replace(
        "workloadSelector: {labels: {app: api}}",
        "endpoints: [{address: unix:///run/api, labels: {networking.istio.io/tunnel: http}}]",
    )
    [group] = endpoints(meshcompile.load(dedent(socket), networks=GATEWAYS), sidecar())["outbound|80||vm.example"]
    [endpoint] = group["lbEndpoints"]
    assert endpoint["endpoint"]["address"]["envoyInternalAddress"]["endpointId"] == "/run/api:0"


FAR = """
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: far, namespace: shop}
spec:
  hosts: [far.example]
  resolution: DNS
  ports: [{number: 80, name: http, protocol: HTTP}]
  endpoints: [{address: eu.example, network: net-2, labels: {security.istio.io/tlsMode: istio}}]
"""
LABELLED_NAMESPACE = """
apiVersion: v1
kind: Namespace
metadata: {name: istio-system, labels: {topology.istio.io/network: net-1}}
"""
EAST = GATEWAY.replace("network: west", "network: net-2")
BY_NAME = {"net-2": {"gateways": [{"address": "gw.example", "port": 15443}]}}


@pytest.mark.parametrize(
    ("networks", "texts", "expected"),
    [
        (GATEWAYS, (), ["eu.example"]),
        ({**GATEWAYS, **BY_NAME}, (), ["eu.example"]),
        (BY_NAME, (), ["gw.example"]),
        (GATEWAYS, (LABELLED_NAMESPACE,), ["6.6.6.6"]),
        (None, (EAST,), ["eu.example"]),
        (None, (EAST.replace("ip: 192.0.2.1", "hostname: gw.example"),), ["eu.example"]),
        (None, (EAST.replace("{ip: 192.0.2.1}, {ip: 192.0.2.2}", "{hostname: gw.example}"),), ["gw.example"]),
    ],
)
def test_clusters_by_dns_know_gateways_only_after_a_reload(
    networks: dict[str, Any] | None, texts: tuple[str, ...], expected: list[str]
) -> None:
    """Endpoints by DNS keep their addresses, unless istiod read its gateways and found no new IP address."""
    found = meshcompile.load("\n---\n".join(dedent(text) for text in (FAR, *texts)), networks=networks)
    both_families = replace(sidecar(NETWORK="net-1"), ip_addresses=("10.1.0.1", "fd00::1"))
    [group] = clusters(found, both_families)["outbound|80||far.example"]["loadAssignment"]["endpoints"]
    assert addresses(group) == expected


def test_an_address_can_be_in_a_network_when_the_first_one_is_not() -> None:
    """The network of an endpoint is that of its Pod's first address, or else that of its own address."""
    networks = {"six": {"endpoints": [{"fromCidr": "fd00::/64"}], "gateways": [{"address": "6.6.6.6", "port": 15443}]}}
    second = slice_of(1).replace("addresses: [10.2.0.1]", "addresses: [10.2.0.1, 'fd00::1']")
    found = meshcompile.load("\n---\n".join(dedent(text) for text in (SERVICE, pod(1), second)), networks=networks)
    [group] = endpoints(found, sidecar(NETWORK="four"))[NAME]
    assert addresses(group) == ["10.2.0.1", "6.6.6.6"]


@pytest.mark.parametrize(
    ("ports", "reached"),
    [
        ("{name: tls, port: 15443}", ["192.0.2.1", "192.0.2.2"]),
        ("{name: quic, port: 15443, protocol: UDP}", ["10.2.0.2"]),
        ("{name: udp-tls, port: 15443}", ["10.2.0.2"]),
        ("{name: quic, port: 15443, protocol: UDP}, {name: tls, port: 15443}", ["192.0.2.1", "192.0.2.2"]),
    ],
)
def test_gateways_of_networks_do_not_take_udp(ports: str, reached: list[str]) -> None:
    """A Service with only a port for UDP is no gateway, and endpoints behind it are reached directly."""
    far = GATEWAY.replace("{name: tls, port: 15443}", ports)
    texts = (SERVICE, far, pod(2, labels="topology.istio.io/network: west"), slice_of(2))
    [group] = endpoints(mesh(*texts), sidecar(NETWORK="home"))[NAME]
    assert addresses(group) == reached


@pytest.mark.parametrize(
    ("ports", "found"),
    [
        ("{name: dns, port: 80, protocol: UDP}, {name: http, port: 80}", []),
        ("{name: http, port: 80}, {name: dns, port: 80, protocol: UDP}", ["192.0.2.9", "192.0.2.9"]),
        ("{name: http, port: 80}, {name: dns, port: 53, protocol: UDP}", ["192.0.2.9"]),
    ],
)
def test_entries_serve_the_first_port_with_a_number(ports: str, found: list[str]) -> None:
    """Of two ports with one number, the WorkloadEntries that a Service selects have endpoints for the first, twice."""
    service = SERVICE.replace("{name: http, port: 80, targetPort: 8080}", ports)
    of_entries = endpoints(mesh(service, WORKLOAD), sidecar())[NAME]
    assert [address for group in of_entries for address in addresses(group)] == found


def test_a_pod_without_its_first_address_is_not_selected() -> None:
    """istiod knows no Pod before it has a `podIP`, even if it has other addresses."""
    nowhere = pod(1).replace("podIP: 10.2.0.1", "podIPs: [{ip: 10.2.0.1}]")
    assert endpoints(mesh(ENTRY, nowhere), sidecar())["outbound|80||vm.example"] == []
