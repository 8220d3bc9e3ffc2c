"""Listeners of gateways, and their TLS settings."""

from __future__ import annotations

from typing import Any

import pytest

from meshcompile import load
from meshcompile.models.base import ObjectMeta
from meshcompile.models.networking.gateway import Gateway, Port, Server, ServerTLSSettings
from meshcompile.resolve.gateways.from_gateway import gateway_server
from meshcompile.resolve.gateways.listeners import GatewayListener
from meshcompile.resolve.gateways.tls import cipher_suites, gateway_secrets, server_tls
from meshcompile.resolve.listeners.http_connection import HttpConnection
from meshcompile.resolve.listeners.tcp_connection import TcpConnection
from meshcompile.resolve.listeners.traffic import Traffic
from meshcompile.resolve.security.downstream_tls import DownstreamTls, Secret
from meshcompile.values.ports import Protocol
from tests.meshes import SHOP, asked, gateway, mesh
from tests.meshes import listeners as emitted

TLS_ROUTE = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: %s, namespace: shop}
spec:
  hosts: ['*.example.com']
  gateways: [edge]
  tls:
  - match:
    - {sniHosts: [a.example.com]}
    - {port: 1, sniHosts: [b.example.com]}
    - {gateways: [other], sniHosts: [c.example.com]}
    route: [{destination: {host: web}}]
  tcp:
  - match: [{port: 9000}]
    route: [{destination: {host: web, port: {number: 80}}, weight: 1}, {destination: {host: catalog}, weight: 3}]
"""


def edge(*servers: str) -> str:
    return f"""
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {{name: edge, namespace: shop}}
spec: {{selector: {{istio: ingressgateway}}, servers: [{", ".join(servers)}]}}
"""


PASSTHROUGH = "{port: {number: 443, name: tls, protocol: TLS}, hosts: ['*.example.com'], tls: {mode: PASSTHROUGH}}"
AUTO = "{port: {number: 15443, name: tls, protocol: TLS}, hosts: ['*.local'], tls: {mode: AUTO_PASSTHROUGH}}"
TCP = "{port: {number: 9000, name: tcp, protocol: TCP}, hosts: ['*']}"
HTTP = "{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}"
HTTPS = """{name: front, port: {number: 443, name: https, protocol: HTTPS}, hosts: [./a.com, b.com],
  tls: {mode: SIMPLE, credentialName: c}}"""


def listeners(*texts: str, **metadata: Any) -> dict[str, GatewayListener]:
    return {each.name: each for each in asked(mesh(SHOP, *texts), gateway(**metadata)).listeners.gateway}


def test_plain_http_has_one_chain_and_its_routes_by_name() -> None:
    """A plain HTTP port accepts every connection, and uses the routes of its port."""
    listener = listeners(edge(HTTP))["0.0.0.0_80"]
    (chain,) = listener.chains
    assert isinstance(chain.connection, HttpConnection)
    assert (chain.match, chain.connection.route_name) == (None, "http.80")
    assert not listener.inspects_tls


def test_https_is_told_apart_by_its_hosts() -> None:
    """An HTTPS server matches its hosts by SNI. Its name is the prefix of its statistics."""
    (chain,) = listeners(edge(HTTPS))["0.0.0.0_443"].chains
    assert isinstance(chain.connection, HttpConnection)
    assert chain.match is not None
    assert chain.match.names == ("a.com", "b.com")
    assert (chain.connection.route_name, chain.connection.stat_prefix) == ("https.443.https.edge.shop", "front")


def test_passthrough_has_a_chain_per_match() -> None:
    """Each `tls` match for the port and Gateway has a chain. A second one for the same host is reported."""
    found = asked(mesh(SHOP, edge(PASSTHROUGH), TLS_ROUTE % "one", TLS_ROUTE % "two"), gateway()).listeners
    (listener,) = found.gateway
    assert [chain.match and chain.match.server_names for chain in listener.chains] == [("a.example.com",)]
    (finding,) = found.findings
    assert (finding.slug, finding.name, finding.related[0].origin.document.name) == ("duplicate-sni-host", "two", "one")


def test_bytes_go_where_the_first_tcp_rule_says() -> None:
    """A TCP server has one chain, with the weighted destinations of the first rule for its port."""
    (chain,) = listeners(edge(TCP), TLS_ROUTE % "one")["0.0.0.0_9000"].chains
    assert isinstance(chain.connection, TcpConnection)
    assert [(share.cluster, share.weight) for share in chain.connection.clusters] == [
        ("outbound|80||web.shop.svc.cluster.local", 1),
        ("outbound|80||catalog.shop.svc.cluster.local", 3),
    ]


def test_a_server_that_nothing_routes_has_no_listener() -> None:
    """A TCP server without routes has no listener. The finding is at the server."""
    found = asked(mesh(SHOP, edge(TCP)), gateway()).listeners
    assert found.gateway == ()
    assert [(finding.slug, finding.field) for finding in found.findings] == [
        ("server-without-route", "spec.servers[0]")
    ]


def test_other_networks_reach_every_service_by_sni() -> None:
    """AUTO_PASSTHROUGH has a chain per service port, for mutual TLS of the mesh only."""
    chains = listeners(edge(AUTO))["0.0.0.0_15443"].chains
    assert sorted(chain.match.server_names[0] for chain in chains if chain.match) == [
        "outbound_.8080_._.web.shop.svc.cluster.local",
        "outbound_.80_._.catalog.shop.svc.cluster.local",
        "outbound_.80_._.web.shop.svc.cluster.local",
    ]
    assert all(chain.match and chain.match.traffic is Traffic.MESH_PASSED_ON for chain in chains)


def test_privileged_ports_are_not_opened_by_unprivileged_pods() -> None:
    """A pod that cannot bind to ports below 1024 has no such listeners."""
    assert listeners(edge(HTTP, TCP), TLS_ROUTE % "one", UNPRIVILEGED_POD="true").keys() == {"0.0.0.0_9000"}


# ---- TLS


def tls(protocol: Protocol = Protocol.HTTPS, proxy: dict[str, Any] | None = None, **fields: Any) -> DownstreamTls:
    settings = ServerTLSSettings.model_validate(fields)
    server = Server(port=Port(number=443, protocol=protocol, name="x"), hosts=("a.com",), tls=settings)
    secrets = gateway_secrets(mesh(SHOP).snapshot, gateway(**(proxy or {})))
    of = Gateway(metadata=ObjectMeta(name="edge", namespace="shop"))
    made = server_tls(gateway_server(of, server, 443), None, secrets)
    assert made is not None
    return made


def test_credentials_come_from_the_control_plane() -> None:
    """A credential is a Secret by name over ADS, and its CA certificates are in a second Secret."""
    made = tls(mode="MUTUAL", credentialName="shop", subjectAltNames=["me"])
    assert made.certificates == (Secret("kubernetes://shop", cluster=""),)
    assert made.validation is not None
    assert made.validation.roots == Secret("kubernetes://shop-cacert", cluster="")
    assert made.validation.san_exact == ("me",)
    assert made.require_client_certificate


def test_files_come_from_the_agent() -> None:
    """Certificates in files are secrets of the agent, named after the files."""
    made = tls(mode="OPTIONAL_MUTUAL", serverCertificate="/c", privateKey="/k", caCertificates="/ca")
    assert made.certificates == (Secret("file-cert:/c~/k"),)
    assert made.validation is not None
    assert made.validation.roots == Secret("file-root:/ca")
    assert not made.require_client_certificate


def test_mutual_tls_of_the_mesh_takes_no_limits() -> None:
    """ISTIO_MUTUAL uses the workload's own certificate, regardless of TLS versions and cipher suites."""
    made = tls(Protocol.TLS, mode="ISTIO_MUTUAL", minProtocolVersion="TLSV1_3", cipherSuites=["AES128-SHA"])
    assert made.certificates == (Secret("default"),)
    assert (made.minimum_version, made.cipher_suites) == ("", ())
    assert made.alpn[0] == "istio-peer-exchange"


