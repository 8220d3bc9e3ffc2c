"""The index of the ambient mesh: waypoints, what uses them, and who accepts HBONE."""

from textwrap import dedent

import pytest

import meshcompile
from meshcompile.snapshot.ambient.attachment import RefusedAttachment
from meshcompile.snapshot.ambient.index import AmbientIndex, WaypointKey

NAMESPACES = """
apiVersion: v1
kind: Namespace
metadata:
  name: shop
  labels: {team: red}
---
apiVersion: v1
kind: Namespace
metadata:
  name: other
  labels: {team: blue, istio.io/use-waypoint: gate, istio.io/use-waypoint-namespace: shop}
"""


def waypoint(
    *, labels: str = "{}", allowed: str = "{from: Same}", address: str = "{type: Hostname, value: gate.shop}"
) -> str:
    return f"""
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata:
  name: gate
  namespace: shop
  labels: {labels}
spec:
  gatewayClassName: istio-waypoint
  listeners:
  - {{name: mesh, port: 15008, protocol: HBONE, allowedRoutes: {{namespaces: {allowed}}}}}
status:
  addresses: [{address}]
"""


def service(name: str, namespace: str = "shop", labels: str = "{istio.io/use-waypoint: gate}") -> str:
    return f"""
---
apiVersion: v1
kind: Service
metadata:
  name: {name}
  namespace: {namespace}
  labels: {labels}
spec:
  clusterIP: 10.96.0.7
  selector: {{app: {name}}}
  ports: [{{name: http, port: 80}}]
"""


def pod(name: str, labels: str, annotations: str = "{}", address: str = "10.42.0.7") -> str:
    return f"""
---
apiVersion: v1
kind: Pod
metadata:
  name: {name}
  namespace: shop
  labels: {labels}
  annotations: {annotations}
spec: {{containers: [{{name: app, image: app}}]}}
status: {{phase: Running, podIP: {address}}}
"""


def index(*texts: str, ambient: bool = True) -> AmbientIndex:
    return meshcompile.load(dedent(NAMESPACES + "".join(texts)), ambient=ambient).snapshot.ambient_index


CART = ("shop", "cart.shop.svc.cluster.local")


def test_a_mesh_that_is_not_ambient_has_no_waypoints() -> None:
    """Without ambient mode, the index is empty."""
    assert not index(waypoint(), service("cart"), ambient=False).services


def test_a_gateway_without_an_address_is_not_a_waypoint() -> None:
    """In a cluster, a Gateway whose status has no address serves nothing, and the service says why."""
    running = pod("web", "{app: web}")
    found = index(waypoint().partition("status:")[0], service("cart"), running).services[CART].attachment
    assert found.waypoint is None
    assert found.refused is RefusedAttachment.NOT_READY


def test_a_service_uses_the_waypoint_that_its_label_names() -> None:
    """The host and each address of the waypoint lead to the services that use it."""
    found = index(waypoint(), service("cart"), service("free", labels="{}"))
    by_host = found.services_for(WaypointKey("shop", ("gate.shop",), "", ()))
    assert [each.key for each in by_host] == [CART]
    assert found.waypoint_host(*CART) == "gate.shop"
    assert found.waypoint_host("shop", "free.shop.svc.cluster.local") is None


def test_a_waypoint_with_an_ip_address_is_found_by_its_service() -> None:
    """The host name of a waypoint with an IP address is that of the service with the address."""
    gate = waypoint(address="{type: IPAddress, value: 10.96.0.9}")
    own = service("gate", labels="{}").replace("10.96.0.7", "10.96.0.9")
    found = index(gate, own, service("cart"))
    assert found.waypoint_host(*CART) == "gate.shop.svc.cluster.local"
    assert [each.key for each in found.services_for(WaypointKey("shop", (), "", ("10.96.0.9",)))] == [CART]


