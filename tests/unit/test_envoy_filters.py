"""EnvoyFilters, from YAML to the configuration of proxies."""

from __future__ import annotations

from typing import Any

import pytest

import meshcompile
from meshcompile.config import Config
from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpConnectionManager

MESH = """\
apiVersion: v1
kind: Service
metadata: {name: catalog, namespace: shop}
spec:
  clusterIP: 10.96.0.10
  selector: {app: catalog}
  ports: [{name: http, port: 80, targetPort: 3000}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: catalog, namespace: shop}
spec:
  selector: {matchLabels: {app: catalog}}
  template:
    metadata: {labels: {app: catalog, sidecar.istio.io/inject: "true"}}
    spec:
      containers: [{name: catalog, image: catalog, ports: [{containerPort: 3000}]}]
"""
HCM = "envoy.filters.network.http_connection_manager"
MANAGER = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
LUA = "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua"
FAULT = "type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault"


def lua(name: str, code: str = "x") -> dict[str, Any]:
    return {"name": name, "typed_config": {"@type": LUA, "inline_code": code}}


def patch(apply_to: str, operation: str, value: Any = None, **match: Any) -> dict[str, Any]:
    described = {"operation": operation} | ({} if value is None else {"value": value})
    return {"applyTo": apply_to, "match": match, "patch": described}


def sub_filter(name: str) -> dict[str, Any]:
    return {"filterChain": {"filter": {"name": HCM, "subFilter": {"name": name}}}}


def envoy_filter(*patches: Any, name: str = "test", namespace: str = "shop", **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "networking.istio.io/v1alpha3",
        "kind": "EnvoyFilter",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {**spec, "configPatches": list(patches)},
    }


def compiled(*envoy_filters: dict[str, Any], **settings: Any) -> Config:
    mesh = meshcompile.load([MESH, *envoy_filters], **settings)
    return mesh.compile(mesh.proxies()[0])


def http_filters(config: Config, listener: str = "virtualInbound") -> list[str]:
    [found] = [each for each in config.listeners if each.name == listener]
    manager = next(
        each.typed_config
        for chain in found.filter_chains
        for each in chain.filters
        if isinstance(each.typed_config, HttpConnectionManager)
    )
    return [each.name for each in manager.http_filters]


def patch_codes(config: Config) -> list[str]:
    return [each.code for each in config.diagnostics if each.code.startswith("MC10")]


def reasons(config: Config) -> list[str]:
    return [report.reason for report in config.patches]


def test_filters_are_put_among_others() -> None:
    """Filters are inserted at the requested positions, in the order of the patches, before the first merge."""
    config = compiled(
        envoy_filter(
            patch("HTTP_FILTER", "MERGE", {"name": "second"}, context="SIDECAR_INBOUND", listener=sub_filter("lua.b")),
            patch(
                "HTTP_FILTER",
                "INSERT_BEFORE",
                lua("lua.a"),
                context="SIDECAR_INBOUND",
                listener=sub_filter("envoy.filters.http.fault"),
            ),
            patch("HTTP_FILTER", "INSERT_AFTER", lua("lua.b"), context="SIDECAR_INBOUND", listener=sub_filter("lua.a")),
            patch("HTTP_FILTER", "REMOVE", context="SIDECAR_INBOUND", listener=sub_filter("envoy.filters.http.cors")),
        )
    )
    names = http_filters(config)
    assert names[names.index("lua.a") :][:3] == ["lua.a", "second", "envoy.filters.http.fault"]
    assert "envoy.filters.http.cors" not in names
    assert "lua.a" not in http_filters(config, "0.0.0.0_80")
    assert patch_codes(config) == []


def test_order_of_envoy_filters() -> None:
    """EnvoyFilters are ordered by priority, then the root namespace, then age and name."""
    last = patch("HTTP_FILTER", "INSERT_FIRST", lua("lua.last"), context="SIDECAR_INBOUND")
    own = patch("HTTP_FILTER", "INSERT_FIRST", lua("lua.own"), context="SIDECAR_INBOUND")
    root = patch("HTTP_FILTER", "INSERT_FIRST", lua("lua.root"), context="SIDECAR_INBOUND")
    config = compiled(
        envoy_filter(last, name="a", priority=1),
        envoy_filter(own, name="b"),
        envoy_filter(root, name="z", namespace="istio-system"),
    )
    assert http_filters(config)[:3] == ["lua.last", "lua.own", "lua.root"]


