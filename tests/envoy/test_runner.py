from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.envoy.backends import http_backend, tcp_backend
from tests.envoy.certificates import Authority
from tests.envoy.client import CLOSED, connected, request
from tests.envoy.runner import EnvoyError, running, validate

pytestmark = pytest.mark.envoy

HCM = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
ROUTER = {
    "name": "envoy.filters.http.router",
    "typedConfig": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"},
}
TCP_PROXY = "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy"
PROXY_PROTOCOL = "type.googleapis.com/envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol"
DOWNSTREAM_TLS = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext"


def http_filter(cluster: str) -> dict[str, Any]:
    routes = [{"match": {"prefix": "/"}, "route": {"cluster": cluster}}]
    return {
        "name": "http",
        "typedConfig": {
            "@type": HCM,
            "statPrefix": "http",
            "httpFilters": [ROUTER],
            "routeConfig": {"virtualHosts": [{"name": "web", "domains": ["web.example"], "routes": routes}]},
        },
    }


def listener(*chains: dict[str, Any], **more: Any) -> dict[str, Any]:
    address = {"socketAddress": {"address": "127.0.0.1", "portValue": 0}}
    return {"name": "main", "address": address, "filterChains": list(chains), **more}


def bootstrap(listener: dict[str, Any], port: int = 1) -> dict[str, Any]:
    address = {"socketAddress": {"address": "127.0.0.1", "portValue": port}}
    endpoints = [{"lbEndpoints": [{"endpoint": {"address": address}}]}]
    cluster = {"name": "web", "loadAssignment": {"clusterName": "web", "endpoints": endpoints}}
    return {"staticResources": {"listeners": [listener], "clusters": [cluster]}}


def test_validate_says_what_is_wrong() -> None:
    """A valid bootstrap is accepted. For an invalid one, the error names the position."""
    assert validate(bootstrap(listener({"filters": [http_filter("web")]}))).accepted
    refused = validate(bootstrap(listener({"filters": [http_filter("web")], "wrong": 1})))
    assert not refused.accepted
    assert "wrong" in refused.error


def test_http_request() -> None:
    """A request reaches the backend, and an unknown host does not."""
    with http_backend("web") as port, running(bootstrap(listener({"filters": [http_filter("web")]}), port)) as envoy:
        at = envoy.listener_port("main")
        answer = request(at, "/a?b=c", host="web.example", headers={"x-test": "1"})
        assert (answer.status, answer.backend, answer.json["path"]) == (200, "web", "/a?b=c")
        assert answer.json["headers"]["x-test"] == "1"
        assert request(at, host="other.example").status == 404
        assert envoy.stats("cluster.web.upstream_rq_total") == {"cluster.web.upstream_rq_total": 1}
    assert envoy.process.returncode is not None


def test_mutual_tls(tmp_path: Path) -> None:
    """A request with a certificate of the CA succeeds. Without one, the connection is closed."""
    authority = Authority()
    server, client = authority.issue("web.example"), authority.issue("spiffe://cluster.local/ns/shop/sa/web")
    tls = {
        "name": "envoy.transport_sockets.tls",
        "typedConfig": {
            "@type": DOWNSTREAM_TLS,
            "requireClientCertificate": True,
            "commonTlsContext": {
                "tlsCertificates": [
                    {
                        "certificateChain": {"inlineString": server.certificate},
                        "privateKey": {"inlineString": server.private_key},
                    }
                ],
                "validationContext": {"trustedCa": {"inlineString": authority.certificate}},
            },
        },
    }
    chain = {"filters": [http_filter("web")], "transportSocket": tls}
    with http_backend("web") as port, running(bootstrap(listener(chain), port)) as envoy:
        at = envoy.listener_port("main")
        assert request(at, host="web.example", tls=authority.client_context(tmp_path, client)).status == 200
        assert request(at, host="web.example", tls=authority.client_context(tmp_path)).status == CLOSED


def test_proxy_protocol_sets_the_destination() -> None:
    """With a PROXY header, the filter chain is selected by the original destination port."""
    proxy = {"name": "tcp", "typedConfig": {"@type": TCP_PROXY, "statPrefix": "tcp", "cluster": "web"}}
    chain = {"filterChainMatch": {"destinationPort": 9090}, "filters": [proxy]}
    reads_header = {"name": "proxy", "typedConfig": {"@type": PROXY_PROTOCOL}}
    with (
        tcp_backend(b"hello\n") as port,
        running(bootstrap(listener(chain, listenerFilters=[reads_header]), port)) as envoy,
    ):
        at = envoy.listener_port("main")
        with connected(at, destination=("10.1.2.3", 9090)) as connection:
            assert connection.recv(6) == b"hello\n"
        with connected(at, destination=("10.1.2.3", 9091)) as connection:
            assert connection.recv(6) == b""


def test_refused_bootstrap_raises() -> None:
    """An Envoy that exits before it is live raises an error with its log."""
    with pytest.raises(EnvoyError, match="ended with status 1"), running({"staticResources": {"nonsense": 1}}):
        pass