@pytest.mark.parametrize(
    ("allowed", "refused"),
    [
        ("{from: All}", None),
        ("{from: Selector, selector: {matchLabels: {team: blue}}}", None),
        ("{from: Selector, selector: {matchLabels: {team: green}}}", RefusedAttachment.DENIED),
        ("{from: Selector}", RefusedAttachment.DENIED),
        ("{from: Same}", RefusedAttachment.DENIED),
        ("{from: None}", RefusedAttachment.DENIED),
    ],
)
def test_the_listener_decides_which_namespaces_may_use_a_waypoint(
    allowed: str, refused: RefusedAttachment | None
) -> None:
    """A service of a namespace that the HBONE listener does not allow is refused."""
    found = index(waypoint(allowed=allowed), service("cart", "other", "{}"))
    assert found.services["other", "cart.other.svc.cluster.local"].attachment.refused is refused


def test_none_opts_out_of_the_waypoint_of_the_namespace() -> None:
    """The label value `none` on a service overrides the label of its namespace."""
    found = index(waypoint(allowed="{from: All}"), service("cart", "other", "{istio.io/use-waypoint: none}"))
    attachment = found.services["other", "cart.other.svc.cluster.local"].attachment
    assert (attachment.waypoint, attachment.refused) == (None, None)


@pytest.mark.parametrize(
    ("labels", "of_service", "of_workload"),
    [
        ("{}", True, False),
        ("{istio.io/waypoint-for: service}", True, False),
        ("{istio.io/waypoint-for: workload}", False, True),
        ("{istio.io/waypoint-for: all}", True, True),
        ("{istio.io/waypoint-for: none}", False, False),
    ],
)
def test_a_waypoint_handles_the_traffic_that_its_label_names(labels: str, of_service: bool, of_workload: bool) -> None:
    """`istio.io/waypoint-for` decides whether services, workloads, both or none use a waypoint."""
    found = index(waypoint(labels=labels), service("cart"), pod("cart-0", "{app: cart, istio.io/use-waypoint: gate}"))
    assert (found.services[CART].attachment.waypoint is not None) == of_service
    assert (found.workloads[0].attachment.waypoint is not None) == of_workload


def test_the_pods_of_a_waypoint_use_no_waypoint() -> None:
    """A Pod that serves a waypoint is not behind it, whatever it asks for."""
    labels = "{gateway.networking.k8s.io/gateway-name: gate, istio.io/use-waypoint: gate}"
    found = index(waypoint(labels="{istio.io/waypoint-for: all}"), pod("gate-0", labels))
    assert found.workloads[0].attachment.waypoint is None


@pytest.mark.parametrize(
    ("labels", "annotations", "accepts"),
    [
        ("{app: cart}", "{}", False),
        ("{app: cart}", "{ambient.istio.io/redirection: enabled}", True),
        ("{app: cart}", "{ambient.istio.io/redirection: disabled}", False),
        ("{app: cart, networking.istio.io/tunnel: http}", "{}", True),
        ('{app: cart, networking.istio.io/tunnel: "grpc,http"}', "{}", True),
        ("{app: cart, networking.istio.io/tunnel: grpc}", "{}", False),
    ],
)
def test_a_redirected_pod_and_one_with_a_tunnel_accept_hbone(labels: str, annotations: str, accepts: bool) -> None:
    """The annotation of ztunnel's redirection and the tunnel label make a Pod accept HBONE, also at its Service."""
    found = index(service("cart"), pod("cart-0", labels, annotations))
    assert found.accepts_hbone("", "10.42.0.7") == accepts
    assert found.accepts_hbone("", "10.96.0.7") == accepts
    assert not found.accepts_hbone("elsewhere", "10.42.0.7")


def test_hosts_of_a_dns_service_entry_are_workloads() -> None:
    """A ServiceEntry with DNS and without endpoints has one workload per host."""
    entry = """
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: web, namespace: shop}
spec:
  hosts: [a.test, b.test]
  resolution: DNS
  ports: [{number: 80, name: http, protocol: HTTP}]
"""
    assert [each.hostname for each in index(entry).workloads] == ["a.test", "b.test"]
