"""Gateways on the same router."""

from __future__ import annotations

import pytest

from meshcompile.resolve.gateways.merged import MergedGateway
from tests.meshes import asked, gateway, mesh


def gateways(*servers: str) -> MergedGateway:
    """Gateways `gw-0`, `gw-1`, ... in namespace edge, each with these servers, merged."""
    documents = (
        f"""
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {{name: gw-{index}, namespace: edge}}
spec: {{selector: {{istio: ingressgateway}}, servers: [{server}]}}
"""
        for index, server in enumerate(servers)
    )
    return asked(mesh(*documents), gateway()).facts.gateway


HTTP = "{port: {number: 80, name: http, protocol: HTTP}, hosts: ['%s']}"
HTTPS = "{port: {number: 443, name: https, protocol: HTTPS}, hosts: [%s], tls: {mode: SIMPLE, credentialName: c}}"
TCP = "{port: {number: 80, name: tcp, protocol: TCP}, hosts: ['*']}"


def test_plain_http_servers_share_their_routes() -> None:
    """HTTP servers on one port share a route name, older Gateways first."""
    merged = gateways(HTTP % "a.com", HTTP % "b.com")
    (port,) = merged.ports
    assert [server.gateway for server in merged.by_route_name["http.80"]] == ["edge/gw-0", "edge/gw-1"]
    assert len(merged.servers[port].servers) == 2


def test_https_servers_have_routes_of_their_own() -> None:
    """Each HTTPS server is identified by port, port name and Gateway."""
    merged = gateways(HTTPS % "a.com", HTTPS % "b.com")
    assert sorted(merged.by_route_name) == ["https.443.https.gw-0.edge", "https.443.https.gw-1.edge"]
    assert merged.findings == ()


def test_duplicate_tls_host_leaves_the_younger_server_out() -> None:
    """Of two TLS servers with a common host, the older one is kept. The finding names both positions."""
    merged = gateways(HTTPS % "a.com", HTTPS % "'a.com', 'b.com'")
    assert sorted(merged.by_route_name) == ["https.443.https.gw-0.edge"]
    (finding,) = merged.findings
    assert (finding.slug, finding.name, finding.related[0].origin.document.name) == (
        "duplicate-tls-host",
        "gw-1",
        "gw-0",
    )


def test_protocols_that_cannot_share_a_port() -> None:
    """TCP cannot share a port with plain HTTP, unless it has its own address."""
    merged = gateways(HTTP % "a.com", TCP, TCP.replace("hosts", "bind: 10.0.0.9, hosts"))
    assert [(port.protocol, port.bind) for port in merged.ports] == [("HTTP", ""), ("TCP", "10.0.0.9")]
    assert [finding.slug for finding in merged.findings] == ["port-conflict"]


def test_hosts_with_namespaces() -> None:
    """A dot is the Gateway's namespace, a star is any namespace, and a lone star is unchanged."""
    merged = gateways(HTTP % "./a.com", HTTP % "*/b.com", HTTP % "*/*", HTTP % "x/c.com")
    hosts = [server.hosts for server in merged.by_route_name["http.80"]]
    assert hosts == [("edge/a.com",), ("b.com",), ("*",), ("x/c.com",)]


ROUTER = """
apiVersion: v1
kind: Service
metadata: {name: in, namespace: istio-system}
spec: {selector: {istio: ingressgateway}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata:
  name: bound
  namespace: %s
  annotations: {internal.istio.io/gateway-service: "%s"}
spec:
  selector: {any: thing}
  servers:
  - {port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}
  - {port: {number: 81, name: other, protocol: HTTP}, hosts: ["*"]}
"""


@pytest.mark.parametrize(
    ("namespace", "services", "ports"),
    [
        ("istio-system", "in.istio-system.svc.cluster.local", [8080]),
        ("istio-system", "other,in.istio-system.svc.cluster.local", [8080]),
        ("istio-system", "other", []),
        ("edge", "in.istio-system.svc.cluster.local", []),
    ],
)
def test_a_gateway_can_be_bound_to_services(namespace: str, services: str, ports: list[int]) -> None:
    """The annotation of generated Gateways takes the place of the selector, and only ports of the Services count."""
    merged = asked(mesh(ROUTER % (namespace, services)), gateway()).facts.gateway
    assert [port.number for port in merged.ports] == ports
