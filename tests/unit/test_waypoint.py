"""Waypoints, from YAML to Envoy."""

from __future__ import annotations

from textwrap import dedent
from typing import Any

import pytest
import yaml

import meshcompile

NAMESPACE = """
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio.io/dataplane-mode: ambient, istio.io/use-waypoint: waypoint}}
"""
GATEWAY = """
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: waypoint, namespace: shop, labels: {LABELS}}
spec: {gatewayClassName: istio-waypoint, listeners: [{name: mesh, port: 15008, protocol: HBONE}]}
"""
DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec:
  selector: {matchLabels: {app: cart}}
  template: {metadata: {labels: {app: cart}}, spec: {containers: [{name: cart, image: cart}]}}
"""
RULE = """
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: cart, namespace: shop}
spec: {host: cart, SPEC}
"""
ROUTE = """
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: cart, namespace: shop}
spec:
  parentRefs: [{group: "", kind: Service, name: cart}]
  rules: [{backendRefs: [{name: cart, port: 80, weight: 1}, {name: next, port: 80, weight: 3}]}]
"""
ENTRY = """
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: api, namespace: shop}
spec: {hosts: [api.example.com], ports: [{number: 443, name: tls, protocol: TLS}], resolution: DNS}
"""
POLICY = """
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: NAME, namespace: shop}
spec: {targetRefs: [{group: "GROUP", kind: KIND, name: TARGET}], rules: [{to: [{operation: {methods: [GET]}}]}]}
"""
WAYPOINT = "waypoint-0.shop"
RBAC = "envoy.filters.http.rbac"


def service(name: str, address: str, port: str = "name: http, port: 80", labels: str = "") -> str:
    return f"""
    apiVersion: v1
    kind: Service
    metadata: {{name: {name}, namespace: shop, labels: {{{labels}}}}}
    spec: {{clusterIP: {address}, selector: {{app: {name}}}, ports: [{{{port}}}]}}
    """


CART = service("cart", "10.0.0.8")
NEXT = service("next", "10.0.0.9")


def policy(kind: str, target: str, group: str = "") -> str:
    return (
        POLICY.replace("NAME", f"for-{target}").replace("GROUP", group).replace("KIND", kind).replace("TARGET", target)
    )


def mesh(*texts: str, labels: str = "", ambient: bool = True) -> meshcompile.Mesh:
    documents = (NAMESPACE, GATEWAY.replace("LABELS", labels), *texts)
    return meshcompile.load("\n---\n".join(map(dedent, documents)) + "\n", ambient=ambient)


def sent(of: meshcompile.Mesh, kind: str, key: str = "name") -> dict[str, Any]:
    """The resources of the waypoint by name."""
    return {each[key]: each for each in of.compile(WAYPOINT).to_dict()[kind]}


def chains(of: meshcompile.Mesh) -> dict[str, Any]:
    """The filter chains of the internal listener by name."""
    return {chain["name"]: chain for chain in sent(of, "listeners")["main_internal"]["filterChains"]}


def ranges(of: meshcompile.Mesh) -> dict[str, Any]:
    """What the internal listener does with connections, by the address that they are for."""
    by_address = sent(of, "listeners")["main_internal"]["filterChainMatcher"]["matcherTree"]["customMatch"]
    matchers = by_address["typedConfig"].get("rangeMatchers", ())
    return {each["addressPrefix"]: matcher["onMatch"] for matcher in matchers for each in matcher["ranges"]}


def manager(chain: dict[str, Any]) -> dict[str, Any]:
    """The HTTP connection manager of a chain."""
    found: dict[str, Any] = chain["filters"][-1]["typedConfig"]
    return found


def filters(chain: dict[str, Any]) -> list[str]:
    """The names of the HTTP filters of a chain."""
    return [each["name"] for each in manager(chain)["httpFilters"]]


def vip(kind: str, host: str = "cart.shop.svc.cluster.local", port: int = 80) -> str:
    return f"inbound-vip|{port}|{kind}|{host}"


# ---- what is behind a waypoint


@pytest.mark.parametrize(("resolution", "more"), [("DNS", ""), ("STATIC", ", endpoints: [{address: 192.0.2.1}]")])
def test_services_that_race_their_addresses(resolution: str, more: str) -> None:
    """The cluster of a ServiceEntry that races connections has both address families, even without DNS."""
    race = "namespace: shop, annotations: {istio.io/connect-strategy: RACE_FIRST_TCP_CONNECT}}"
    entry = ENTRY.replace("namespace: shop}", race).replace("resolution: DNS", f"resolution: {resolution}{more}")
    (cluster,) = (each for name, each in sent(mesh(entry), "clusters").items() if name.startswith("inbound-vip"))
    assert cluster["dnsLookupFamily"] == "ALL"
    (plain,) = (each for name, each in sent(mesh(ENTRY), "clusters").items() if name.startswith("inbound-vip"))
    assert plain["dnsLookupFamily"] == "V4_ONLY"


def test_services_of_a_labelled_namespace_are_behind_its_waypoint() -> None:
    """Services of a namespace with `istio.io/use-waypoint` have a chain and a cluster; those that opt out have none."""
    of = mesh(CART, service("next", "10.0.0.9", labels="istio.io/use-waypoint: none"))
    assert [name for name in chains(of) if name.startswith("inbound-vip")] == [vip("http")]
    assert [name for name in sent(of, "clusters") if name.startswith("inbound-vip")] == [vip("http")]
    assert [*ranges(of)] == ["10.0.0.8"]


@pytest.mark.parametrize(
    ("traffic", "services", "workloads"),
    [("service", True, False), ("workload", False, True), ("all", True, True), ("none", False, False)],
)
def test_a_waypoint_is_for_a_type_of_traffic(traffic: str, services: bool, workloads: bool) -> None:
    """`istio.io/waypoint-for` says whether Services, Pods, both or neither are behind a waypoint."""
    of = mesh(CART, DEPLOYMENT, labels=f"istio.io/waypoint-for: {traffic}")
    assert ("10.0.0.8" in ranges(of)) == services
    assert any("direct" in str(found) for found in ranges(of).values()) == workloads


def test_nothing_is_behind_a_waypoint_outside_of_ambient() -> None:
    """Without ambient mode no object uses a waypoint, and a finding says so."""
    proxy = meshcompile.Proxy.from_node({"id": "waypoint~10.2.0.7~waypoint-0.shop~shop.svc.cluster.local"})
    config = mesh(CART, ambient=False).compile(proxy)
    assert not any(cluster.name.startswith("inbound-vip") for cluster in config.clusters)
    assert [each.code for each in config.diagnostics] == ["MC1214"]


def test_the_address_of_a_waypoint_is_assumed_with_its_service() -> None:
    """A Gateway without a status is a waypoint if its Service is assumed, and not in a cluster with running Pods."""
    pod = """
    apiVersion: v1
    kind: Pod
    metadata: {name: other, namespace: shop}
    spec: {containers: [{name: c}]}
    status: {phase: Running, podIP: 10.2.0.1}
    """
    assert [*mesh().snapshot.ambient_index.waypoints] == [("shop", "waypoint")]
    assert [*mesh(pod).snapshot.ambient_index.waypoints] == []


OWN = "istio.io/use-waypoint: waypoint"


@pytest.mark.parametrize(
    ("labels", "of_gateway", "problem"),
    [
        (OWN, "", None),
        ("istio.io/use-waypoint: lost", "", "WaypointIsNotReady"),
        (f"{OWN}, istio.io/use-waypoint-namespace: prod", "", "WaypointIsNotReady"),
        (OWN, "istio.io/waypoint-for: workload", "UnsupportedTrafficType"),
        ("", "istio.io/waypoint-for: workload", None),
    ],
)
def test_a_service_that_does_not_get_its_waypoint_is_reported(
    labels: str, of_gateway: str, problem: str | None
) -> None:
    """A Service whose label names a waypoint that it cannot use has a finding with istiod's reason."""
    of = mesh(service("cart", "10.0.0.8", labels=labels), labels=of_gateway)
    found = [each for each in of.diagnostics if each.code == "MC1215"]
    assert len(found) == (problem is not None)
    assert all(each.message.endswith(f"({problem})") for each in found)
    assert all(each.field == 'metadata.labels["istio.io/use-waypoint"]' for each in found)