@pytest.mark.parametrize(
    ("name", "proxy", "secret"),
    [
        ("kubernetes-gateway://ns/x", {}, Secret("kubernetes-gateway://ns/x", cluster="")),
        ("builtin://", {}, Secret("default")),
        ("sds://x", {}, Secret("kubernetes://x", cluster="")),
        ("sds://x", {"credential": "true"}, Secret("sds://x", cluster="sds-external")),
    ],
)
def test_forms_of_credential_names(name: str, proxy: dict[str, Any], secret: Secret) -> None:
    """A credential name can contain the location of its secret."""
    assert tls(mode="SIMPLE", credentialName=name, proxy=proxy).certificates == (secret,)


def test_ciphers_that_envoy_does_not_know_are_left_out() -> None:
    """Unknown and duplicate cipher suites are dropped, and expressions are kept."""
    assert cipher_suites(("AES128-SHA", "NOPE", "AES128-SHA", "-ALL", "[A|B]")) == ("AES128-SHA", "-ALL", "[A|B]")


def test_secrets_of_an_unknown_provider_are_left_blank() -> None:
    """If the service of the SDS provider is unknown, its secrets are empty."""
    server = """{port: {number: 443, name: https, protocol: HTTPS}, hosts: ['*'],
      tls: {mode: MUTUAL, credentialName: 'sds://x'}}"""
    provider = {"name": "vault", "sds": {"name": "vault", "service": "vault.nowhere", "port": 8234}}
    (listener,) = emitted(mesh(SHOP, edge(server), extensionProviders=[provider]), gateway()).values()
    context = listener["filterChains"][0]["transportSocket"]["typedConfig"]["commonTlsContext"]
    assert context["tlsCertificateSdsSecretConfigs"] == [{}]
    assert context["combinedValidationContext"] == {"defaultValidationContext": {}}


def test_internal_networks_keep_their_host_bits() -> None:
    """The networks for internal requests are those of the mesh networks, sorted."""
    networks = {"b": {"endpoints": [{"fromCidr": "10.2.3.4/16"}]}, "a": {"endpoints": [{"fromCidr": "fd00::/8"}]}}
    of = load(SHOP + edge(HTTP), networks=networks)
    (listener,) = emitted(of, gateway()).values()
    manager = listener["filterChains"][0]["filters"][-1]["typedConfig"]
    ranges = manager["internalAddressConfig"]["cidrRanges"]
    assert [(each["addressPrefix"], each["prefixLen"]) for each in ranges] == [("10.2.3.4", 16), ("fd00::", 8)]
