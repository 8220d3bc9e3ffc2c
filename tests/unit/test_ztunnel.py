"""What istiod sends ztunnel. Each test names the function of istiod whose source says so."""

from __future__ import annotations

from textwrap import dedent, indent
from typing import Any

import pytest

import meshcompile
from meshcompile.envoy.message import to_builtins
from meshcompile.ztunnel.addresses import unpacked_ip

POD = """
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web, version: v2}, annotations: ANNOTATIONS}
spec:
  serviceAccountName: buyer
  nodeName: n1
  containers: [{name: web, image: web, ports: [{name: main, containerPort: 8080}]}]
status: {phase: Running, podIP: 10.0.0.1, conditions: [{type: Ready, status: "True"}]}
""".replace("ANNOTATIONS", "{ambient.istio.io/redirection: enabled}")
NODE = """
apiVersion: v1
kind: Node
metadata: {name: n1, labels: {topology.kubernetes.io/region: r, topology.kubernetes.io/zone: z}}
"""
SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  clusterIP: 10.96.0.1
  selector: {app: web}
  ports: [{name: http, port: 80, targetPort: main}, {name: tcp-x, port: 81, targetPort: other}, {name: grpc, port: 82}]
"""
WAYPOINT = """
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gate, namespace: shop, labels: {istio.io/waypoint-for: all}}
spec: {gatewayClassName: istio-waypoint, listeners: [{name: mesh, port: 15008, protocol: HBONE}]}
status: {addresses: [{type: Hostname, value: gate.shop.svc.cluster.local}]}
"""


def ztunnel(*texts: str, **mesh_config: Any) -> meshcompile.ZtunnelConfig:
    joined = "\n---\n".join(dedent(text) for text in texts) + "\n"
    return meshcompile.load(joined, mesh_config=mesh_config or None, ambient=True).ztunnel()


def policy(spec: str, name: str = "own", namespace: str = "shop", kind: str = "AuthorizationPolicy") -> str:
    head = (
        f"apiVersion: security.istio.io/v1\nkind: {kind}\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec:\n"
    )
    return head + indent(dedent(spec), "  ")


def authorization(spec: str, namespace: str = "shop") -> dict[str, Any]:
    (made,) = ztunnel(policy(spec, namespace=namespace)).authorizations
    return to_builtins(made)


# ---- workloads


def test_a_pod_is_a_workload() -> None:
    """A Pod gives its identity, node, locality, names and tunnel (`podWorkloadBuilder`)."""
    (found,) = ztunnel(POD, NODE, SERVICE).workloads
    assert to_builtins(found) == {
        "uid": "Kubernetes//Pod/shop/web",
        "name": "web",
        "namespace": "shop",
        "addresses": ["CgAAAQ=="],
        "tunnelProtocol": "HBONE",
        "serviceAccount": "buyer",
        "node": "n1",
        "canonicalName": "web",
        "canonicalRevision": "v2",
        "workloadType": "POD",
        "workloadName": "web",
        "services": {
            "shop/web.shop.svc.cluster.local": {
                "ports": [{"servicePort": 80, "targetPort": 8080}, {"servicePort": 82, "targetPort": 82}]
            }
        },
        "clusterId": "Kubernetes",
        "locality": {"region": "r", "zone": "z"},
    }
    assert found.origins[0].document.kind == "Pod"


@pytest.mark.parametrize(
    ("old", "new", "status"),
    [
        ("", "", "HEALTHY"),
        ('status: "True"', 'status: "False"', "UNHEALTHY"),
        ("metadata: {", "metadata: {deletionTimestamp: 2026-01-01T00:00:00Z, ", "UNHEALTHY"),
    ],
)
def test_the_health_of_a_pod(old: str, new: str, status: str) -> None:
    """A Pod that is not ready, or is being deleted, is unhealthy (`podWorkloadBuilder`)."""
    (found,) = ztunnel(POD.replace(old, new, 1) if old else POD).workloads
    assert found.status == status


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_a_finished_pod_is_no_workload(phase: str) -> None:
    """Pods that ended are left out (`CheckPodTerminal`)."""
    assert not ztunnel(POD.replace("Running", phase)).workloads


def test_the_trust_domain_is_left_out_if_it_is_the_default() -> None:
    """Only another trust domain than `cluster.local` is sent (`pickTrustDomain`)."""
    assert ztunnel(POD).workloads[0].trust_domain == ""
    assert ztunnel(POD, trustDomain="example.com").workloads[0].trust_domain == "example.com"


def test_host_networking_shares_an_address() -> None:
    """A Pod in the network of its node does not own its address (`podWorkloadBuilder`)."""
    (found,) = ztunnel(POD.replace("nodeName: n1", "hostNetwork: true")).workloads
    assert (found.network_mode, found.node) == ("HOST_NETWORK", "")


def test_a_workload_entry_is_a_workload() -> None:
    """A WorkloadEntry gives its locality, weight and group, and its own ports (`workloadEntryWorkloadBuilder`)."""
    entry = """
        apiVersion: networking.istio.io/v1
        kind: WorkloadEntry
        metadata: {name: vm, namespace: shop, annotations: {istio.io/autoRegistrationGroup: vms}}
        spec:
          address: 10.0.0.7
          ports: {main: 9000, grpc: 9002}
          labels: {app: web, networking.istio.io/tunnel: http}
          locality: r/z/s
          weight: 3
          network: far
        """
    (found,) = ztunnel(entry, SERVICE).workloads
    data = to_builtins(found)
    assert found.uid == "Kubernetes/networking.istio.io/WorkloadEntry/shop/vm"
    assert (found.workload_name, found.capacity, found.network, found.native_tunnel) == ("vms", 3, "far", True)
    assert data["locality"] == {"region": "r", "zone": "z", "subzone": "s"}
    assert data["services"]["shop/web.shop.svc.cluster.local"]["ports"] == [
        {"servicePort": 80, "targetPort": 9000},
        {"servicePort": 82, "targetPort": 9002},
    ]


def test_endpoints_of_a_service_entry_are_workloads() -> None:
    """Each endpoint of a ServiceEntry is a workload, an address or a host (`serviceEntryWorkloadBuilder`)."""
    entry = """
        apiVersion: networking.istio.io/v1
        kind: ServiceEntry
        metadata: {name: ext, namespace: shop}
        spec:
          hosts: [a.example.com]
          addresses: [240.2.0.1]
          ports: [{number: 443, name: tls, protocol: TLS, targetPort: 8443}]
          resolution: DNS
          subjectAltNames: [a.example.com]
          endpoints: [{address: 10.9.0.1, ports: {tls: 9443}}, {address: b.example.com}]
        """
    found = ztunnel(entry)
    assert [(each.uid.rpartition("/")[2], each.hostname) for each in found.workloads] == [
        ("10.9.0.1", ""),
        ("b.example.com", "b.example.com"),
    ]
    targets = [each.services["shop/a.example.com"].ports[0].target_port for each in found.workloads]
    assert targets == [9443, 8443]
    (service,) = found.services
    assert [(unpacked_ip(each.address), each.length) for each in service.addresses] == [("240.2.0.1", None)]
    assert service.subject_alt_names == ("a.example.com",)
    assert (service.canonical, service.ports[0].app_protocol) == (True, "TLS")


def test_a_range_of_addresses_has_a_length() -> None:
    """A CIDR range is sent as its first address and its length (`toNetworkAddressFromCidr`)."""
    entry = """
        apiVersion: networking.istio.io/v1
        kind: ServiceEntry
        metadata: {name: ext, namespace: shop}
        spec:
          hosts: [a.example.com]
          addresses: [240.1.0.7/16, 240.2.0.1/32]
          ports: [{number: 443, name: tls, protocol: TLS}]
        """
    (service,) = ztunnel(entry).services
    assert [(unpacked_ip(each.address), each.length) for each in service.addresses] == [
        ("240.1.0.0", 16),
        ("240.2.0.1", None),
    ]


def test_hosts_that_dns_resolves_are_workloads() -> None:
    """A ServiceEntry without endpoints has its hosts, if DNS resolves them (`serviceEntryWorkloadBuilder`)."""
    entry = """
        apiVersion: networking.istio.io/v1
        kind: ServiceEntry
        metadata: {name: ext, namespace: shop}
        spec: {hosts: [a.example.com], ports: [{number: 80, name: http, protocol: HTTP}], resolution: RESOLUTION}
        """
    assert [each.hostname for each in ztunnel(entry.replace("RESOLUTION", "DNS")).workloads] == ["a.example.com"]
    passed = ztunnel(entry.replace("RESOLUTION", "NONE"))
    assert not passed.workloads
    balancing = passed.services[0].load_balancing
    assert balancing is not None
    assert (balancing.mode, balancing.health_policy) == ("PASSTHROUGH", "ALLOW_ALL")


def test_addresses_of_slices_without_pods_are_workloads() -> None:
    """An EndpointSlice gives workloads for the addresses that belong to no Pod (`endpointSlicesBuilder`)."""
    endpoints = """
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata: {name: web-1, namespace: shop, labels: {kubernetes.io/service-name: web}}
        addressType: IPv4
        ports: [{name: http, port: 8000}, {name: unknown, port: 1}]
        endpoints:
        - {addresses: [192.0.2.1], conditions: {ready: false}}
        - {addresses: [10.0.0.1], targetRef: {kind: Pod, name: web, namespace: shop}}
        """
    (found,) = ztunnel(endpoints, SERVICE).workloads
    assert found.uid == "Kubernetes/discovery.k8s.io/EndpointSlice/shop/web-1/192.0.2.1"
    assert (found.status, found.network_mode) == ("UNHEALTHY", "HOST_NETWORK")
    (port,) = found.services["shop/web.shop.svc.cluster.local"].ports
    assert (port.service_port, port.target_port) == (80, 8000)
    assert found.origins[0].field == "endpoints[0]"


def test_a_workload_names_its_waypoint() -> None:
    """A waypoint for workloads is named by its host and the port for HBONE (`computeWaypoint`)."""
    using = POD.replace("{app: web,", "{app: web, istio.io/use-waypoint: gate,")
    (found,) = ztunnel(WAYPOINT, using).workloads
    assert found.waypoint is not None
    assert to_builtins(found.waypoint) == {
        "hostname": {"namespace": "shop", "hostname": "gate.shop.svc.cluster.local"},
        "hboneMtlsPort": 15008,
    }


def test_an_instance_of_a_waypoint_has_the_tunnel_of_its_binding() -> None:
    """The binding of a waypoint says how its Pods get connections (`computeWaypoint`, `makeInboundBinding`)."""
    bound = WAYPOINT.replace(
        "labels: {", "annotations: {ambient.istio.io/waypoint-inbound-binding: PROXY/15088}, labels: {"
    )
    instance = POD.replace("{app: web,", "{gateway.networking.k8s.io/gateway-name: gate,")
    (found,) = ztunnel(bound, instance).workloads
    assert found.application_tunnel is not None
    assert to_builtins(found.application_tunnel) == {"protocol": "PROXY", "port": 15088}
    assert found.waypoint is None


def test_a_gateway_of_another_network_is_a_workload() -> None:
    """Workloads of a network name its gateway, which is a workload too (`convertGateway`)."""
    gateway = """
        apiVersion: gateway.networking.k8s.io/v1
        kind: Gateway
        metadata: {name: far, namespace: istio-system, labels: {topology.istio.io/network: far}}
        spec:
          gatewayClassName: istio-remote
          addresses: [{type: IPAddress, value: 192.0.2.9}]
          listeners: [{name: cross, port: 15008, protocol: HBONE, tls: {mode: Terminate}}]
        """
    entry = """
        apiVersion: networking.istio.io/v1
        kind: WorkloadEntry
        metadata: {name: vm, namespace: shop}
        spec: {address: 10.0.0.7, network: far}
        """
    found, remote = ztunnel(gateway, entry).workloads
    assert (remote.uid, remote.service_account) == ("NetworkGateway/far/192.0.2.9/15008", "far-istio-remote")
    assert found.network_gateway is not None
    assert to_builtins(found.network_gateway) == {
        "address": {"network": "far", "address": "wAACCQ=="},
        "hboneMtlsPort": 15008,
    }


def test_the_network_is_that_of_the_system_namespace() -> None:
    """Pods and Services are in the network of the cluster (`FetchLocalNetworkID`)."""
    system = (
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: istio-system, labels: {topology.istio.io/network: net}}\n"
    )
    found = ztunnel(system, POD, SERVICE)
    assert (found.workloads[0].network, found.services[0].addresses[0].network) == ("net", "net")


# ---- services


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("internalTrafficPolicy: Local", {"routingPreference": ["NODE"], "mode": "STRICT"}),
        (
            "trafficDistribution: PreferSameZone",
            {"routingPreference": ["NETWORK", "REGION", "ZONE"], "mode": "FAILOVER"},
        ),
        (
            "trafficDistribution: PreferSameNode",
            {"routingPreference": ["NETWORK", "REGION", "ZONE", "SUBZONE", "NODE"], "mode": "FAILOVER"},
        ),
        ("publishNotReadyAddresses: true", {"healthPolicy": "ALLOW_ALL"}),
        ("type: ClusterIP", None),
    ],
)
def test_the_load_balancing_of_a_service(spec: str, expected: dict[str, Any] | None) -> None:
    """What a Service says about where its traffic goes decides the preferences (`constructService`)."""
    (found,) = ztunnel(f"{SERVICE}  {spec}\n").services
    assert to_builtins(found).get("loadBalancing") == expected


@pytest.mark.parametrize(
    ("families", "expected"), [("IPv4", "IPV4_ONLY"), ("IPv6", "IPV6_ONLY"), ("IPv6, IPv4", "DUAL"), ("", "AUTOMATIC")]
)
def test_the_ip_families_of_a_service(families: str, expected: str) -> None:
    """The families are those of the Service (`constructService`)."""
    (found,) = ztunnel(f"{SERVICE}  ipFamilies: [{families}]\n").services
    assert found.ip_families == expected


def test_a_named_target_port_is_left_to_workloads() -> None:
    """A port with a named target has no target port in the service (`constructService`)."""
    (found,) = ztunnel(SERVICE).services
    assert [(each.service_port, each.target_port, each.app_protocol) for each in found.ports] == [
        (80, 0, "HTTP11"),
        (81, 0, "TCP"),
        (82, 82, "GRPC"),
    ]


def test_a_service_says_whether_gateways_use_its_waypoint() -> None:
    """The label for ingress counts if the Service has a waypoint (`serviceServiceBuilder`)."""
    label = 'istio.io/ingress-use-waypoint: "true"'
    using = SERVICE.replace("namespace: shop}", f"namespace: shop, labels: {{istio.io/use-waypoint: gate, {label}}}}}")
    assert [each.ingress_use_waypoint for each in ztunnel(WAYPOINT, using).services if each.name == "web"] == [True]
    alone = SERVICE.replace("namespace: shop}", f"namespace: shop, labels: {{{label}}}}}")
    assert not any(each.ingress_use_waypoint for each in ztunnel(WAYPOINT, alone).services)


def test_an_external_name_is_no_service() -> None:
    """ExternalName Services are left to DNS (`serviceServiceBuilder`)."""
    alias = """
        apiVersion: v1
        kind: Service
        metadata: {name: alias, namespace: shop}
        spec: {type: ExternalName, externalName: example.com}
        """
    assert not ztunnel(alias).services


# ---- authorizations


@pytest.mark.parametrize(
    ("spec", "namespace", "scope"),
    [
        ("selector: {matchLabels: {app: web}}", "shop", "WORKLOAD_SELECTOR"),
        ("selector: {}", "shop", "WORKLOAD_SELECTOR"),
        ("{}", "shop", "NAMESPACE"),
        ("{}", "istio-system", "GLOBAL"),
    ],
)
def test_the_scope_of_a_policy(spec: str, namespace: str, scope: str) -> None:
    """The selector and the namespace decide the scope (`convertAuthorizationPolicy`)."""
    assert authorization(spec, namespace).get("scope", "GLOBAL") == scope


def test_a_rule_is_a_group() -> None:
    """Operations, sources and each condition are rules of a group, and hold together (`handleRule`)."""
    found = authorization(
        """
        action: DENY
        rules:
        - to: [{operation: {ports: ["80"], notPorts: ["81"]}}]
          from:
          - source: {principals: ["*", "a*", "*b", c], notNamespaces: [x], ipBlocks: [10.0.0.7/8, 192.0.2.1]}
          - source: {serviceAccounts: [buyer, other/seller]}
          when: [{key: destination.ip, values: ["2001:db8::1"]}, {key: source.namespace, notValues: [z]}]
        """
    )
    assert found["action"] == "DENY"
    assert found["groups"] == [
        {
            "rules": [
                {"matches": [{"destinationPorts": [80], "notDestinationPorts": [81]}]},
                {
                    "matches": [
                        {
                            "notNamespaces": [{"exact": "x"}],
                            "principals": [{"presence": {}}, {"prefix": "a"}, {"suffix": "b"}, {"exact": "c"}],
                            "sourceIps": [
                                {"address": "CgAABw==", "length": 8},
                                {"address": "wAACAQ==", "length": 32},
                            ],
                        },
                        {
                            "serviceAccounts": [
                                {"namespace": "shop", "serviceAccount": "buyer"},
                                {"namespace": "other", "serviceAccount": "seller"},
                            ]
                        },
                    ]
                },
                {"matches": [{"destinationIps": [{"address": "IAENuAAAAAAAAAAAAAAAAQ==", "length": 128}]}]},
                {"matches": [{"notNamespaces": [{"exact": "z"}]}]},
            ]
        }
    ]


HTTP_RULES = """
    action: ACTION
    rules:
    - to: [{operation: {methods: [GET], ports: ["80"]}}]
    - when: [{key: "request.headers[x]", values: [a]}]
    - from: [{source: {requestPrincipals: ["*"]}}]
    - from: [{source: {namespaces: [shop]}}]
    """


def test_rules_about_http_never_allow() -> None:
    """A rule that allows by something of HTTP is left out (`handleRule`)."""
    assert authorization(HTTP_RULES.replace("ACTION", "ALLOW"))["groups"] == [
        {"rules": [{"matches": [{"namespaces": [{"exact": "shop"}]}]}]}
    ]


def test_rules_that_deny_lose_what_is_about_http() -> None:
    """Of a rule that denies, the parts about HTTP are left out, and their matches stay (`handleRule`)."""
    assert authorization(HTTP_RULES.replace("ACTION", "DENY"))["groups"] == [
        {"rules": [{"matches": [{"destinationPorts": [80]}]}]},
        {"rules": [{"matches": [{}]}]},
        {"rules": [{"matches": [{}]}]},
        {"rules": [{"matches": [{"namespaces": [{"exact": "shop"}]}]}]},
    ]


def test_an_empty_rule_is_an_empty_group() -> None:
    """A rule without parts matches all connections; without rules, a policy matches none (`handleRule`)."""
    assert authorization("rules: [{}]")["groups"] == [{}]
    assert "groups" not in authorization("{}")


@pytest.mark.parametrize(
    "text",
    [
        policy("action: AUDIT"),
        policy("action: CUSTOM\nprovider: {name: x}\nrules: [{}]"),
        policy("targetRefs: [{group: '', kind: Service, name: web}]"),
        policy("{}").replace("namespace: shop}", 'namespace: shop, annotations: {istio.io/dry-run: "true"}}'),
    ],
)
def test_policies_that_ztunnel_does_not_get(text: str) -> None:
    """Other actions, targets, and dry runs, are not sent (`convertAuthorizationPolicy`)."""
    assert not ztunnel(text, POD).authorizations


def test_only_policies_with_a_selector_are_named() -> None:
    """A workload names the policies that select it, sorted (`buildWorkloadPolicies`)."""
    texts = (
        policy("selector: {matchLabels: {app: web}}", "z"),
        policy("selector: {matchLabels: {app: web}}", "a", "istio-system"),
        policy("selector: {matchLabels: {app: web}}", "b", "other"),
        policy("selector: {matchLabels: {app: db}}", "c"),
        policy("selector: {}", "d"),
        policy("{}", "e"),
    )
    (found,) = ztunnel(POD, *texts).workloads
    assert found.authorization_policies == ("istio-system/a", "shop/z")


# ---- PeerAuthentications

STATIC = "istio-system/istio_converted_static_strict"
OWN = "shop/converted_peer_authentication_own"
WEB = "selector: {matchLabels: {app: web}}"
ANY: dict[str, Any] = {"presence": {}}
STRICT_PORT = "portLevelMtls: {8080: {mode: STRICT}}"
NO_IDENTITY: dict[str, Any] = {"matches": [{"notPrincipals": [ANY]}]}


def peers(root: str = "", namespace: str = "", own: str = "") -> meshcompile.ZtunnelConfig:
    """The mesh with a mode for each level; `own` is the specification of the policy of the workload."""
    texts = [POD]
    if root:
        texts.append(policy(f"mtls: {{mode: {root}}}", "root", "istio-system", "PeerAuthentication"))
    if namespace:
        texts.append(policy(f"mtls: {{mode: {namespace}}}", "wide", "shop", "PeerAuthentication"))
    if own:
        texts.append(policy(f"{WEB}\n{own}", "own", "shop", "PeerAuthentication"))
    return ztunnel(*texts)


@pytest.mark.parametrize(
    ("root", "namespace", "own", "names"),
    [
        ("STRICT", "", "", (STATIC,)),
        ("STRICT", "PERMISSIVE", "", ()),
        ("STRICT", "UNSET", "", (STATIC,)),
        ("PERMISSIVE", "STRICT", "", (STATIC,)),
        ("PERMISSIVE", "", "mtls: {mode: STRICT}", (STATIC,)),
        ("STRICT", "", "mtls: {mode: DISABLE}", ()),
        ("", "", "mtls: {mode: STRICT}\nportLevelMtls: {8080: {mode: STRICT}}", (STATIC,)),
        ("", "", "mtls: {mode: STRICT}\nportLevelMtls: {8080: {mode: DISABLE}}", (OWN,)),
        ("", "", "mtls: {mode: PERMISSIVE}\nportLevelMtls: {8080: {mode: STRICT}}", (OWN,)),
        ("STRICT", "", "portLevelMtls: {8080: {mode: PERMISSIVE}}", (OWN,)),
        ("STRICT", "", "portLevelMtls: {8080: {mode: DISABLE}}", (STATIC,)),
        ("PERMISSIVE", "", "portLevelMtls: {8080: {mode: STRICT}}", (OWN,)),
        ("PERMISSIVE", "", "portLevelMtls: {8080: {mode: PERMISSIVE}}", ()),
    ],
)
def test_the_policies_for_mutual_tls(root: str, namespace: str, own: str, names: tuple[str, ...]) -> None:
    """The narrowest mode decides, and ports with another mode need a policy of their own
    (`convertedSelectorPeerAuthentications`).
    """
    found = peers(root, namespace, own)
    assert found.workloads[0].authorization_policies == names
    sent = {f"{each.namespace}/{each.name}" for each in found.authorizations}
    assert STATIC in sent
    assert sent >= set(names)


@pytest.mark.parametrize(
    ("root", "own", "groups"),
    [
        (
            "",
            "mtls: {mode: STRICT}\nportLevelMtls: {80: {mode: DISABLE}, 9: {mode: STRICT}}",
            [{"rules": [NO_IDENTITY, {"matches": [{"notDestinationPorts": [80]}]}]}],
        ),
        (
            "STRICT",
            "mtls: {mode: STRICT}\nportLevelMtls: {80: {mode: DISABLE}}",
            [{"rules": [NO_IDENTITY, {"matches": [{"notDestinationPorts": [80]}]}, NO_IDENTITY]}],
        ),
        (
            "STRICT",
            "portLevelMtls: {80: {mode: PERMISSIVE}}",
            [{"rules": [{"matches": [{"notDestinationPorts": [80]}]}, NO_IDENTITY]}],
        ),
        (
            "",
            "portLevelMtls: {90: {mode: STRICT}, 8: {mode: STRICT}, 7: {mode: PERMISSIVE}}",
            [
                {"rules": [{"matches": [{"notPrincipals": [ANY], "destinationPorts": [8]}]}]},
                {"rules": [{"matches": [{"notPrincipals": [ANY], "destinationPorts": [90]}]}]},
            ],
        ),
    ],
)
def test_modes_of_ports_become_groups(root: str, own: str, groups: list[Any]) -> None:
    """Each strict port has a group, and the exceptions of a strict policy share one (`convertPeerAuthentication`)."""
    made = {each.name: each for each in peers(root, own=own).authorizations}
    found = to_builtins(made["converted_peer_authentication_own"])
    assert found["groups"] == groups
    assert (found["scope"], found["action"]) == ("WORKLOAD_SELECTOR", "DENY")


@pytest.mark.parametrize(
    ("root", "namespace", "sent"),
    [("STRICT", "", False), ("STRICT", "UNSET", False), ("STRICT", "PERMISSIVE", True), ("PERMISSIVE", "STRICT", True)],
)
def test_a_strict_port_of_a_lax_policy(root: str, namespace: str, sent: bool) -> None:
    """In a strict mesh, istiod takes the port for strict already unless the namespace sets a mode. The workload then
    names a policy that is not sent (`convertPeerAuthentication`).
    """
    found = peers(root, namespace, "mtls: {mode: PERMISSIVE}\nportLevelMtls: {8080: {mode: STRICT}}")
    assert found.workloads[0].authorization_policies == (OWN,)
    assert (OWN in {f"{each.namespace}/{each.name}" for each in found.authorizations}) is sent


@pytest.mark.parametrize(
    ("root", "namespace", "mode", "ambient", "found"),
    [
        ("STRICT", "", "PERMISSIVE", True, ['spec.portLevelMtls["8080"]']),
        ("STRICT", "UNSET", "DISABLE", True, ['spec.portLevelMtls["8080"]']),
        ("STRICT", "PERMISSIVE", "PERMISSIVE", True, []),
        ("PERMISSIVE", "", "PERMISSIVE", True, []),
        ("STRICT", "", "STRICT", True, []),
        ("STRICT", "", "PERMISSIVE", False, []),
    ],
)
def test_an_open_strict_port_is_reported(root: str, namespace: str, mode: str, ambient: bool, found: list[str]) -> None:
    """A port that takes plain text although it is strict is a finding, where istiod sends no authorization for it."""
    levels = {"root": (root, "istio-system"), "wide": (namespace, "shop")}
    texts = [POD, policy(f"{WEB}\nmtls: {{mode: {mode}}}\n{STRICT_PORT}", kind="PeerAuthentication")]
    for name, (written, of) in levels.items():
        if written:
            texts.append(policy(f"mtls: {{mode: {written}}}", name, of, "PeerAuthentication"))
    mesh = meshcompile.load("\n---\n".join(texts) + "\n", ambient=ambient)
    reported = [each.origin.field for each in mesh.analyze() if each.code == "MC0834"]
    assert reported == found


def test_a_mesh_that_is_not_ambient_has_no_ztunnel() -> None:
    """Without ambient mode, ztunnel gets nothing."""
    assert meshcompile.load(POD + "---" + SERVICE).ztunnel() == meshcompile.ZtunnelConfig()