def test_selectors() -> None:
    """Only workloads with the labels in the EnvoyFilter's namespace are patched. Others have no reports."""
    insertion = patch("HTTP_FILTER", "INSERT_FIRST", lua("lua"))
    elsewhere = envoy_filter(insertion, namespace="other")
    others = envoy_filter(insertion, workloadSelector={"labels": {"app": "cart"}})
    assert compiled(elsewhere, others).patches == ()
    assert compiled(envoy_filter(insertion, workloadSelector={"labels": {"app": "catalog"}})).patches != ()


def test_clusters_decide_what_endpoints_are_asked_for() -> None:
    """A removed cluster has no load assignment, and an added EDS cluster has an empty one."""
    name = "outbound|80||catalog.shop.svc.cluster.local"
    config = compiled(
        envoy_filter(
            patch("CLUSTER", "REMOVE", cluster={"service": "catalog.shop.svc.cluster.local", "portNumber": 80}),
            patch("CLUSTER", "ADD", {"name": "mine", "type": "EDS", "connect_timeout": "1s"}),
        )
    )
    assert name not in [each.name for each in config.clusters]
    assert [each.cluster_name for each in config.endpoints] == ["mine"]


def test_new_listeners_decide_what_routes_are_asked_for() -> None:
    """The route configurations that a patched connection manager names are compiled."""
    manager = {"@type": MANAGER, "rds": {"route_config_name": "8181", "config_source": {"ads": {}}}}
    added = {"name": "mine", "filter_chains": [{"filters": [{"name": HCM, "typed_config": manager}]}]}
    config = compiled(envoy_filter(patch("LISTENER", "ADD", added)))
    assert "8181" in [each.name for each in config.routes]


def test_routes() -> None:
    """Virtual hosts and routes are merged, removed and inserted."""
    host = {"vhost": {"name": "catalog.shop.svc.cluster.local:80"}}
    config = compiled(
        envoy_filter(
            patch(
                "ROUTE_CONFIGURATION", "MERGE", {"request_headers_to_remove": ["x"]}, routeConfiguration={"name": "80"}
            ),
            patch("VIRTUAL_HOST", "MERGE", {"retry_policy": {"retry_on": "5xx"}}, routeConfiguration=host),
            patch(
                "HTTP_ROUTE",
                "INSERT_FIRST",
                {"name": "first", "match": {"path": "/"}, "direct_response": {"status": 418}},
                routeConfiguration=host,
            ),
            patch("VIRTUAL_HOST", "REMOVE", routeConfiguration={"vhost": {"name": "allow_any"}}),
        )
    )
    [routes] = [each for each in config.routes if each.name == "80"]
    [virtual_host] = routes.virtual_hosts
    assert routes.request_headers_to_remove == ("x",)
    assert virtual_host.retry_policy is not None
    assert [each.name for each in virtual_host.routes] == ["first", "default"]


def test_unknown_field() -> None:
    """An unknown field is an error at its position, and the rest of the patch is applied."""
    text = """\
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: test, namespace: shop}
spec:
  configPatches:
  - applyTo: CLUSTER
    match: {context: SIDECAR_OUTBOUND}
    patch:
      operation: MERGE
      value:
        connect_timeout: 6s
        conect_timeout: 5s
"""
    mesh = meshcompile.load([MESH, text])
    config = mesh.compile(mesh.proxies()[0])
    [found] = [each for each in mesh.diagnostics if each.code == "MC1001"]
    assert (found.line, found.column, found.field) == (12, 9, "spec.configPatches[0].patch.value.conect_timeout")
    assert found.suggestion == "did you mean connect_timeout?"
    assert not found.rejected
    assert {each.connect_timeout for each in config.clusters if each.name.startswith("outbound")} == {"6s"}


