"""Outbound listeners of sidecars, from YAML to Envoy."""

from __future__ import annotations

from typing import Any

from meshcompile.resolve.outbound.egress import ACTIONS, Action
from meshcompile.resolve.outbound.egress_claims import ListenerProtocol
from tests.meshes import SHOP, asked, listeners, mesh, sidecar


def entry(name: str, ports: str, extra: str = "", hosts: str = "") -> str:
    return f"""
    apiVersion: networking.istio.io/v1
    kind: ServiceEntry
    metadata: {{name: {name}, namespace: shop}}
    spec:
      hosts: [{hosts or f"{name}.example.com"}]
      ports: [{ports}]
      resolution: STATIC
      {extra}
    """


def filters(chain: dict[str, Any]) -> list[str]:
    return [each["name"].rpartition(".")[2] for each in chain["filters"]]


def clusters(listener: dict[str, Any]) -> list[str]:
    chains = [*listener["filterChains"], listener.get("defaultFilterChain", {"filters": []})]
    configs = [each["typedConfig"] for chain in chains for each in chain["filters"]]
    return [config["cluster"] for config in configs if "cluster" in config]


def test_http_services_share_a_listener_per_port() -> None:
    """All HTTP traffic of a port goes to one wildcard listener, which also forwards other protocols."""
    found = listeners(mesh(SHOP), sidecar())
    assert sorted(found) == ["0.0.0.0_80", "0.0.0.0_8080", "virtualInbound", "virtualOutbound"]
    listener = found["0.0.0.0_80"]
    (http,) = listener["filterChains"]
    assert http["filterChainMatch"] == {"applicationProtocols": ["http/1.1", "h2c"], "transportProtocol": "raw_buffer"}
    assert filters(listener["defaultFilterChain"]) == ["stats", "tcp_proxy"]
    assert listener["defaultFilterChain"]["filterChainMatch"] == {}
    assert listener["bindToPort"] is False


def test_tcp_services_listen_on_their_own_address() -> None:
    """A TCP service with an address has its own listener with a single chain."""
    found = listeners(mesh(entry("db", "{name: tcp, number: 5432, protocol: TCP}", "addresses: [10.9.0.1]")), sidecar())
    assert clusters(found["10.9.0.1_5432"]) == ["outbound|5432||db.example.com"]


def test_tls_services_without_an_address_are_told_apart_by_name() -> None:
    """TLS services on a wildcard listener have a chain per server name, and other traffic is passed through."""
    port = "{name: tls, number: 443, protocol: TLS}"
    found = listeners(mesh(entry("a", port), entry("b", port)), sidecar())["0.0.0.0_443"]
    names = [chain["filterChainMatch"]["serverNames"] for chain in found["filterChains"]]
    assert names == [["a.example.com"], ["b.example.com"]]
    assert [each["name"].rpartition(".")[2] for each in found["listenerFilters"]] == ["tls_inspector"]
    assert clusters(found)[-1] == "PassthroughCluster"


def test_tcp_services_without_an_address_conflict() -> None:
    """Of two TCP services on one wildcard port, the older one keeps the listener, which is reported."""
    port = "{name: tcp, number: 5432, protocol: TCP}"
    found = asked(mesh(entry("a", port), entry("b", port)), sidecar())
    (listener,) = [each for each in found.listeners.sidecar if each.name == "0.0.0.0_5432"]
    (chain,) = listener.chains
    assert "outbound|5432||a.example.com" in str(chain.connection)
    assert found.slugs() == ["listener-conflict"]


def test_sniffed_service_has_its_own_routes() -> None:
    """A port without a protocol is detected from the first bytes, and HTTP uses the service's own routes."""
    found = listeners(
        mesh(
            entry("auto", "{name: x, number: 7000, protocol: ''}", "addresses: [10.9.0.2]").replace("protocol: ''", "")
        ),
        sidecar(),
    )["10.9.0.2_7000"]
    manager = found["filterChains"][0]["filters"][-1]["typedConfig"]
    assert manager["rds"]["routeConfigName"] == "auto.example.com:7000"
    assert clusters(found) == ["outbound|7000||auto.example.com"]


def test_server_first_protocols_share_with_nobody() -> None:
    """A MySQL service cannot share its port with protocol detection."""
    mysql = entry("a", "{name: mysql, number: 3306, protocol: MySQL}")
    found = asked(mesh(mysql, entry("b", "{name: http, number: 3306, protocol: HTTP}")), sidecar())
    (listener,) = [each for each in found.listeners.sidecar if each.name == "0.0.0.0_3306"]
    assert len(listener.chains) == 1
    assert found.slugs() == ["protocol-conflict"]


def test_what_a_sidecar_puts_on_a_port_stays() -> None:
    """A catch-all egress listener adds nothing to an address and port of an earlier listener."""
    limited = """
    apiVersion: networking.istio.io/v1
    kind: Sidecar
    metadata: {name: s, namespace: shop}
    spec:
      egress:
      - {port: {number: 80, protocol: TCP, name: tcp}, bind: 0.0.0.0, hosts: ["./catalog.shop.svc.cluster.local"]}
      - {hosts: ["./*"]}
    """
    listener = listeners(mesh(SHOP, limited), sidecar())["0.0.0.0_80"]
    assert clusters(listener) == ["outbound|80||catalog.shop.svc.cluster.local"]