def test_a_namespace_that_the_listener_does_not_allow_is_reported() -> None:
    """Without `allowedRoutes`, only the namespace of a waypoint may use it."""
    other = service("cart", "10.0.0.8", labels=f"{OWN}, istio.io/use-waypoint-namespace: shop").replace(
        "namespace: shop, labels", "namespace: prod, labels"
    )
    assert [each.message for each in mesh(other).diagnostics if each.code == "MC1215"] == [
        "cart.prod.svc.cluster.local does not use waypoint `shop/waypoint`: "
        "its listener does not allow this namespace (AttachmentDenied)"
    ]


# ---- chains


def test_a_port_without_protocol_has_two_chains() -> None:
    """Envoy detects HTTP on a port without protocol: each protocol has its chain and its cluster."""
    of = mesh(service("cart", "10.0.0.8", "name: any, port: 80"))
    assert {vip("http"), vip("tcp")} <= chains(of).keys() & sent(of, "clusters").keys()
    protocols = ranges(of)["10.0.0.8"]["matcher"]["matcherTree"]["exactMatchMap"]["map"]["80"]["matcher"]
    assert [*protocols["matcherTree"]["exactMatchMap"]["map"]] == ["'h2c'", "'http/1.1'"]
    assert protocols["onNoMatch"]["action"]["name"] == vip("tcp")