@pytest.mark.parametrize(
    ("described", "expected", "field"),
    [
        (
            patch("HTTP_FILTER", "ADD", lua("a"), proxy={"metadata": {"A": "b"}}),
            "its metadata lack A=b",
            "match.proxy.metadata",
        ),
        (
            patch("HTTP_FILTER", "ADD", lua("a"), context="GATEWAY"),
            "it has nothing in the context GATEWAY",
            "match.context",
        ),
        (
            patch("HTTP_FILTER", "ADD", lua("a"), listener={"name": "no"}),
            "nothing has `match.listener.name: no`",
            "match.listener.name",
        ),
        (
            patch("HTTP_FILTER", "ADD", lua("a"), context="SIDECAR_OUTBOUND", listener={"portNumber": 81}),
            "nothing has `match.listener.portNumber: 81`",
            "match.listener.portNumber",
        ),
        (
            patch("HTTP_FILTER", "ADD", lua("a"), listener={"filterChain": {"sni": "no"}}),
            "nothing has `match.listener.filterChain.sni: no`",
            "match.listener.filterChain.sni",
        ),
        (
            patch("HTTP_FILTER", "INSERT_BEFORE", lua("a"), listener=sub_filter("no")),
            "nothing has `match.listener.filterChain.filter.subFilter.name: no`",
            "match.listener.filterChain.filter.subFilter.name",
        ),
        (
            patch("HTTP_FILTER", "REMOVE"),
            "REMOVE of a filter needs a match that names one",
            "patch.operation",
        ),
        (
            patch("CLUSTER", "REMOVE", cluster={"subset": "v9"}),
            "nothing has `match.cluster.subset: v9`",
            "match.cluster.subset",
        ),
        (
            patch(
                "HTTP_ROUTE", "MERGE", {"name": "x"}, routeConfiguration={"vhost": {"route": {"action": "REDIRECT"}}}
            ),
            "nothing has `match.routeConfiguration.vhost.route.action: REDIRECT`",
            "match.routeConfiguration.vhost.route.action",
        ),
        (patch("CLUSTER", "REPLACE", {"name": "x"}), "REPLACE has no effect on a cluster", "patch.operation"),
        (patch("HTTP_ROUTE", "REPLACE", {"name": "x"}), "REPLACE has no effect on an HTTP route", "patch.operation"),
        (patch("LISTENER", "REPLACE", {"name": "x"}), "REPLACE has no effect on a listener", "patch.operation"),
        (patch("LISTENER", "ADD", {}), "istiod drops a listener without a name", "patch.value.name"),
        (
            patch("FILTER_CHAIN", "ADD", {"name": "x"}),
            "istiod drops a filter chain without filters",
            "patch.value.filters",
        ),
        (
            patch("BOOTSTRAP", "MERGE", {"stats_flush_interval": "1s"}),
            "istiod applies no patches to bootstraps",
            "applyTo",
        ),
        (
            patch("EXTENSION_CONFIG", "ADD", {"name": "x"}),
            "no filter discovers a configuration of that name",
            "patch.value.typed_config",
        ),
    ],
)
def test_patch_without_effect(described: Any, expected: str, field: str) -> None:
    """A patch without effect is a warning with the first failed condition, at its position."""
    config = compiled(envoy_filter(described))
    [found] = [each for each in config.diagnostics if each.code == "MC1003"]
    assert reasons(config) == [expected]
    assert found.message.endswith(expected)
    assert found.origin.path == ("spec", "configPatches", 0, *field.split("."))


@pytest.mark.parametrize(
    ("described", "expected"),
    [
        (
            patch("CLUSTER", "REMOVE", cluster={"service": "catalogue.shop.svc.cluster.local"}),
            "did you mean catalog.shop.svc.cluster.local?",
        ),
        (patch("LISTENER", "REMOVE", listener={"name": "x"}), "there is 0.0.0.0_80, virtualInbound, virtualOutbound"),
        (
            patch("HTTP_FILTER", "REMOVE", listener=sub_filter("envoy.router")),
            "did you mean envoy.filters.http.router?",
        ),
    ],
)
def test_suggestion_for_a_patch_without_effect(described: Any, expected: str) -> None:
    """The available values for a failed condition are suggested."""
    [found] = [each for each in compiled(envoy_filter(described)).diagnostics if each.code == "MC1003"]
    assert found.suggestion == expected


