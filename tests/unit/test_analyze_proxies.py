"""Checks that resolve or compile a few proxies: conflicts of services, and patches that change nothing."""

from __future__ import annotations

from textwrap import dedent

import pytest

import meshcompile
from meshcompile.diagnostics import Diagnostic
from tests.meshes import SHOP, mesh


def found(code: str, *texts: str) -> list[Diagnostic]:
    return [each for each in mesh(SHOP, *map(dedent, texts)).analyze() if each.code == code]


def pod(name: str, namespace: str = "shop") -> str:
    return f"""
    apiVersion: v1
    kind: Pod
    metadata: {{name: {name}, namespace: {namespace}, labels: {{app: {name}}}}}
    spec: {{containers: [{{name: {name}, image: {name}}}, {{name: istio-proxy, image: proxyv2}}]}}
    """


def entry(name: str, port: str, addresses: str = "[]", export: str = "") -> str:
    return f"""
    apiVersion: networking.istio.io/v1
    kind: ServiceEntry
    metadata: {{name: {name}, namespace: shop}}
    spec:
      hosts: [{name}.example]
      addresses: {addresses}
      ports: [{port}]
      resolution: DNS
      {export}
    """


def service(name: str, address: str, port: str) -> str:
    return f"""
    apiVersion: v1
    kind: Service
    metadata: {{name: {name}, namespace: shop}}
    spec:
      clusterIP: {address}
      selector: {{app: {name}}}
      ports:
      - {port}
    """


def envoy_filter(match: str, namespace: str = "shop", operation: str = "MERGE") -> str:
    return f"""
    apiVersion: networking.istio.io/v1alpha3
    kind: EnvoyFilter
    metadata: {{name: timeouts, namespace: {namespace}}}
    spec:
      configPatches:
      - applyTo: CLUSTER
        match: {match}
        patch: {{operation: {operation}, value: {{connect_timeout: 1s}}}}
    """


REDIS = "{number: 6379, name: redis, protocol: Redis}"
TCP = "{name: tcp, port: 6379}"


def test_a_service_and_an_entry_with_one_address() -> None:
    """The place is the port of the younger service, which gets no listener of its own."""
    [one] = found("MC0701", pod("web"), entry("cache", REDIS, "[10.9.9.9]"), service("store", "10.9.9.9", TCP))
    assert one.origin.path in (("spec", "ports", 0), ("spec", "ports", 0, "name"))
    assert "10.9.9.9:6379" in one.message


@pytest.mark.parametrize(
    "texts",
    [
        (entry("cache", REDIS, "[10.9.9.9]"), service("store", "10.9.9.8", TCP)),
        (entry("cache", REDIS, "[10.9.9.9]"), service("store", "10.9.9.9", "{name: tcp, port: 6380}")),
        (entry("cache", REDIS, "[10.9.9.9]", "exportTo: ['~']"), service("store", "10.9.9.9", TCP)),
        (entry("cache", REDIS, "[10.9.9.9]"), service("store", "10.9.9.9", "{name: udp, port: 6379, protocol: UDP}")),
    ],
    ids=["address", "port", "visibility", "UDP"],
)
def test_no_conflict_of_listeners(texts: tuple[str, str]) -> None:
    """Services that differ in address or port, that no sidecar sees together, or that need no listener, share none."""
    assert found("MC0701", pod("web"), *texts) == []


def test_one_cause_is_reported_once() -> None:
    """What another check says of the addresses of ServiceEntries is not said again."""
    entries = entry("a", REDIS, "[10.9.9.9]"), entry("b", REDIS, "[10.9.9.9]")
    codes = [each.code for each in mesh(SHOP, dedent(pod("web")), *map(dedent, entries)).analyze()]
    assert codes.count("MC0321") == 1
    assert "MC0701" not in codes