def test_routes_of_a_service_are_in_its_chain() -> None:
    """An HTTPRoute of a Service decides for requests to its address, in the listener itself."""
    (host,) = manager(chains(mesh(CART, NEXT, ROUTE))[vip("http")])["routeConfig"]["virtualHosts"]
    (route,) = host["routes"]
    assert [(each["name"], each["weight"]) for each in route["route"]["weightedClusters"]["clusters"]] == [
        (vip("http"), 1),
        (vip("http", "next.shop.svc.cluster.local"), 3),
    ]


def test_routes_to_services_that_are_not_behind_need_outbound_clusters() -> None:
    """A route to a Service that does not use the waypoint leads to an outbound cluster."""
    other = service("next", "10.0.0.9", labels="istio.io/use-waypoint: none")
    of, outbound = mesh(CART, other, ROUTE), "outbound|80||next.shop.svc.cluster.local"
    assert outbound in str(chains(of)[vip("http")])
    assert outbound in sent(of, "clusters")
    assert outbound not in sent(mesh(CART, other), "clusters")


@pytest.mark.parametrize(
    ("kind", "target", "group", "cart", "other"),
    [
        ("Service", "cart", "", True, False),
        ("Gateway", "waypoint", "gateway.networking.k8s.io", True, True),
        ("Gateway", "other", "gateway.networking.k8s.io", False, False),
    ],
)
def test_policies_apply_where_they_are_attached(kind: str, target: str, group: str, cart: bool, other: bool) -> None:
    """A policy for a Service is in the chains of that Service; one for the waypoint is in every chain."""
    found = chains(mesh(CART, NEXT, policy(kind, target, group)))
    assert (RBAC in filters(found[vip("http")])) == cart
    assert (RBAC in filters(found[vip("http", "next.shop.svc.cluster.local")])) == other


def test_a_policy_for_a_service_behind_a_waypoint_is_not_skipped() -> None:
    """What is attached to a Service behind the waypoint counts as used, and the rest has a reason."""
    of = mesh(CART, policy("Service", "cart"), policy("Service", "next"))
    used = {
        use.name: bool(use.pointers) for use in of.used_by(of.compile(WAYPOINT)) if use.kind == "AuthorizationPolicy"
    }
    assert used == {"for-cart": True, "for-next": False}


def test_the_gateway_of_a_waypoint_is_used() -> None:
    """The internal listener comes from the Gateway, and its chains for workloads do."""
    of = mesh(CART)
    (use,) = (use for use in of.used_by(of.compile(WAYPOINT)) if use.kind == "Gateway")
    assert len(use.pointers) == 3


