"""HBONE tunnels of sidecars and gateways, from YAML to Envoy."""

from __future__ import annotations

from textwrap import dedent
from typing import Any

import pytest

import meshcompile
from meshcompile.proxy import Proxy
from tests.meshes import clusters, endpoints, gateway, listeners, sidecar

SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: api, namespace: shop, labels: {LABELS}}
spec: {clusterIP: ADDRESS, selector: {app: api}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: api-1, namespace: shop, labels: {kubernetes.io/service-name: api}}
addressType: IPv4
ports: [{name: http, port: 8080, protocol: TCP}]
endpoints:
  - {addresses: [10.2.0.1], conditions: {ready: true}, targetRef: {kind: Pod, name: api-1, namespace: shop}}
"""
POD = """
apiVersion: v1
kind: Pod
metadata:
  name: api-1
  namespace: shop
  labels: {app: api, LABELS}
  annotations: {ANNOTATIONS}
spec: {serviceAccountName: api, containers: [{name: c}]}
status: {phase: Running, podIP: 10.2.0.1, podIPs: [{ip: 10.2.0.1}], conditions: [{type: Ready, status: "True"}]}
"""
WAYPOINT = """
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: waypoint, namespace: shop}
spec: {gatewayClassName: istio-waypoint, listeners: [{name: mesh, port: 15008, protocol: HBONE}]}
status: {addresses: [{type: Hostname, value: waypoint.shop.svc.cluster.local}]}
---
apiVersion: v1
kind: Service
metadata: {name: waypoint, namespace: shop}
spec: {clusterIP: 10.0.0.7, selector: {app: waypoint}, ports: [{name: mesh, port: 15008, appProtocol: hbone}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: waypoint-1, namespace: shop, labels: {kubernetes.io/service-name: waypoint}}
addressType: IPv4
ports: [{name: mesh, port: 15008, protocol: TCP}]
endpoints: [{addresses: [10.2.0.7], conditions: {ready: true}}]
"""
NAME = "outbound|80||api.shop.svc.cluster.local"
REDIRECTED = "ambient.istio.io/redirection: enabled"
HAS_SIDECAR = "security.istio.io/tlsMode: istio"


def mesh(*texts: str, ambient: bool = True, **mesh_config: Any) -> meshcompile.Mesh:
    joined = "\n---\n".join(dedent(text) for text in texts)
    return meshcompile.load(joined + "\n", mesh_config=mesh_config or None, ambient=ambient)


def service(labels: str = "", address: str = "10.0.0.9") -> str:
    return SERVICE.replace("LABELS", labels).replace("ADDRESS", address)


def pod(labels: str = "", annotations: str = "") -> str:
    return POD.replace("LABELS", labels).replace("ANNOTATIONS", annotations)


def endpoint(of: meshcompile.Mesh, proxy: Proxy) -> dict[str, Any]:
    """The only endpoint of the service."""
    found: dict[str, Any]
    (group,) = endpoints(of, proxy)[NAME]
    (found,) = group["lbEndpoints"]
    return found


def is_tunnelled(of: meshcompile.Mesh, proxy: Proxy) -> bool:
    return "envoyInternalAddress" in endpoint(of, proxy)["endpoint"]["address"]


@pytest.mark.parametrize("proxy", [sidecar(), gateway()], ids=["sidecar", "gateway"])
def test_tunnels_are_opened_in_ambient_meshes(proxy: Proxy) -> None:
    """In an ambient mesh, every sidecar and gateway can open tunnels."""
    of, plain = mesh(), mesh(ambient=False)
    assert "connect_originate" in listeners(of, proxy)
    assert "connect_originate" in clusters(of, proxy)
    assert "connect_originate" not in listeners(plain, proxy)
    assert "connect_originate" not in clusters(plain, proxy)


def test_a_proxy_opens_no_tunnels_if_it_says_so() -> None:
    """With DISABLE_HBONE_SEND, a proxy sends plain text to ambient workloads, and needs no cluster for tunnels."""
    of, proxy = mesh(service(), pod(annotations=REDIRECTED)), sidecar(DISABLE_HBONE_SEND="true")
    assert "connect_originate" not in clusters(of, proxy)
    assert not is_tunnelled(of, proxy)


def test_the_cluster_of_tunnels() -> None:
    """Tunnels go to the HBONE port with TLS 1.3, to any identity of the mesh, and stay open as the mesh config says."""
    cluster = clusters(mesh(hboneIdleTimeout="5s", trustDomain="td"), sidecar())["connect_originate"]
    (options,) = cluster["typedExtensionProtocolOptions"].values()
    context = cluster["transportSocket"]["typedConfig"]["commonTlsContext"]
    (san,) = context["combinedValidationContext"]["defaultValidationContext"]["matchTypedSubjectAltNames"]
    assert options["commonHttpProtocolOptions"] == {"idleTimeout": "5s"}
    assert cluster["originalDstLbConfig"]["upstreamPortOverride"] == 15008
    assert context["tlsParams"]["tlsMinimumProtocolVersion"] == "TLSv1_3"
    assert san == {"sanType": "URI", "matcher": {"prefix": "spiffe://td/"}}


@pytest.mark.parametrize(
    ("labels", "annotations", "tunnelled"),
    [
        ("", "", False),
        ("", REDIRECTED, True),
        (HAS_SIDECAR, REDIRECTED, False),
        ("networking.istio.io/tunnel: 'other,http'", "", True),
        ("networking.istio.io/tunnel: other", "", False),
        ("gateway.istio.io/managed: istio.io-mesh-controller", "", True),
    ],
)
def test_endpoints_behind_tunnels(labels: str, annotations: str, tunnelled: bool) -> None:
    """Ambient workloads, those with the label and waypoints get tunnels, unless they take mutual TLS."""
    assert is_tunnelled(mesh(service(), pod(labels, annotations)), sidecar()) is tunnelled


def test_the_label_needs_no_ambient_mesh() -> None:
    """Outside of ambient meshes, the label alone leads to tunnels, and the annotation does not."""
    assert is_tunnelled(mesh(service(), pod("networking.istio.io/tunnel: http"), ambient=False), sidecar())
    assert not is_tunnelled(mesh(service(), pod(annotations=REDIRECTED), ambient=False), sidecar())


def test_an_endpoint_behind_a_tunnel() -> None:
    """A tunnelled endpoint is an internal listener, with the destination in its ID and its metadata."""
    found = endpoint(mesh(service(), pod(annotations=REDIRECTED)), sidecar())
    assert found["endpoint"]["address"] == {
        "envoyInternalAddress": {"serverListenerName": "connect_originate", "endpointId": "10.2.0.1:8080"}
    }
    metadata = found["metadata"]["filterMetadata"]
    assert metadata["envoy.filters.listener.original_dst"] == {"local": "10.2.0.1:8080"}
    assert metadata["envoy.transport_socket_match"] == {"tunnel": "http"}


@pytest.mark.parametrize(
    ("policy", "names", "inner"),
    [
        ("", ["hbone", "tlsMode-istio", "tlsMode-disabled"], "raw_buffer"),
        ("tls: {mode: DISABLE}", ["hbone", "tlsMode-disabled"], "raw_buffer"),
        ("tls: {mode: ISTIO_MUTUAL}", ["hbone", "tlsMode-istio"], "raw_buffer"),
        ("tls: {mode: SIMPLE}", ["hbone", "user"], "tls"),
        ("tls: {mode: SIMPLE, credentialName: c}", ["hbone", "tlsMode-disabled"], "raw_buffer"),
    ],
)
def test_sockets(policy: str, names: list[str], inner: str) -> None:
    """A tunnel takes the place of mutual TLS. Other TLS of a rule goes through the tunnel."""
    rule = f"""
    apiVersion: networking.istio.io/v1
    kind: DestinationRule
    metadata: {{name: api, namespace: shop}}
    spec: {{host: api, trafficPolicy: {{{policy}}}}}
    """
    matches = clusters(mesh(service(), pod(annotations=REDIRECTED), rule), sidecar())[NAME]["transportSocketMatches"]
    assert [match["name"] for match in matches] == names
    carried = matches[0]["transportSocket"]["typedConfig"]["transportSocket"]["name"]
    assert carried == f"envoy.transport_sockets.{inner}"


@pytest.mark.parametrize(
    ("proxy", "asked", "address", "destination"),
    [
        (gateway(), "'true'", "10.0.0.9", {"local": "10.0.0.9:80", "waypoint": "10.2.0.7:15008"}),
        (gateway(), "'true'", "None", {"local": "0.0.0.0:80", "waypoint": "10.2.0.7:15008"}),  # headless
        (gateway(), "'false'", "10.0.0.9", {"local": "10.2.0.1:8080"}),
        (sidecar(), "'true'", "10.0.0.9", {"local": "10.2.0.1:8080"}),
    ],
)
def test_gateways_use_waypoints(proxy: Proxy, asked: str, address: str, destination: dict[str, str]) -> None:
    """A gateway reaches a Service through its waypoint if the Service says so. Sidecars never do."""
    labels = f"istio.io/use-waypoint: waypoint, istio.io/ingress-use-waypoint: {asked}"
    of = mesh(service(labels, address), pod(annotations=REDIRECTED), WAYPOINT)
    found = endpoint(of, proxy)["metadata"]["filterMetadata"]
    assert found["envoy.filters.listener.original_dst"] == destination


def test_a_waypoint_without_its_service_has_no_endpoints() -> None:
    """A gateway that must use a waypoint whose Service does not exist reaches nothing."""
    labels = "istio.io/use-waypoint: waypoint, istio.io/ingress-use-waypoint: 'true'"
    lost = WAYPOINT.replace(
        "name: waypoint, namespace: shop}\nspec: {clusterIP", "name: w, namespace: shop}\nspec: {clusterIP"
    )
    assert endpoints(mesh(service(labels), pod(annotations=REDIRECTED), lost), gateway())[NAME] == []


def test_gateways_reach_services_without_addresses_directly() -> None:
    """Waypoints know services by their addresses, so gateways reach a service without any directly."""
    entry = """
    apiVersion: networking.istio.io/v1
    kind: ServiceEntry
    metadata:
      name: api
      namespace: shop
      labels: {istio.io/use-waypoint: waypoint, istio.io/ingress-use-waypoint: "true"}
    spec:
      hosts: [api.example]
      ports: [{number: 80, name: http, protocol: HTTP}]
      resolution: STATIC
      endpoints: [{address: 10.2.0.1}]
    """
    (group,) = endpoints(mesh(entry, WAYPOINT), gateway())["outbound|80||api.example"]
    assert group["lbEndpoints"][0]["endpoint"]["address"] == {"socketAddress": {"address": "10.2.0.1", "portValue": 80}}


def inner_listener(*texts: str, **mesh_config: Any) -> dict[str, Any]:
    """The listener of a sidecar for what tunnels carry."""
    of = mesh(service(), *texts, **mesh_config)
    return listeners(of, sidecar(labels={"app": "api"}, ENABLE_HBONE="true"))["main_internal"]


def test_tunnels_end_at_sidecars_that_accept_them() -> None:
    """With ENABLE_HBONE, a sidecar of an ambient mesh accepts tunnels, and a gateway does not."""
    ends = {"connect_terminate", "main_internal"}
    assert ends <= set(listeners(mesh(), sidecar(ENABLE_HBONE="true")))
    assert "main_internal" in clusters(mesh(), sidecar(ENABLE_HBONE="true"))
    assert not ends & set(listeners(mesh(ambient=False), sidecar(ENABLE_HBONE="true")))
    assert not ends & set(listeners(mesh(), sidecar()))
    assert not ends & set(listeners(mesh(), gateway(ENABLE_HBONE="true")))


@pytest.mark.parametrize(
    ("annotations", "config", "label"),
    [
        ("", {}, None),
        ("", {"defaultConfig": {"proxyMetadata": {"ISTIO_META_ENABLE_HBONE": "true"}}}, "http"),
        ("proxy.istio.io/config: '{proxyMetadata: {ISTIO_META_ENABLE_HBONE: \"true\"}}'", {}, "http"),
    ],
)
def test_assumed_sidecars_declare_tunnels(annotations: str, config: dict[str, Any], label: str | None) -> None:
    """An assumed Pod whose sidecar accepts tunnels has the label that injection adds."""
    deployment = f"""
    apiVersion: apps/v1
    kind: Deployment
    metadata: {{name: api, namespace: shop}}
    spec:
      selector: {{matchLabels: {{app: api}}}}
      template:
        metadata: {{labels: {{app: api}}, annotations: {{{annotations}}}}}
        spec: {{containers: [{{name: api}}]}}
    """
    (found,) = mesh(deployment, **config).proxies()
    assert found.labels.get("networking.istio.io/tunnel") == label


def test_what_tunnels_carry_has_the_address_of_the_proxy() -> None:
    """Connections out of tunnels match by the proxy's own addresses, without a transport protocol."""
    matches = [chain["filterChainMatch"] for chain in inner_listener(pod())["filterChains"]]
    own = [{"addressPrefix": "10.1.0.1", "prefixLen": 32}]
    assert [match.pop("prefixRanges") for match in matches] == [own, own, own]
    assert matches == [{"destinationPort": 8080}, {"applicationProtocols": ["http/1.1", "h2c"]}, {}]


def test_identities_out_of_tunnels() -> None:
    """Rules on identities look at the end of the tunnel. The listener for direct connections looks at the peer."""
    policy = """
    apiVersion: security.istio.io/v1
    kind: AuthorizationPolicy
    metadata: {name: p, namespace: shop}
    spec:
      action: DENY
      rules: [{from: [{source: {principals: [cluster.local/ns/shop/sa/web]}}]}]
    """
    found = listeners(mesh(service(), pod(), policy), sidecar(labels={"app": "api"}, ENABLE_HBONE="true"))
    looked_at = {name: "io.istio.peer_principal" in str(found[name]) for name in ("virtualInbound", "main_internal")}
    assert looked_at == {"virtualInbound": False, "main_internal": True}


def test_failures_of_tunnels_are_logged() -> None:
    """Access logs of tunnels have failures only, since what they carry is logged on its own."""
    found = listeners(mesh(accessLogFile="/dev/stdout"), sidecar(ENABLE_HBONE="true"))
    opened = found["connect_originate"]["filterChains"][0]["filters"][0]["typedConfig"]["accessLog"]
    ended = found["connect_terminate"]["filterChains"][0]["filters"][0]["typedConfig"]["accessLog"]
    assert [each["filter"] for each in opened] == [{"responseFlagFilter": {"flags": ["UF"]}}]
    assert [each["filter"]["statusCodeFilter"]["comparison"]["op"] for each in ended] == ["GE"]


def test_older_proxies_have_other_state() -> None:
    """Proxies before 1.29.2 do not know state that takes part in the choice of upstream connections."""

    def factories(version: str) -> set[str]:
        proxy = sidecar(ENABLE_HBONE="true", ISTIO_VERSION=version)
        manager = listeners(mesh(), proxy)["connect_terminate"]["filterChains"][0]["filters"][0]["typedConfig"]
        return {value.get("factoryKey", "") for value in manager["httpFilters"][1]["typedConfig"]["onRequestHeaders"]}

    assert factories("1.29.1") == {"", "envoy.string"}
    assert factories("1.29.2") == {"", "istio.hashable_string"}


def test_patches_do_not_reach_tunnels() -> None:
    """EnvoyFilters patch the listeners at which tunnels end, and not those that open them."""
    patch = """
    apiVersion: networking.istio.io/v1alpha3
    kind: EnvoyFilter
    metadata: {name: p, namespace: shop}
    spec:
      configPatches:
        - applyTo: LISTENER
          patch: {operation: MERGE, value: {per_connection_buffer_limit_bytes: 7}}
    """
    found = mesh(patch).compile(sidecar(ENABLE_HBONE="true")).to_dict()["listeners"]
    patched = {each["name"] for each in found if each.get("perConnectionBufferLimitBytes") == 7}
    assert {"connect_terminate", "main_internal"} <= patched
    assert "connect_originate" not in patched