def test_without_iptables_listeners_bind_to_loopback() -> None:
    """With INTERCEPTION_MODE NONE, outbound listeners bind to 127.0.0.1, and there are no virtual listeners."""
    found = listeners(mesh(SHOP), sidecar(INTERCEPTION_MODE="NONE"))
    assert sorted(found) == ["127.0.0.1_80", "127.0.0.1_8080"]
    assert "bindToPort" not in found["127.0.0.1_80"]


def test_unknown_traffic_is_refused_or_passed_on() -> None:
    """REGISTRY_ONLY sends unknown traffic to the black hole, and ALLOW_ANY to its original destination."""
    passed = listeners(mesh(SHOP), sidecar())["virtualOutbound"]
    refused = listeners(mesh(SHOP, outboundTrafficPolicy={"mode": "REGISTRY_ONLY"}), sidecar())["virtualOutbound"]
    assert clusters(passed) == ["BlackHoleCluster", "PassthroughCluster"]
    assert clusters(refused) == ["BlackHoleCluster", "BlackHoleCluster"]


HEADLESS = """
apiVersion: v1
kind: Service
metadata: {name: db, namespace: shop}
spec:
  clusterIP: None
  ports: [{name: tcp, port: 5432}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: db-1, namespace: shop, labels: {kubernetes.io/service-name: db}}
addressType: IPv4
ports: [{name: tcp, port: 5432, protocol: TCP}]
endpoints: [{addresses: [10.1.0.1]}, {addresses: [10.1.0.9]}]
"""


def test_headless_tcp_listens_for_each_pod_but_itself() -> None:
    """A TCP port of a headless service has a listener per endpoint, but a proxy has none for itself."""
    found = listeners(mesh(HEADLESS), sidecar())
    assert [name for name in sorted(found) if name.endswith("_5432")] == ["10.1.0.9_5432"]


def test_sidecars_that_are_alike_share_their_listeners() -> None:
    """A second sidecar of the scope shares all messages that do not contain its name."""
    of = mesh(entry("db", "{name: tcp, number: 5432, protocol: TCP}", "addresses: [10.9.0.1]"))
    first, second = (
        {each.name: each for each in asked(of, sidecar(labels={"app": app})).listeners.sidecar} for app in ("a", "b")
    )
    assert first["10.9.0.1_5432"] is second["10.9.0.1_5432"]


def test_every_meeting_of_two_kinds_has_an_action() -> None:
    """The table covers every combination of existing and new claims."""
    assert ACTIONS.keys() == {(there, comes) for there in ListenerProtocol for comes in ListenerProtocol}
    assert ACTIONS[ListenerProtocol.HTTP, ListenerProtocol.HTTP] is Action.IGNORE


def test_rules_of_one_service_are_not_compared() -> None:
    """Rules of one service for the same destinations have a chain each, even if Envoy cannot distinguish them."""
    rules = """
    apiVersion: networking.istio.io/v1
    kind: VirtualService
    metadata: {name: db, namespace: shop}
    spec:
      hosts: [db.example.com]
      tcp:
      - match: [{destinationSubnets: [10.1.0.0/16]}]
        route: [{destination: {host: db.example.com}}]
      - match: [{destinationSubnets: [10.1.2.0/16]}]
        route: [{destination: {host: other.example.com}}]
    """
    port = entry("db", "{name: tcp, number: 5432, protocol: TCP}", "addresses: [10.9.0.1]")
    found = listeners(mesh(port, rules), sidecar())["10.9.0.1_5432"]
    assert [chain["filterChainMatch"]["prefixRanges"][0]["addressPrefix"] for chain in found["filterChains"]] == [
        "10.1.0.0",
        "10.1.2.0",
    ]


def test_ports_of_a_headless_service_with_one_number_do_not_conflict() -> None:
    """A port for UDP with the number of a TCP port adds nothing, and is no conflict: name servers have both."""
    texts = """
    apiVersion: v1
    kind: Service
    metadata: {name: dns, namespace: shop}
    spec: {clusterIP: None, ports: [{name: dns, port: 53, protocol: UDP}, {name: dns-tcp, port: 53}]}
    ---
    apiVersion: discovery.k8s.io/v1
    kind: EndpointSlice
    metadata: {name: dns, namespace: shop, labels: {kubernetes.io/service-name: dns}}
    addressType: IPv4
    ports: [{name: dns, port: 53, protocol: UDP}, {name: dns-tcp, port: 53, protocol: TCP}]
    endpoints: [{addresses: [10.2.0.1]}]
    """
    found = asked(mesh(texts), sidecar())
    assert [listener.name for listener in found.listeners.sidecar if not listener.virtual] == ["10.2.0.1_53"]
    assert found.slugs() == []