# ---- clusters and endpoints


def test_subsets_have_clusters() -> None:
    """Each subset of a DestinationRule has a cluster, named after the protocol and the subset."""
    of = mesh(CART, DEPLOYMENT, RULE.replace("SPEC", "subsets: [{name: v1, labels: {app: cart}}]"))
    assert {name for name in sent(of, "clusters") if name.startswith("inbound-vip")} == {vip("http"), vip("http/v1")}


def test_endpoints_are_at_the_end_of_tunnels() -> None:
    """The waypoint opens a tunnel to each Pod: an endpoint is its internal listener, with the Pod's address."""
    (group,) = sent(mesh(CART, DEPLOYMENT), "endpoints", "clusterName")[vip("http")]["endpoints"]
    (found,) = group["lbEndpoints"]
    internal = found["endpoint"]["address"]["envoyInternalAddress"]
    assert internal["serverListenerName"] == "connect_originate"
    assert found["metadata"]["filterMetadata"]["envoy.filters.listener.original_dst"]["local"] == internal["endpointId"]


def test_tls_of_a_rule_is_inside_of_the_tunnel() -> None:
    """A rule with TLS wraps it into the socket of the tunnel; Istio's own mutual TLS is left out."""

    def content(mode: str) -> str:
        rule = RULE.replace("SPEC", f"trafficPolicy: {{tls: {{mode: {mode}}}}}")
        socket = sent(mesh(CART, rule), "clusters")[vip("http")]["transportSocket"]
        assert socket["name"] == "internal_upstream"
        name: str = socket["typedConfig"]["transportSocket"]["name"]
        return name

    assert (content("SIMPLE"), content("ISTIO_MUTUAL")) == (
        "envoy.transport_sockets.tls",
        "raw_buffer",
    )


def test_service_entries_are_behind_waypoints() -> None:
    """A ServiceEntry of DNS has a cluster that resolves its host."""
    cluster = sent(mesh(ENTRY), "clusters")[vip("tcp", "api.example.com", 443)]
    endpoint = cluster["loadAssignment"]["endpoints"][0]["lbEndpoints"][0]["endpoint"]
    assert endpoint["address"]["socketAddress"]["address"] == "api.example.com"


# ---- edits


EDITED = (CART, NEXT, ROUTE, DEPLOYMENT, RULE.replace("SPEC", "trafficPolicy: {tls: {mode: SIMPLE}}"), ENTRY)
EDITS = {
    "namespace": NAMESPACE.replace(", istio.io/use-waypoint: waypoint", ""),
    "gateway": GATEWAY.replace("LABELS", "istio.io/waypoint-for: workload"),
    "service": service("next", "10.0.0.9", labels="istio.io/use-waypoint: none"),
    "address": service("cart", "10.0.0.7"),
    "route": ROUTE.replace("weight: 1", "weight: 5"),
    "rule": RULE.replace("SPEC", "trafficPolicy: {connectionPool: {tcp: {maxConnections: 3}}}"),
    "policy": policy("Service", "next"),
    "entry": ENTRY.replace("443", "444"),
    "deployment": DEPLOYMENT.replace("labels: {app: cart}", "labels: {app: cart, version: v2}"),
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_reaches_the_waypoint(edit: str) -> None:
    """After an edit of any object, the waypoint gets what it gets from the edited input."""
    base = mesh(*EDITED)
    before, changed = base.compile(WAYPOINT), yaml.safe_load(dedent(EDITS[edit]))
    documents = {name_of(text): text for text in (NAMESPACE, GATEWAY.replace("LABELS", ""), *EDITED, EDITS[edit])}
    fresh = meshcompile.load("\n---\n".join(map(dedent, documents.values())) + "\n", ambient=True)
    after = base.updated(changed).compile(WAYPOINT).to_dict()
    assert after == fresh.compile(WAYPOINT).to_dict() != before.to_dict()


def name_of(text: str) -> tuple[str, str]:
    """The kind and the name of an object."""
    document = yaml.safe_load(dedent(text))
    return document["kind"], document["metadata"]["name"]
