from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from meshcompile.output.bootstrap import Credential, Options
from tests.envoy.answers import bootstrap, compiled, proxies
from tests.envoy.backends import http_backend
from tests.envoy.certificates import Authority
from tests.envoy.client import CLOSED, request
from tests.envoy.runner import on_free_ports, running, validate
from tests.envoy.sidecars import read_by_header, workload_certificates

pytestmark = pytest.mark.envoy

# Content that the cases invent and the real Envoy checks: token keys, certificates and their files.
MADE_UP_KEYS = "has invalid local jwks"
MADE_UP = (MADE_UP_KEYS, "Failed to load", "Invalid path")
WEBAPP = "10.42.0.12"


@pytest.mark.slow
def test_bootstraps_of_istiods_answers_are_accepted() -> None:
    """The real Envoy accepts static bootstraps with istiod's output for the book's cases."""
    refused = {proxy: result.error for proxy in proxies("book") if not (result := validate(bootstrap(proxy))).accepted}
    assert {proxy: error for proxy, error in refused.items() if MADE_UP_KEYS not in error} == {}


@pytest.mark.slow
def test_compiled_bootstraps_are_accepted() -> None:
    """The real Envoy accepts compiled output wherever it accepts istiod's.

    This covers the book's proxies and some other cases, except for certificates, keys and files that the cases invent.
    """
    wanted = [*proxies("book"), *proxies("*")[:: len(proxies("*")) // 50]]
    refused = {proxy: result.error for proxy in wanted if not (result := validate(compiled(proxy))).accepted}
    ours = {proxy: error for proxy, error in refused.items() if not any(text in error for text in MADE_UP)}
    assert {proxy: error for proxy, error in ours.items() if validate(bootstrap(proxy)).accepted} == {}


def test_a_sidecar_becomes_live() -> None:
    """An Envoy with the bootstrap of a sidecar becomes live without any other server."""
    with running(on_free_ports(bootstrap("book/ch2-catalog-subsets/istiod/webapp"))) as envoy:
        assert envoy.live


def test_a_gateway_routes_by_header() -> None:
    """At the gateway, a header decides which version answers, and unknown hosts are rejected."""
    with http_backend("v1") as v1, http_backend("v2") as v2:
        moved = {"10.42.0.12": f"127.0.0.1:{v1}", "10.42.0.13": f"127.0.0.1:{v2}"}
        content = bootstrap("book/ch5-cohort-gateway/istiod/ingress", Options(endpoints=moved))
        with running(on_free_ports(content)) as envoy:
            port, host = envoy.listener_port("0.0.0.0_8080"), "catalog.istioinaction.io"
            assert request(port, host=host).backend == "v1"
            assert request(port, host=host, headers={"x-istio-cohort": "internal"}).backend == "v2"
            assert request(port, host=host, headers={"x-istio-cohort": "external"}).backend == "v1"
            assert request(port, host="unknown.istioinaction.io").status == 404


@pytest.mark.parametrize(
    ("case", "credential", "mutual"),
    [
        ("ch4-https-simple", "istio-system/webapp-credential", False),
        ("ch4-mutual-tls", "istio-system/webapp-credential-mtls", True),
    ],
)
def test_a_gateway_ends_tls(case: str, credential: str, mutual: bool, tmp_path: Path) -> None:
    """With the Secret's certificate, HTTPS works. With mutual TLS, only clients with a certificate get a response."""
    authority = Authority()
    server, client = authority.issue("webapp.istioinaction.io"), authority.issue("client.example")
    known, unknown = authority.client_context(tmp_path, client), authority.client_context(tmp_path)
    credentials = {credential: Credential(server.certificate, server.private_key, authority.certificate)}
    with http_backend("webapp") as backend:
        options = Options(namespace="istio-system", credentials=credentials, endpoints={WEBAPP: f"127.0.0.1:{backend}"})
        with running(on_free_ports(bootstrap(f"book/{case}/istiod/ingress", options))) as envoy:
            port, host = envoy.listener_port("0.0.0.0_8443"), "webapp.istioinaction.io"
            assert request(port, host=host, tls=known).backend == "webapp"
            assert request(port, host=host, tls=unknown).status == (CLOSED if mutual else 200)
            assert request(port, host="unknown.istioinaction.io", tls=known).status == CLOSED


def test_a_sidecar_demands_mutual_tls(tmp_path: Path) -> None:
    """With STRICT, the application accepts clients with a certificate of the mesh, and rejects plaintext."""
    authority = Authority()
    workload_certificates(tmp_path, authority, "spiffe://cluster.local/ns/istioinaction/sa/webapp")
    content = bootstrap("book/ch9-mtls-mesh-strict/istiod/webapp", Options(workload_certificates=str(tmp_path)))
    application = ("127.0.9.1", 8080)
    with http_backend("webapp", address=application), running(on_free_ports(read_by_header(content))) as envoy:
        port = envoy.listener_port("virtualInbound")
        client = authority.client_context(tmp_path, authority.issue("spiffe://cluster.local/ns/istioinaction/sa/sleep"))
        client.set_alpn_protocols(["istio-http/1.1"])
        assert request(port, tls=client, sni="outbound_.80_._.webapp", destination=application).backend == "webapp"
        assert request(port, destination=application).status == CLOSED
        nobody: ssl.SSLContext = authority.client_context(tmp_path)
        assert request(port, tls=nobody, sni="outbound_.80_._.webapp", destination=application).status == CLOSED
