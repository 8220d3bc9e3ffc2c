"""Other routes, listeners and TLS of the Gateway API in the real Envoy: what the upstream conformance tests ask."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.envoy.backends import http_backend, tcp_backend
from tests.envoy.certificates import Authority
from tests.envoy.client import CLOSED, connected, request
from tests.envoy.gateway_api import HOST, Object, ask, backend, edge, gateway_api, route, rule, secret, serving, to

pytestmark = pytest.mark.envoy

EVERYONE = {"allowedRoutes": {"namespaces": {"from": "All"}}}
PARENT = {"name": "edge", "namespace": "infra"}
ALPHA = {"PILOT_ENABLE_ALPHA_GATEWAY_API": True}


@pytest.fixture(scope="module")
def ports() -> Iterator[Mapping[str, int]]:
    """The ports of the backends."""
    with ExitStack() as started:
        yield {name: started.enter_context(http_backend(name)) for name in ("one", "two")}


def attached(kind: str, *rules: Object, name: str = "own", parent: Object = PARENT, **more: Any) -> Object:
    """A route of a kind at the Gateway."""
    made = gateway_api(kind, name, **{"parentRefs": [parent], "rules": list(rules), **more})
    return {**made, "apiVersion": "gateway.networking.k8s.io/v1alpha2"} if kind == "TCPRoute" else made


def listener(name: str, port: int, protocol: str, **more: object) -> Object:
    return {"name": name, "port": port, "protocol": protocol, **EVERYONE, **more}


# ---- GRPCRoute


def rpc(name: str, *, service: str = "", method: str = "", headers: Mapping[str, str] | None = None) -> Object:
    """A rule for calls."""
    wanted = {key: value for key, value in (("service", service), ("method", method)) if value}
    conditions = [{"name": key, "value": value} for key, value in (headers or {}).items()]
    match = {**({"method": wanted} if wanted else {}), **({"headers": conditions} if conditions else {})}
    return {"matches": [match], "backendRefs": [to(name)]}


def call(method: str) -> dict[str, str]:
    return {"path": f"/{method}", "method": "POST"}


def test_calls_match_by_method_and_header(ports: Mapping[str, int]) -> None:
    """A GRPCRoute compares the service, the method and headers of calls; other calls are not found."""
    rules = (
        rpc("one", service="shop.Catalog", method="List"),
        rpc("two", service="shop.Catalog"),
        rpc("one", method="Ping"),
        rpc("two", headers={"version": "two"}),
    )
    with serving(ports, attached("GRPCRoute", *rules, hostnames=[HOST])) as envoy:
        assert backend(envoy, **call("shop.Catalog/List")) == "one"
        assert backend(envoy, **call("shop.Catalog/Get")) == "two"
        assert backend(envoy, **call("shop.Orders/Ping")) == "one"
        assert backend(envoy, **call("shop.Orders/Get"), headers={"version": "two"}) == "two"
        assert backend(envoy, **call("shop.Orders/Get")) == "404"
        assert backend(envoy, **call("shop.Catalog/List"), host="other.example") == "404"


def test_calls_are_shared_and_changed(ports: Mapping[str, int]) -> None:
    """A GRPCRoute shares calls by weight, and changes their headers."""
    weighted = {"backendRefs": [to("one", weight=75), to("two", weight=25)]}
    change = {"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": [{"name": "x-set", "value": "yes"}]}}
    with serving(ports, attached("GRPCRoute", {**weighted, "filters": [change]})) as envoy:
        answers = [ask(envoy, **call("shop.Catalog/List")) for _ in range(200)]
    assert {answer.json["headers"]["x-set"] for answer in answers} == {"yes"}
    assert 0.6 < Counter(answer.backend for answer in answers)["one"] / 200 < 0.9


# ---- TLSRoute


def test_connections_pass_by_their_server_name(tmp_path: Path) -> None:
    """A TLSRoute hands connections to the backend without ending TLS, by the server name; others are closed."""
    authority = Authority()
    tls = authority.server_context(tmp_path, authority.issue("a.shop.example", "b.shop.example"))
    passing = listener("tls", 443, "TLS", hostname="*.shop.example", tls={"mode": "Passthrough"})
    with http_backend("secure", tls=tls) as secure, http_backend("other", tls=tls) as other:
        routes = (
            attached("TLSRoute", {"backendRefs": [to("secure")]}, hostnames=["a.shop.example"]),
            attached("TLSRoute", {"backendRefs": [to("other")]}, name="b", hostnames=["b.shop.example", "b.example"]),
            attached("TLSRoute", {"backendRefs": [to("gone")]}, name="c", hostnames=["c.shop.example"]),
        )
        with serving({"secure": secure, "other": other}, *routes, gateway=edge(passing)) as envoy:
            port, client = envoy.listener_port("0.0.0.0_443"), authority.client_context(tmp_path)
            assert request(port, host="a.shop.example", tls=client).backend == "secure"
            assert request(port, host="b.shop.example", tls=client).backend == "other"
            for host in ("b.example", "c.shop.example", "d.shop.example"):
                assert request(port, host=host, tls=client).status == CLOSED
            assert request(port, host="a.shop.example").status == CLOSED


# ---- TCPRoute


def greeting(port: int) -> bytes:
    """What a server says first; nothing if the connection is closed."""
    try:
        with connected(port) as connection:
            return connection.recv(100)
    except OSError:
        return b""


def test_connections_go_to_the_listeners_that_routes_name() -> None:
    """A TCPRoute attaches by name or port, shares connections by weight, and closes those for invalid backends."""
    listeners = [listener(name, port, "TCP") for name, port in (("a", 5000), ("b", 5001), ("c", 5002))]
    first, second = {"backendRefs": [to("red")]}, {"backendRefs": [to("red", weight=1), to("blue", weight=1)]}
    routes = (
        attached("TCPRoute", first, name="a", parent={**PARENT, "sectionName": "a"}),
        attached("TCPRoute", second, name="b", parent={**PARENT, "port": 5001}),
        attached("TCPRoute", {"backendRefs": [to("gone")]}, name="c", parent={**PARENT, "sectionName": "c"}),
    )
    with ExitStack() as started:
        served = {name: started.enter_context(tcp_backend(name.encode())) for name in ("red", "blue")}
        envoy = started.enter_context(serving(served, *routes, gateway=edge(*listeners), features=ALPHA))
        a, b, c = (envoy.listener_port(f"0.0.0.0_{port}") for port in (5000, 5001, 5002))
        assert {greeting(a) for _ in range(20)} == {b"red"}
        assert {greeting(b) for _ in range(60)} == {b"red", b"blue"}
        assert greeting(c) == b""


# ---- listeners


def test_routes_attach_by_the_port_of_a_listener(ports: Mapping[str, int]) -> None:
    """A parent with a port means the listeners with that port; one that no listener has attaches to nothing."""
    gateway = edge(listener("a", 80, "HTTP"), listener("b", 8080, "HTTP"))
    routes = (
        route(rule("one"), parentRefs=[{**PARENT, "port": 80}]),
        route(rule("two"), name="b", parentRefs=[{**PARENT, "sectionName": "b", "port": 8080}]),
        route(rule("two"), name="c", hostnames=["c.example"], parentRefs=[{**PARENT, "sectionName": "b", "port": 80}]),
    )
    with serving(ports, *routes, gateway=gateway) as envoy:
        assert backend(envoy) == "one"
        assert backend(envoy, host="c.example") == "one"
        other = envoy.listener_port("0.0.0.0_8080")
        assert [request(other, host=host).backend for host in (HOST, "c.example")] == ["two", "two"]


def listener_set(name: str, *listeners: Object, namespace: str = "infra") -> Object:
    return gateway_api("ListenerSet", name, namespace, parentRef=PARENT, listeners=list(listeners))


def test_listener_sets_add_listeners(ports: Mapping[str, int]) -> None:
    """A ListenerSet adds listeners if the Gateway allows its namespace. Routes attach to the set, or to the Gateway."""
    gateway = edge(listener("own", 80, "HTTP", hostname="own.example"))
    gateway["spec"]["allowedListeners"] = {"namespaces": {"from": "Same"}}
    sets = (
        listener_set("more", listener("more", 80, "HTTP", hostname="more.example")),
        listener_set("refused", listener("refused", 80, "HTTP", hostname="refused.example"), namespace="shop"),
    )
    routes = (
        route(rule("one")),
        route(rule("two"), name="more", parentRefs=[{"kind": "ListenerSet", "name": "more", "namespace": "infra"}]),
        route(rule("two"), name="refused", parentRefs=[{"kind": "ListenerSet", "name": "refused"}]),
    )
    with serving(ports, *sets, *routes, gateway=gateway) as envoy:
        assert backend(envoy, host="own.example") == "one"
        assert backend(envoy, host="more.example") == "two"
        assert backend(envoy, host="refused.example") == "404"


# ---- TLS to backends and clients


def config_map(name: str, namespace: str, certificate: str) -> Object:
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"ca.crt": certificate}}


def backend_tls(service: str, authority: str, *names: str) -> Object:
    """A policy for TLS to a Service, whose certificate is of an authority and has one of these names."""
    validation = {
        "hostname": "one.example",
        "caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": authority}],
        "subjectAltNames": [{"type": "Hostname", "hostname": name} for name in names],
    }
    targets = [{"group": "", "kind": "Service", "name": service}]
    return gateway_api("BackendTLSPolicy", service, targetRefs=targets, validation=validation)


def test_a_policy_asks_for_tls_to_a_backend(tmp_path: Path) -> None:
    """The gateway speaks TLS to the backend, and answers 503 for a certificate without the names of the policy, or of
    another authority. Without names, istiod asks for none: `hostname` is only sent.
    """
    authority, stranger = Authority(), Authority("stranger")
    tls = authority.server_context(tmp_path, authority.issue("backend.example"))
    certificates = (
        config_map("known", "shop", authority.certificate),
        config_map("unknown", "shop", stranger.certificate),
    )
    policies = {
        "named": backend_tls("named", "known", "backend.example", "other.example"),
        "unnamed": backend_tls("unnamed", "known"),
        "other": backend_tls("other", "known", "other.example"),
        "issuer": backend_tls("issuer", "unknown", "backend.example"),
    }
    with ExitStack() as started:
        served = {name: started.enter_context(http_backend(name, tls=tls)) for name in (*policies, "plain")}
        rules = [rule(name, matches=[{"path": {"value": f"/{name}"}}]) for name in served]
        envoy = started.enter_context(serving(served, *certificates, *policies.values(), route(*rules)))
        assert [backend(envoy, path) for path in ("/named", "/unnamed")] == ["named", "unnamed"]
        assert [backend(envoy, path) for path in ("/other", "/issuer", "/plain")] == ["503", "503", "503"]


@pytest.mark.parametrize("mode", ["AllowValidOnly", "AllowInsecureFallback"])
def test_a_gateway_checks_clients(ports: Mapping[str, int], tmp_path: Path, mode: str) -> None:
    """With frontend validation, clients need a certificate of the authority. istiod does not read the mode."""
    authority = Authority()
    tls = {"mode": "Terminate", "certificateRefs": [{"name": "shop-tls"}]}
    gateway = edge(listener("https", 443, "HTTPS", tls=tls))
    known = {"group": "", "kind": "ConfigMap", "name": "clients"}
    gateway["spec"]["tls"] = {"frontend": {"default": {"validation": {"caCertificateRefs": [known], "mode": mode}}}}
    objects = (secret("shop-tls", authority.issue(HOST)), config_map("clients", "infra", authority.certificate))
    with serving(ports, *objects, route(rule("one")), gateway=gateway) as envoy:
        port = envoy.listener_port("0.0.0.0_443")
        known_client = authority.client_context(tmp_path, authority.issue("spiffe://example/ns/a/sa/b"))
        assert request(port, host=HOST, tls=known_client).status == 200
        assert request(port, host=HOST, tls=authority.client_context(tmp_path)).status == CLOSED
