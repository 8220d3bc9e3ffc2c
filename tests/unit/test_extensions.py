"""TrafficExtensions and WasmPlugins: the filters of a proxy, their order, and the discovered configuration."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from meshcompile.emit.extensions import extensions
from meshcompile.emit.listeners import listeners
from meshcompile.envoy.message import to_builtins
from meshcompile.patch.subscriptions import discovered_names
from meshcompile.proxy import Proxy
from meshcompile.resolve.extensions import extensions as resolved
from meshcompile.resolve.listeners.traffic import TrafficClass
from tests.meshes import SHOP, asked, gateway, mesh, sidecar

PREFIX = "extensions.istio.io/trafficextension/"
SUFFIX = "~istio-translated-wasmplugin"
INBOUND, OUTBOUND = TrafficClass.SIDECAR_INBOUND, TrafficClass.SIDECAR_OUTBOUND


def extension(name: str, spec: str = "", namespace: str = "shop", **metadata: str) -> str:
    """A TrafficExtension with a module."""
    extra = "".join(f", {key}: '{value}'" for key, value in metadata.items())
    return f"""
apiVersion: extensions.istio.io/v1alpha1
kind: TrafficExtension
metadata: {{name: {name}, namespace: {namespace}{extra}}}
spec: {{wasm: {{url: oci://r/{name}}}, {spec}}}
"""


def plugin(name: str, spec: str, namespace: str = "shop") -> str:
    """A WasmPlugin."""
    return f"""
apiVersion: extensions.istio.io/v1alpha1
kind: WasmPlugin
metadata: {{name: {name}, namespace: {namespace}, resourceVersion: "7"}}
spec: {{{spec}}}
"""


def filters(*texts: str, proxy: Proxy | None = None, port: int = 80) -> list[str]:
    """The names of the HTTP filters in a port's outbound connection manager. Those of extensions have no prefix."""
    found = listeners(asked(mesh(SHOP, *texts), proxy or sidecar()).listeners)
    (listener,) = (each for each in found if each.name == f"0.0.0.0_{port}")
    manager = to_builtins(listener)["filterChains"][0]["filters"][-1]
    return [each["name"].removeprefix(PREFIX) for each in manager["typedConfig"]["httpFilters"]]


def own(names: Iterable[str]) -> list[str]:
    """The filters that are extensions."""
    return [name for name in names if "." in name and not name.startswith(("envoy", "istio."))]


def configurations(*texts: str, proxy: Proxy | None = None) -> dict[str, dict[str, Any]]:
    """The configuration of modules that filters discover, by name without prefix."""
    proxy_of = asked(mesh(SHOP, *texts), proxy or sidecar())
    names = discovered_names(listeners(proxy_of.listeners))
    return {
        each.name.removeprefix(PREFIX): to_builtins(each)["typedConfig"]["config"]
        for each in extensions(resolved(proxy_of.snapshot, proxy_of.proxy, names))
    }


def test_phases_and_priorities() -> None:
    """Phases have fixed positions. In a phase, the highest priority comes first, and no priority last."""
    found = filters(
        extension("none"),
        extension("minus", "priority: -5"),
        extension("stats", "phase: STATS"),
        extension("authz", "phase: AUTHZ, priority: -1"),
        extension("authn", "phase: AUTHN"),
        extension("high", "priority: 3"),
    )
    assert own(found) == [f"shop.{name}" for name in ("authn", "authz", "stats", "high", "minus", "none")]
    assert found.index("shop.none") + 1 == found.index("envoy.filters.http.grpc_stats")


def test_order_of_equals() -> None:
    """For equal priority, the proxy's namespace comes first, then the older object, then the name."""
    found = filters(
        extension("a", namespace="istio-system"),
        extension("c", creationTimestamp="2020-01-01T00:00:00Z"),
        extension("b", creationTimestamp="2021-01-01T00:00:00Z"),
        plugin("b", "url: oci://r/b"),
    )
    assert own(found) == ["shop.c", "shop.b", f"shop.b{SUFFIX}", "istio-system.a"]


def test_other_namespaces_and_selectors() -> None:
    """An extension applies to its own namespace, or from the root namespace to all, and to what it selects."""
    chosen = extension("web", "selector: {matchLabels: {app: web}}", namespace="istio-system")
    texts = (extension("other", namespace="elsewhere"), chosen)
    assert own(filters(*texts)) == []
    assert own(filters(*texts, proxy=sidecar(labels={"app": "web"}))) == ["istio-system.web"]


def test_targets_are_for_gateways_of_the_gateway_api() -> None:
    """Targets never select sidecars. A gateway of the Gateway API is targeted by name in its namespace."""
    target = "targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: edge}]"
    of = mesh(extension("t", target), extension("elsewhere", target, namespace="istio-system"))

    def names(proxy: Proxy) -> list[str]:
        found = asked(of, proxy).extensions(TrafficClass.GATEWAY)
        return [each.name.removeprefix(PREFIX) for group in found.http.by_phase.values() for each in group]

    assert names(sidecar()) == []
    assert names(gateway("shop")) == []
    assert names(gateway("shop", {"gateway.networking.k8s.io/gateway-name": "edge"})) == ["shop.t"]
    assert names(gateway("shop", {"gateway.networking.k8s.io/gateway-name": "inner"})) == []


def test_match_by_mode_and_port() -> None:
    """One of the matches must fit the mode and, if it lists any, the port."""
    match = "match: [{mode: SERVER}, {mode: CLIENT, ports: [{number: 8080}, {number: 9}]}]"
    assert own(filters(extension("m", match))) == []
    assert own(filters(extension("m", match), port=8080)) == ["shop.m"]
    found = asked(mesh(extension("m", match)), sidecar()).extensions(INBOUND)
    assert [each.ports for group in found.http.by_phase.values() for each in group] == [None]


def test_scripts_are_in_place() -> None:
    """A Lua script is part of the filter, and nothing is discovered."""
    script = """
apiVersion: extensions.istio.io/v1alpha1
kind: TrafficExtension
metadata: {name: s, namespace: shop}
spec: {lua: {inlineCode: "function envoy_on_request(h) end"}}
"""
    found = listeners(asked(mesh(SHOP, script), sidecar()).listeners)
    chain = next(each for each in found if each.name == "0.0.0.0_80").filter_chains[0]
    (lua,) = (
        each
        for each in to_builtins(chain)["filters"][-1]["typedConfig"]["httpFilters"]
        if each["name"] == f"{PREFIX}shop.s"
    )
    assert lua["typedConfig"]["defaultSourceCode"] == {"inlineString": "function envoy_on_request(h) end"}
    assert configurations(script) == {}


def test_network_modules() -> None:
    """A module of type NETWORK is a network filter before the connection manager."""
    text = plugin("net", "url: oci://r/net, type: NETWORK")
    found = listeners(asked(mesh(SHOP, text), sidecar()).listeners)
    chain = next(each for each in found if each.name == "0.0.0.0_80").filter_chains[0]
    assert [each.name.removeprefix(PREFIX) for each in chain.filters] == [
        f"shop.net{SUFFIX}",
        "envoy.filters.network.http_connection_manager",
    ]
    assert list(configurations(text)) == [f"shop.net{SUFFIX}"]


def test_only_the_first_https_chain_has_network_modules() -> None:
    """Of the HTTPS servers on a gateway's port, only the first gets network extensions."""
    server = """{port: {number: 443, name: https-%s, protocol: HTTPS}, hosts: [%s.com],
      tls: {mode: SIMPLE, credentialName: c}}"""
    edge = f"""
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {{name: edge, namespace: istio-system}}
spec: {{selector: {{istio: ingressgateway}}, servers: [{server % ("a", "a")}, {server % ("b", "b")}]}}
"""
    text = plugin("net", "url: oci://r/net, type: NETWORK", namespace="istio-system")
    (listener,) = listeners(asked(mesh(edge, text), gateway()).listeners)
    assert [len(chain.filters) for chain in listener.filter_chains] == [2, 1]


def test_configuration_of_a_module() -> None:
    """All settings of a module reach Envoy, except for the pull secret, which is empty."""
    spec = """url: "registry.io/f:1", sha256: "%s", imagePullPolicy: Always, imagePullSecret: creds, pluginName: root,
      pluginConfig: {b: 1.50, a: "<&>", c: [null, true, {}], d: 1e21, e: 0.0000001}, failStrategy: FAIL_OPEN,
      vmConfig: {env: [{name: A, value: x}, {name: B, valueFrom: HOST}]}""" % ("0" * 64)
    (config,) = configurations(plugin("p", spec)).values()
    assert config == {
        "name": f"shop.p{SUFFIX}",
        "rootId": "root",
        "failurePolicy": "FAIL_OPEN",
        "configuration": {
            "@type": "type.googleapis.com/google.protobuf.StringValue",
            "value": '{"a":"\\u003c\\u0026\\u003e","b":1.5,"c":[null,true,{}],"d":1e+21,"e":1e-7}',
        },
        "vmConfig": {
            "runtime": "envoy.wasm.runtime.v8",
            "code": {
                "remote": {
                    "httpUri": {"uri": "oci://registry.io/f:1", "cluster": "_", "timeout": "30s"},
                    "sha256": "0" * 64,
                }
            },
            "environmentVariables": {
                "hostEnvKeys": ["B"],
                "keyValues": {
                    "A": "x",
                    "ISTIO_META_WASM_IMAGE_PULL_POLICY": "Always",
                    "ISTIO_META_WASM_IMAGE_PULL_SECRET": "",
                    "ISTIO_META_WASM_PLUGIN_RESOURCE_VERSION": "7",
                },
            },
        },
    }


def test_module_in_a_file() -> None:
    """Envoy itself reads a module with a `file://` URL. Without configuration, it gets an empty one."""
    (config,) = configurations(plugin("p", "url: file:///opt/f.wasm")).values()
    assert config["vmConfig"]["code"] == {"local": {"filename": "/opt/f.wasm"}}
    assert config["configuration"] == {}


def test_only_known_names_are_answered() -> None:
    """A name that is not an extension's, or is one of another namespace, has no configuration."""
    proxy_of = asked(mesh(SHOP, extension("e", namespace="elsewhere"), extension("w")), sidecar())
    names = [f"{PREFIX}elsewhere.e", f"{PREFIX}shop.w", f"{PREFIX}shop.none", "shop.w", f"{PREFIX}w"]
    assert [each.name for each in extensions(resolved(proxy_of.snapshot, proxy_of.proxy, names))] == [f"{PREFIX}shop.w"]


def test_proxies_alike_share_their_extensions() -> None:
    """Proxies with the same extensions share the same object."""
    of = mesh(extension("e"), extension("w", "selector: {matchLabels: {app: web}}"))
    one, two, web = (asked(of, sidecar(labels={"app": app})).extensions(OUTBOUND) for app in ("a", "b", "web"))
    assert one is two
    assert one is not web


def test_filters_know_where_they_come_from() -> None:
    """The filter of an extension and its configuration have the extension's origin."""
    proxy_of = asked(mesh(SHOP, extension("e")), sidecar())
    found = listeners(proxy_of.listeners)
    (config,) = extensions(resolved(proxy_of.snapshot, proxy_of.proxy, discovered_names(found)))
    (origin,) = config.origins
    assert origin.document.name == "e"


def test_extension_that_selects_nothing() -> None:
    """An extension that selects no workload is reported under the name of its object."""
    (finding,) = mesh(plugin("idle", "url: oci://r/x, selector: {matchLabels: {app: nobody}}")).analyze()
    assert (finding.slug, finding.kind, finding.name) == ("policy-selects-nothing", "WasmPlugin", "idle")


def test_extensions_of_a_looked_up_service() -> None:
    """Connections to a wildcard service with dynamic resolution also have the filters of its namespace."""
    entry = """
    apiVersion: networking.istio.io/v1
    kind: ServiceEntry
    metadata: {name: wild, namespace: apis}
    spec:
      hosts: ['*.api.example']
      ports: [{name: tls, number: 443, protocol: TLS}]
      resolution: DYNAMIC_DNS
      location: MESH_EXTERNAL
    """
    module = plugin("p", "url: oci://r/p, type: NETWORK", namespace="apis")
    found = {each.name: each for each in listeners(asked(mesh(SHOP, entry, module), sidecar()).listeners)}
    names = [each.name for each in found["0.0.0.0_443"].filter_chains[0].filters]
    assert names[0] == f"{PREFIX}apis.p{SUFFIX}"
    assert not discovered_names([found["0.0.0.0_80"]])