def test_merge_of_another_type() -> None:
    """istiod stops patching the direction: earlier patches stay, later ones are lost, and an error reports it."""
    config = compiled(
        envoy_filter(
            patch("LISTENER", "MERGE", {"per_connection_buffer_limit_bytes": 4242}, context="SIDECAR_INBOUND"),
            patch(
                "HTTP_FILTER",
                "MERGE",
                {"typed_config": {"@type": FAULT, "abort": {}}},
                context="SIDECAR_INBOUND",
                listener=sub_filter("envoy.filters.http.cors"),
            ),
            patch("HTTP_FILTER", "INSERT_FIRST", lua("lua.lost"), context="SIDECAR_INBOUND"),
            patch("HTTP_FILTER", "INSERT_FIRST", lua("lua.kept"), context="SIDECAR_OUTBOUND"),
        )
    )
    [inbound] = [each for each in config.listeners if each.name == "virtualInbound"]
    assert inbound.per_connection_buffer_limit_bytes == 4242
    assert "lua.lost" not in http_filters(config)
    assert "lua.kept" in http_filters(config, "0.0.0.0_80")
    assert "MC1004" in patch_codes(config)


def test_what_is_patched_knows_its_patch() -> None:
    """A patch is an additional origin of what it changes."""
    config = compiled(
        envoy_filter(
            patch(
                "CLUSTER",
                "MERGE",
                {"alt_stat_name": "x"},
                cluster={"service": "catalog.shop.svc.cluster.local", "portNumber": 80},
            )
        )
    )
    [cluster] = [each for each in config.clusters if each.name.startswith("outbound|80")]
    fields = [origin.field for origin in cluster.origins]
    assert fields[-1] == "spec.configPatches[0]"
    assert len(fields) > 1


def test_proxies_that_share_are_not_patched_together() -> None:
    """A patch for one workload does not change the configuration of another workload."""
    neighbour = MESH.replace("catalog", "cart").replace("10.96.0.10", "10.96.0.11")
    selector = {"labels": {"app": "catalog"}}
    change = patch("CLUSTER", "MERGE", {"connect_timeout": "3s"})
    patched = meshcompile.load([MESH, neighbour, envoy_filter(change, workloadSelector=selector)])
    plain = meshcompile.load([MESH, neighbour])
    cart, catalog = sorted(patched.proxies(), key=lambda proxy: proxy.id)
    patched.compile(catalog)
    assert patched.compile(cart).to_dict() == plain.compile(cart).to_dict()
    assert patched.compile(catalog).to_dict() != plain.compile(catalog).to_dict()


@pytest.mark.xfail(strict=True, reason="docs/deviations.md")
def test_a_shared_field_is_patched_for_everyone() -> None:
    """istiod merges into shared fields in place, and so changes the configuration of other proxies."""
    neighbour = MESH.replace("catalog", "cart").replace("10.96.0.10", "10.96.0.11")
    change = patch("ROUTE_CONFIGURATION", "MERGE", {"validate_clusters": True}, context="SIDECAR_OUTBOUND")
    mesh = meshcompile.load([MESH, neighbour, envoy_filter(change, workloadSelector={"labels": {"app": "catalog"}})])
    cart, catalog = sorted(mesh.proxies(), key=lambda proxy: proxy.id)
    mesh.compile(catalog)
    assert all(routes.validate_clusters for routes in mesh.compile(cart).routes)


def test_a_patch_for_another_release_is_the_meshs_to_report() -> None:
    """A patch for no proxy of the mesh's release is one info of the mesh. Otherwise there is none."""
    old, new = (
        patch("HTTP_FILTER", "ADD", lua("a"), proxy={"proxyVersion": expression})
        for expression in (r"^1\.16.*", r"^1\.30.*")
    )
    mesh = meshcompile.load([MESH, envoy_filter(old, new)])
    [found] = [each for each in mesh.diagnostics if each.code.startswith("MC10")]
    assert (found.slug, found.severity) == ("patch-of-other-release", meshcompile.Severity.INFO)
    assert found.field == "spec.configPatches[0].match.proxy.proxyVersion"
    config = mesh.compile(mesh.proxies()[0])
    assert patch_codes(config) == []
    assert reasons(config)[0] == "its Istio version does not match ^1\\.16.*"