def test_a_protocol_whose_server_speaks_first() -> None:
    """MySQL without an address takes the port of all addresses, and HTTP on that port gets no listener."""
    mysql = "{number: 3306, name: mysql, protocol: MySQL}"
    web = "{number: 3306, name: http, protocol: HTTP}"
    [one] = found("MC0702", pod("web"), entry("a", mysql), entry("b", web))
    assert (one.name, one.origin.path) == ("b", ("spec", "ports", 0))
    assert found("MC0702", pod("web"), entry("a", mysql), entry("b", web.replace("3306", "3307"))) == []


def test_domains_that_two_services_share() -> None:
    """Requests to an address of two HTTP services go to the first one."""
    http = "{number: 80, name: http, protocol: HTTP}"
    [one] = found("MC0405", pod("web"), entry("a", http, "[10.9.9.9]"), entry("b", http, "[10.9.9.9]"))
    assert (one.kind, one.name) == ("ServiceEntry", "b")
    assert found("MC0405", pod("web"), entry("a", http, "[10.9.9.9]"), entry("b", http, "[10.9.9.8]")) == []


def test_a_patch_that_matches_nothing() -> None:
    """The place is the first condition that nothing meets, and the message counts the other proxies."""
    wrong = envoy_filter("{cluster: {service: catalogue.shop.svc.cluster.local}}")
    [one] = found("MC1003", pod("web"), pod("api"), wrong)
    assert one.origin.path == ("spec", "configPatches", 0, "match", "cluster", "service")
    assert "nor for 1 other proxy" in one.message
    assert one.suggestion == "did you mean catalog.shop.svc.cluster.local?"
    assert found("MC1003", pod("web"), envoy_filter("{cluster: {service: catalog.shop.svc.cluster.local}}")) == []


def test_a_patch_at_work_for_one_proxy() -> None:
    """A patch that changes some proxy is not reported, whatever it does to the others."""
    inbound = envoy_filter("{cluster: {name: 'inbound|7777||'}}")
    serving = """
    apiVersion: v1
    kind: Service
    metadata: {name: web, namespace: shop}
    spec: {selector: {app: web}, ports: [{name: http, port: 7777}]}
    """
    assert found("MC1003", pod("web"), inbound)
    assert found("MC1003", pod("web"), serving, inbound) == []


def test_a_patch_without_a_proxy_is_reported_once() -> None:
    """Of a patch for gateways in a namespace of sidecars, only the missing gateway is reported."""
    patches = envoy_filter("{context: GATEWAY}")
    codes = [each.code for each in mesh(SHOP, dedent(pod("web")), dedent(patches)).analyze()]
    assert codes.count("MC1010") == 1
    assert "MC1003" not in codes


def test_an_operation_without_effect_is_reported_once() -> None:
    """What another check says of the operation is not said again."""
    text = envoy_filter("{cluster: {service: catalog.shop.svc.cluster.local}}", operation="REPLACE")
    codes = [each.code for each in mesh(SHOP, dedent(pod("web")), dedent(text)).analyze()]
    assert codes.count("IST0152") == 1
    assert "MC1003" not in codes


def test_nothing_is_said_of_patches_of_many_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """A patch is reported only if all proxies that may have it are compiled."""
    wrong = envoy_filter("{cluster: {name: nowhere}}")
    pods = [pod(name) for name in ("a", "b", "c")]
    assert found("MC1003", *pods, wrong)
    monkeypatch.setattr("meshcompile.analyze.checks.idle_patches.PROXIES", 2)
    assert found("MC1003", *pods, wrong) == []


def test_the_result_does_not_depend_on_the_order_of_files() -> None:
    """The findings of a mesh are the same for each order of its objects."""
    texts = [SHOP, *map(dedent, (pod("web"), envoy_filter("{cluster: {name: nowhere}}")))]
    one, other = (meshcompile.load("\n---\n".join(order)).analyze() for order in (texts, texts[::-1]))
    assert [each.message for each in one if each.code == "MC1003"] == [
        each.message for each in other if each.code == "MC1003"
    ]
