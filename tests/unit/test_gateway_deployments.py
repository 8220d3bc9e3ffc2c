"""The Deployments and Services that istiod makes for Gateways of the Gateway API."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

import meshcompile
from meshcompile import Mesh
from meshcompile.models.kubernetes.service import Service
from meshcompile.models.kubernetes.workloads import Deployment
from meshcompile.snapshot.resources import CONFIG_CLUSTER

GATEWAY = """
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec:
  gatewayClassName: istio
  listeners:
    - {name: web.http, port: 80, protocol: HTTP}
    - {name: tls, port: 443, protocol: TLS, tls: {mode: Passthrough}}
    - {name: other, port: 80, protocol: HTTP, hostname: other.test}
"""
ROUTE = """---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web, namespace: shop}
spec: {parentRefs: [{name: edge, sectionName: web.http}], rules: [{backendRefs: [{name: web, port: 80}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {ports: [{name: http, port: 80}]}
"""
WAYPOINT = """
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: waypoint, namespace: shop}
spec: {gatewayClassName: istio-waypoint, listeners: [{name: mesh, port: 15008, protocol: HBONE}]}
"""
NAME, CLASS = "gateway.networking.k8s.io/gateway-name", "gateway.networking.k8s.io/gateway-class-name"


def made(text: str, ambient: bool = False) -> tuple[Deployment, Service]:
    """The Deployment and the Service of the only Gateway."""
    store = meshcompile.load(text, ambient=ambient)._clusters[CONFIG_CLUSTER].resources
    (deployment,) = (each for each in store if isinstance(each, Deployment))
    (service,) = (each for each in store if isinstance(each, Service))
    return deployment, service


def with_metadata(text: str, **metadata: str) -> str:
    added = ", ".join(f"{key}: {value}" for key, value in metadata.items())
    return text.replace("namespace: shop}", f"namespace: shop, {added}}}", 1)


def with_infrastructure(text: str, infrastructure: str) -> str:
    return text.replace("spec:\n", f"spec:\n  infrastructure: {infrastructure}\n", 1)


def slugs(mesh: Mesh) -> list[str]:
    return [each.slug for each in mesh.diagnostics]


def test_a_gateway_alone_can_be_compiled() -> None:
    """The proxy of a Gateway has its listeners and routes, without any workload in the input."""
    mesh = meshcompile.load(GATEWAY + ROUTE)
    assert [proxy.id for proxy in mesh.proxies()] == ["edge-istio-0.shop"]
    for name in ("gateway/edge.shop", "gtw/edge.shop", "deployment/edge-istio.shop"):
        config = mesh.compile(name)
        assert {listener.name for listener in config.listeners} >= {"0.0.0.0_80"}
        assert [route.name for route in config.routes] == ["http.80"]
    assert "outbound|80||web.shop.svc.cluster.local" in {cluster.name for cluster in config.clusters}


def test_names_labels_and_ports_are_those_of_istiod() -> None:
    """The Service has a port for health checks and one port for each port of the listeners."""
    deployment, service = made(GATEWAY)
    assert (deployment.name, service.name) == ("edge-istio", "edge-istio")
    assert [(port.name, port.port, port.app_protocol) for port in service.spec.ports] == [
        ("status-port", 15021, "tcp"),
        ("web-http", 80, "http"),
        ("tls", 443, "tls"),
    ]
    assert service.spec.type == "LoadBalancer"
    assert service.spec.selector == {NAME: "edge"}
    labels = {NAME: "edge", CLASS: "istio", "gateway.istio.io/managed": "istio.io-gateway-controller"}
    assert service.metadata.labels == deployment.metadata.labels == labels
    template = deployment.spec.template
    assert template.metadata.labels == {
        **labels,
        "sidecar.istio.io/inject": "false",
        "service.istio.io/canonical-name": "edge-istio",
        "service.istio.io/canonical-revision": "latest",
    }
    assert template.metadata.annotations["istio.io/rev"] == "default"
    assert template.spec.service_account == "edge-istio"


def test_a_waypoint_is_deployed_in_ambient_meshes() -> None:
    """A waypoint keeps its name, has an internal Service that prefers close endpoints, and is a waypoint proxy."""
    deployment, service = made(WAYPOINT, ambient=True)
    assert (deployment.name, service.spec.type) == ("waypoint", "ClusterIP")
    assert service.metadata.annotations == {"networking.istio.io/traffic-distribution": "PreferClose"}
    assert deployment.spec.template.metadata.labels["istio.io/dataplane-mode"] == "none"
    (proxy,) = meshcompile.load(WAYPOINT, ambient=True).proxies()
    assert (proxy.type, proxy.id) == ("waypoint", "waypoint-0.shop")
    assert meshcompile.load(WAYPOINT).proxies() == ()


@pytest.mark.parametrize(
    ("text", "name", "account"),
    [
        (with_metadata(GATEWAY, annotations="{gateway.istio.io/name-override: front}"), "front", "edge-istio"),
        (with_metadata(GATEWAY, annotations="{gateway.istio.io/service-account: front}"), "edge-istio", "front"),
    ],
)
def test_annotations_override_names(text: str, name: str, account: str) -> None:
    """A name override leaves the service account, and the other way around. Neither annotation is copied."""
    deployment, service = made(text)
    assert (deployment.name, service.name, deployment.spec.template.spec.service_account) == (name, name, account)
    assert deployment.metadata.annotations == service.metadata.annotations == {}


@pytest.mark.parametrize(
    ("infrastructure", "labels", "annotations"),
    [
        ("{}", {"team": "own"}, {"note": "own"}),
        ("{labels: {team: other, gateway.networking.k8s.io/x: z}}", {"team": "other"}, {"note": "own"}),
        ("{annotations: {note: other}}", {"team": "own"}, {"note": "other"}),
    ],
)
def test_infrastructure_replaces_what_is_copied(
    infrastructure: str, labels: Mapping[str, str], annotations: Mapping[str, str]
) -> None:
    """Labels and annotations come from the infrastructure if it has any, else from the Gateway."""
    text = with_metadata(GATEWAY, labels="{team: own}", annotations="{note: own}")
    _, service = made(with_infrastructure(text, infrastructure))
    own = {
        key: value for key, value in service.metadata.labels.items() if "istio.io" not in key and "k8s.io" not in key
    }
    assert (own, service.metadata.annotations) == (labels, annotations)


def test_an_address_is_asked_of_the_load_balancer() -> None:
    """A Gateway with one IP address is deployed. One with a host is not."""
    _, service = made(GATEWAY.replace("spec:\n", "spec:\n  addresses: [{value: 192.0.2.1}]\n", 1))
    assert service.spec.load_balancer_ip == "192.0.2.1"
    manual = meshcompile.load(GATEWAY.replace("spec:\n", "spec:\n  addresses: [{type: Hostname, value: web}]\n", 1))
    assert manual.proxies() == ()


def test_listener_sets_add_ports() -> None:
    """The ports of a ListenerSet are added if the Gateway takes it."""
    listener_set = """---
apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: {name: more, namespace: bank}
spec: {parentRef: {name: edge, namespace: shop}, listeners: [{name: more, port: 8443, protocol: HTTPS}]}
"""
    _, service = made(GATEWAY + listener_set)
    assert 8443 not in {port.port for port in service.spec.ports}
    allowing = GATEWAY.replace("  listeners:", "  allowedListeners: {namespaces: {from: All}}\n  listeners:")
    _, service = made(allowing + listener_set)
    assert service.spec.ports[-1].port == 8443


OPTIONS = """---
apiVersion: v1
kind: ConfigMap
metadata: {name: options, namespace: shop}
data:
  service: |
    metadata: {annotations: {added: "yes"}}
    spec:
      type: ClusterIP
      ports:
      - {port: 80, nodePort: 30080}
      - {name: extra, port: 9000}
      - {port: 15021, $patch: delete}
  deployment: |
    spec:
      template:
        spec:
          containers:
          - name: istio-proxy
            env: [{name: ISTIO_META_ROUTER_MODE, value: sni-dnat}]
"""
REFERRING = with_infrastructure(GATEWAY, "{parametersRef: {group: '', kind: ConfigMap, name: options}}")


def test_overlays_are_strategic_merge_patches() -> None:
    """Lists are merged by their keys, and an item can be deleted."""
    deployment, service = made(REFERRING + OPTIONS)
    assert (service.spec.type, service.metadata.annotations) == ("ClusterIP", {"added": "yes"})
    assert [(port.name, port.port, port.node_port) for port in service.spec.ports] == [
        ("web-http", 80, 30080),
        ("tls", 443, 0),
        ("extra", 9000, 0),
    ]
    (container,) = deployment.spec.template.spec.containers
    assert [(each.name, each.value) for each in container.env] == [("ISTIO_META_ROUTER_MODE", "sni-dnat")]
    assert container.args == ("proxy", "router")


def test_the_defaults_of_a_class_come_first() -> None:
    """The overlay of the Gateway wins over that of its class."""
    defaults = OPTIONS.replace(
        "name: options, namespace: shop", "name: all, namespace: istio-system, labels: {L: istio}"
    )
    of_class = defaults.replace("L:", "gateway.istio.io/defaults-for-class:").replace("ClusterIP", "NodePort")
    _, service = made(GATEWAY + of_class)
    assert service.spec.type == "NodePort"
    _, service = made(REFERRING + of_class + OPTIONS)
    assert service.spec.type == "ClusterIP"


@pytest.mark.parametrize(
    ("text", "problem", "field"),
    [
        (REFERRING, 'parametersRef targeting configmap "shop/options", but', "spec.infrastructure.parametersRef.name"),
        (REFERRING.replace("kind: ConfigMap", "kind: Secret"), "unknown infrastructure parameters type /Secret", ""),
        (REFERRING + OPTIONS.replace("service: |", "services: |"), 'unsupported overlay "services"', "data.services"),
        (
            REFERRING + OPTIONS.replace("{annotations:", "{name: other, annotations:"),
            "illegal metadata",
            "data.service",
        ),
        (REFERRING + OPTIONS.replace("type: ClusterIP", "type: [ClusterIP"), "is not YAML", "data.service"),
        (REFERRING + OPTIONS.replace("port: 9000", "port: many"), "the overlay of the Service is invalid", ""),
    ],
)
def test_an_overlay_that_istiod_refuses_is_a_finding(text: str, problem: str, field: str) -> None:
    """istiod makes nothing for the Gateway and says so only in its log."""
    mesh = meshcompile.load(text)
    (found,) = [each for each in mesh.diagnostics if each.slug == "gateway-not-deployed"]
    assert problem in found.message
    assert field in found.origin.field
    assert mesh.proxies() == ()


def test_what_the_input_has_is_used() -> None:
    """A Service or Deployment in the input is used as it is; only what is missing is assumed."""
    service = """---
apiVersion: v1
kind: Service
metadata: {name: edge-istio, namespace: shop}
spec: {type: ClusterIP, clusterIP: 10.0.0.9, selector: {NAME: edge}, ports: [{name: http, port: 80}]}
""".replace("NAME:", f"{NAME}:")
    _, found = made(GATEWAY + service)
    assert (found.spec.type, len(found.spec.ports)) == ("ClusterIP", 1)
    assumed = [
        each.message for each in meshcompile.load(GATEWAY + service).diagnostics if "istiod makes" in each.message
    ]
    assert assumed == ["assumed Deployment `edge-istio`, which istiod makes for this Gateway"]


def test_nothing_is_assumed_of_a_running_cluster() -> None:
    """A running Pod means that the input is complete."""
    pod = """---
apiVersion: v1
kind: Pod
metadata: {name: web-1, namespace: shop}
spec: {containers: [{name: web}]}
status: {phase: Running, podIP: 10.0.0.1}
"""
    mesh = meshcompile.load(GATEWAY + pod)
    assert mesh.proxies() == ()
    assert "assumed-gateway-deployment" not in slugs(mesh)


def test_another_istiod_or_controller_deploys_its_own() -> None:
    """A newer istiod and other controllers deploy their own Gateways."""
    newer = with_metadata(GATEWAY, annotations='{gateway.istio.io/controller-version: "6"}')
    assert meshcompile.load(newer).proxies() == ()
    assert meshcompile.load(GATEWAY.replace("gatewayClassName: istio", "gatewayClassName: nginx")).proxies() == ()


def test_the_network_of_the_cluster_is_known_to_its_gateways() -> None:
    """The label of Istio's namespace is the network; the one of a Gateway is also what it asks for."""
    namespace = "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: istio-system, labels: {L: east}}\n"
    labelled = namespace.replace("L:", "topology.istio.io/network:")
    (proxy,) = meshcompile.load(WAYPOINT + labelled, ambient=True).proxies()
    assert proxy.node_metadata.network == "east"
    own = with_metadata(GATEWAY, labels="{topology.istio.io/network: west}")
    (proxy,) = meshcompile.load(own + labelled).proxies()
    assert (proxy.node_metadata.network, proxy.node_metadata.requested_network_view) == ("west", ("west",))


def test_an_edit_elsewhere_keeps_what_is_made() -> None:
    """The objects of Gateways stay the same objects until something that they are made of changes."""
    mesh = meshcompile.load(GATEWAY + ROUTE)
    service = {each.name: each for each in mesh._resources.all(Service)}["edge-istio"]
    other = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "new", "namespace": "shop"}, "spec": {}}
    changed = mesh.updated(changed=[other])
    assert {each.name: each for each in changed._resources.all(Service)}["edge-istio"].spec.ports is service.spec.ports


def test_a_proxy_knows_what_it_comes_from() -> None:
    """The place of an assumed proxy is the Gateway that it is for."""
    mesh = meshcompile.load(GATEWAY + ROUTE)
    (proxy,) = mesh.proxies()
    origin = mesh.origin_of(proxy)
    assert origin is not None
    assert (origin.document.kind, origin.line) == ("Gateway", 2)
    assert meshcompile.load(ROUTE).origin_of(proxy) is None


def test_a_waypoint_has_an_address_as_soon_as_it_is_deployed() -> None:
    """Services use a waypoint that has an address in its status, which istiod writes."""
    service = """---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop, labels: {istio.io/use-waypoint: waypoint}}
spec: {clusterIP: 10.0.0.9, ports: [{name: http, port: 80}]}
"""
    index = meshcompile.load(WAYPOINT + service, ambient=True).snapshot.ambient_index
    waypoint = index.services["shop", "web.shop.svc.cluster.local"].attachment.waypoint
    assert waypoint is not None
    assert waypoint.full_name == "shop/waypoint"
