"""Assumed proxies, for input without a workload for them."""

from __future__ import annotations

import pytest

import meshcompile
from meshcompile import AssumedProxy, InvalidArgument, ProxyType

GATEWAY = """\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: web, namespace: shop}
spec:
  selector: {istio: ingressgateway}
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [shop.example.com]}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: shop}
spec:
  hosts: [shop.example.com]
  gateways: [web]
  http: [{route: [{destination: {host: catalog}}]}]
---
apiVersion: v1
kind: Service
metadata: {name: catalog, namespace: shop}
spec: {selector: {app: catalog}, ports: [{name: http, port: 80, targetPort: web}]}
"""
SERVICE = """\
---
apiVersion: v1
kind: Service
metadata: {name: istio-ingressgateway, namespace: edge}
spec:
  selector: {istio: ingressgateway, app: gateway}
  ports: [{name: http2, port: 80, targetPort: 8080}]
"""
ROUTER = "router:istio-system,istio=ingressgateway"


def names(config: meshcompile.Config, kind: str) -> list[str]:
    return [each["name"] for each in config.to_dict([kind])[kind]]


def test_a_text_describes_a_proxy() -> None:
    """Type, namespace and labels are parsed from a text, and printed as the same text."""
    proxy = AssumedProxy.parse("router:edge,istio=ingressgateway,app=gateway")
    assert proxy == AssumedProxy(ProxyType.ROUTER, "edge", {"istio": "ingressgateway", "app": "gateway"})
    assert str(proxy) == "router:edge,istio=ingressgateway,app=gateway"
    assert AssumedProxy.parse("sidecar:shop") == AssumedProxy(ProxyType.SIDECAR, "shop")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("rooter:shop", "did you mean router?"),
        ("pod:shop", r"an assumed proxy is TYPE:NAMESPACE\[,LABEL=VALUE...\]"),
        ("sidecar:", "has a namespace"),
        ("sidecar:shop,app", "expected LABEL=VALUE, found 'app'"),
        ("sidecar:shop,=web", "expected LABEL=VALUE, found '=web'"),
        ("sidecar:shop,", "expected LABEL=VALUE, found ''"),
        ("waypoint:shop", "a waypoint cannot be assumed"),
    ],
)
def test_what_describes_no_proxy_is_refused(text: str, problem: str) -> None:
    """For an invalid text, the error says what was expected."""
    with pytest.raises(InvalidArgument, match=problem):
        meshcompile.load(GATEWAY).compile(text)


def test_a_gateway_without_a_workload_is_compiled() -> None:
    """An assumed router has the listeners and routes of the Gateways that select it."""
    config = meshcompile.load(GATEWAY).compile(ROUTER)
    assert (config.proxy.id, config.proxy.type) == ("assumed-router.istio-system", ProxyType.ROUTER)
    assert names(config, "listeners") == ["0.0.0.0_80"]
    assert names(config, "routes") == ["http.80"]


def test_a_service_maps_the_ports_of_a_gateway() -> None:
    """If a Service selects the labels, the gateway listens on its target ports."""
    mesh = meshcompile.load(GATEWAY + SERVICE)
    config = mesh.compile("router:edge,istio=ingressgateway,app=gateway")
    assert names(config, "routes") == ["http.8080"]
    assert any(found.slug == "assumed-endpoints" for found in config.diagnostics)
    assert names(mesh.compile("router:edge,istio=ingressgateway"), "routes") == ["http.80"]


def test_a_sidecar_without_a_workload_is_compiled() -> None:
    """An assumed sidecar has inbound clusters for the Services that select it, including named target ports."""
    config = meshcompile.load(GATEWAY).compile(AssumedProxy(ProxyType.SIDECAR, "shop", {"app": "catalog"}))
    assert "inbound|80||" in names(config, "clusters")
    assert config.proxy.labels["security.istio.io/tlsMode"] == "istio"


def test_what_is_assumed_is_said_of_its_proxy_only() -> None:
    """The assumption is a finding of the configuration, and the mesh does not change."""
    mesh = meshcompile.load(GATEWAY)
    config = mesh.compile(ROUTER)
    (found,) = [each for each in config.diagnostics if each.slug == "assumed-running"]
    assert found.file == f"<{ROUTER}>"
    assert mesh.proxies() == ()
    assert not set(mesh.diagnostics) & set(config.diagnostics)


def test_a_workload_of_the_input_keeps_its_pods() -> None:
    """An assumed proxy with the labels of a workload does not affect the Pods of the workload."""
    deployment = """\
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: catalog, namespace: shop}
spec:
  selector: {matchLabels: {app: catalog}}
  template:
    metadata: {labels: {app: catalog}}
    spec: {containers: [{name: catalog, image: catalog, ports: [{name: web, containerPort: 3000}]}]}
"""
    mesh = meshcompile.load(GATEWAY + deployment)
    assert [proxy.id for proxy in mesh.assuming("sidecar:shop,app=catalog").proxies()] == [
        "assumed-sidecar.shop",
        "catalog-0.shop",
    ]
    assert mesh.assuming("sidecar:shop").proxy("catalog-0.shop") == mesh.proxy("catalog-0.shop")


def test_gateways_say_which_routers_could_be_assumed() -> None:
    """The gateways that Gateways select are suggested, with the labels and namespace of a Service that selects more."""
    assert [str(each) for each in meshcompile.load(GATEWAY).assumable()] == [ROUTER]
    mesh = meshcompile.load(GATEWAY + SERVICE)
    assert [str(each) for each in mesh.assumable()] == ["router:edge,istio=ingressgateway,app=gateway"]
