"""What a change of a mesh does to requests over TLS: to gateways, and to hosts outside of the mesh."""

from __future__ import annotations

from textwrap import dedent

import pytest

from meshcompile import MeshDiff, Risk
from meshcompile.compare.report import text
from tests.unit.test_compare import GATEWAY_POD, SHOP, difference, only

SECURE_POD = GATEWAY_POD.replace(
    "{name: other, port: 81, targetPort: 8081}", "{name: https, port: 443, targetPort: 8443}"
)


def secured(hosts: str = "[a.example.com]", mode: str = "SIMPLE", timeout: str = "5s") -> str:
    """A gateway that ends TLS, and a VirtualService for two hosts."""
    return f"""
        apiVersion: networking.istio.io/v1
        kind: Gateway
        metadata: {{name: front, namespace: shop}}
        spec:
          selector: {{istio: ingressgateway}}
          servers:
          - port: {{number: 443, name: https, protocol: HTTPS}}
            hosts: {hosts}
            tls: {{mode: {mode}, credentialName: front}}
        ---
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata: {{name: front, namespace: shop}}
        spec:
          hosts: [a.example.com, b.example.com]
          gateways: [front]
          http: [{{timeout: {timeout}, route: [{{destination: {{host: catalog}}}}]}}]
        """


def at_gateway(before: str, after: str) -> MeshDiff:
    return difference(before, after, "---\n".join([SHOP, SECURE_POD]))


def test_a_route_behind_tls() -> None:
    """A route of a server with TLS is shown by a request over TLS, and the title says so."""
    diff = at_gateway(secured(), secured(timeout="1s"))
    change = only(diff)
    assert change.witness == {"from": "outside", "method": "GET", "url": "https://a.example.com/"}
    assert (change.before["timeout"], change.after["timeout"]) == ("5s", "1s")
    assert "\nrequests to a.example.com over TLS\n" in text(diff)


def test_a_server_for_all_hosts() -> None:
    """Clients of a server that ends TLS for all hosts ask for the host that they call."""
    change = only(at_gateway(secured('["*"]'), secured('["*"]', timeout="1s")))
    assert change.witness["url"] == "https://a.example.com/"
    assert change.hosts[0] == "a.example.com"


def test_a_host_more_behind_tls() -> None:
    """A host for which a gateway now ends TLS is exposed."""
    change = only(at_gateway(secured(), secured("[a.example.com, b.example.com]")))
    assert (change.before["status"], change.after["status"], change.risky) == (None, 200, (Risk.EXPOSURE,))
    assert change.witness["url"] == "https://b.example.com/"


def test_clients_that_now_need_a_certificate() -> None:
    """A client without a certificate is refused when the gateway asks for one."""
    diff = at_gateway(secured(), secured(mode="MUTUAL"))
    assert [(each.before["status"], each.after["status"]) for each in diff.changes] == [(200, None), (200, 200)]
    assert "requests to a.example.com over TLS on port 443\n" in text(diff)
    plain, named = diff.changes
    assert ("principal" in plain.witness, "principal" in named.witness) == (False, True)
    assert named.after["upstream_headers"] == {"x-forwarded-client-cert": "set by the proxy"}


def passed(host: str) -> str:
    """A gateway that passes TLS on to a host."""
    return f"""
        apiVersion: networking.istio.io/v1
        kind: Gateway
        metadata: {{name: front, namespace: shop}}
        spec:
          selector: {{istio: ingressgateway}}
          servers:
          - {{port: {{number: 443, name: tls, protocol: TLS}}, hosts: [a.example.com], tls: {{mode: PASSTHROUGH}}}}
        ---
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata: {{name: front, namespace: shop}}
        spec:
          hosts: [a.example.com]
          gateways: [front]
          tls:
          - match: [{{sniHosts: [a.example.com]}}]
            route: [{{destination: {{host: {host}, port: {{number: 80}}}}}}]
        """


def test_tls_that_a_gateway_passes_on() -> None:
    """A connection whose TLS a gateway passes on goes elsewhere."""
    diff = at_gateway(passed("catalog"), passed("web"))
    change = only(diff)
    assert (change.witness["url"], change.hosts) == ("https://a.example.com/", ("a.example.com",))
    assert (change.before["answered_by"], change.after["answered_by"]) == ("catalog.shop", "web.shop")
    assert "connections to a.example.com over TLS on port 443\n" in text(diff)


def payments(hosts: str, origination: str = "") -> str:
    """Hosts outside of the mesh, by TLS and in plain text, and how the proxies connect to one of them."""
    entry = f"""
        apiVersion: networking.istio.io/v1
        kind: ServiceEntry
        metadata: {{name: payments, namespace: shop}}
        spec:
          hosts: {hosts}
          ports:
          - {{number: 443, name: tls, protocol: TLS}}
          - {{number: 80, name: http, protocol: HTTP, targetPort: 443}}
          resolution: DNS
        """
    rule = f"""
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata: {{name: payments, namespace: shop}}
        spec:
          host: pay.example.net
          trafficPolicy: {{portLevelSettings: [{{port: {{number: 80}}, tls: {origination}}}]}}
        """
    return "---\n".join(map(dedent, [entry, *([rule] if origination else [])]))


def test_hosts_outside_of_the_mesh() -> None:
    """Requests to hosts that are not declared any more still arrive there, past the rules of the mesh."""
    diff = difference(payments("[pay.example.net, api.example.net]"), "")
    plain, secure = diff.changes
    assert (plain.hosts, secure.hosts) == (("api.example.net", "pay.example.net"),) * 2
    assert (plain.witness["url"], secure.witness["url"]) == ("http://api.example.net/", "https://api.example.net/")
    assert {each.after["cluster"] for each in diff.changes} == {"PassthroughCluster"}
    assert diff.risky == (Risk.LISTENER_DRAIN,)
    assert "connections to api.example.net, pay.example.net over TLS on port 443\n" in text(diff)


@pytest.mark.parametrize(
    ("origination", "mtls", "shown"),
    [
        ("{mode: SIMPLE}", False, "pay.example.net, TLS)"),
        ("{mode: MUTUAL, clientCertificate: /c, privateKey: /k, caCertificates: /a}", True, "pay.example.net, mTLS)"),
    ],
)
def test_tls_that_a_proxy_starts(origination: str, mtls: bool, shown: str) -> None:
    """The outcome tells TLS from mutual TLS, and to go back to plain text is risky."""
    before, after = payments("[pay.example.net]"), payments("[pay.example.net]", origination)
    diff = difference(before, after)
    change = next(each for each in diff.changes if each.before != each.after)
    assert (change.before["mtls"], change.after["mtls"], diff.risky) == (False, mtls, ())
    assert shown in text(diff)
    assert difference(after, before).risky == (Risk.MTLS_WEAKENED,)
