"""Gateways in the real Envoy: the behaviour of each kind of server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

import meshcompile
from tests.envoy.backends import http_backend, tcp_backend
from tests.envoy.certificates import Authority
from tests.envoy.client import CLOSED, connected, request
from tests.envoy.runner import Envoy, on_free_ports, running
from tests.envoy.sidecars import documents
from tests.envoy.tokens import Issuer, bearer
from tests.meshes import gateway as gateway_proxy

pytestmark = pytest.mark.envoy

Object = dict[str, Any]


def networking(kind: str, name: str, **spec: Any) -> Object:
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": "istio-system"},
        "spec": spec,
    }


def front(*servers: Object) -> Object:
    return networking("Gateway", "front", selector={"istio": "ingressgateway"}, servers=list(servers))


def server(number: int, protocol: str, *hosts: str, **more: Any) -> Object:
    port = {"number": number, "name": f"{protocol.lower()}-{number}", "protocol": protocol}
    return {"port": port, "hosts": list(hosts), **more}


def backend(name: str, port: int, protocol: str = "HTTP") -> Object:
    """A service outside the mesh, on loopback."""
    return networking(
        "ServiceEntry",
        name,
        hosts=[f"{name}.example"],
        ports=[{"number": 80, "name": "main", "protocol": protocol}],
        resolution="STATIC",
        endpoints=[{"address": "127.0.0.1", "ports": {"main": port}}],
    )


def routes(*hosts: str, **rules: Any) -> Object:
    return networking("VirtualService", "routes", hosts=list(hosts), gateways=["front"], **rules)


def to(name: str) -> Object:
    return {"route": [{"destination": {"host": f"{name}.example", "port": {"number": 80}}}]}


@contextmanager
def serving(*objects: Object) -> Iterator[Envoy]:
    """A gateway with these objects."""
    mesh = meshcompile.load(documents(*objects))
    assert [str(d) for d in mesh.diagnostics if d.severity is meshcompile.Severity.ERROR] == []
    with running(on_free_ports(mesh.compile(gateway_proxy()).bootstrap().to_dict())) as envoy:
        yield envoy


@pytest.fixture
def started() -> Iterator[ExitStack]:
    """Backends that stop with the test."""
    with ExitStack() as stack:
        yield stack


def test_claims_choose_the_route(started: ExitStack) -> None:
    """At a gateway, a VirtualService can match claims of a valid token."""
    issuer = Issuer("issuer.example")
    tokens = {
        "apiVersion": "security.istio.io/v1",
        "kind": "RequestAuthentication",
        "metadata": {"name": "tokens", "namespace": "istio-system"},
        "spec": {"jwtRules": [{"issuer": issuer.name, "jwks": issuer.jwks}]},
    }
    staff = {"match": [{"headers": {"@request.auth.claims.org.role": {"exact": "staff"}}}], **to("staff")}
    others = {"match": [{"withoutHeaders": {"@request.auth.claims.org.role": {"exact": "guest"}}}], **to("others")}
    entries = [backend(name, started.enter_context(http_backend(name))) for name in ("staff", "others")]
    rules = routes("shop.example", http=[staff, others])
    with serving(front(server(80, "HTTP", "*")), rules, tokens, *entries) as envoy:
        port = envoy.listener_port("0.0.0.0_80")

        def answered(**claims: Any) -> tuple[int, str]:
            answer = request(port, host="shop.example", headers=bearer(issuer.token(**claims)) if claims else {})
            return answer.status, answer.backend

        assert answered(org={"role": "staff"}) == (200, "staff")
        assert answered(org={"role": ["boss", "staff"]}) == (200, "staff")
        assert answered(org={"role": "boss"}) == (200, "others")
        assert answered() == (200, "others")
        assert answered(org={"role": "guest"}) == (404, "")


def test_passthrough_by_server_name(started: ExitStack, tmp_path: Path) -> None:
    """TLS passthrough routes by server name. TLS terminates at the destination, and other server names are rejected."""
    authority = Authority()
    names = ("one", "two")
    contexts = [authority.server_context(tmp_path, authority.issue(f"{name}.shop.example")) for name in names]
    ports = [started.enter_context(http_backend(n, tls=c)) for n, c in zip(names, contexts, strict=True)]
    entries = [backend(name, port, "TLS") for name, port in zip(names, ports, strict=True)]
    rules = [{"match": [{"sniHosts": [f"{name}.shop.example"]}], **to(name)} for name in names]
    passing = server(443, "TLS", "*.shop.example", tls={"mode": "PASSTHROUGH"})
    with serving(front(passing), routes(*(f"{n}.shop.example" for n in names), tls=rules), *entries) as envoy:
        port, client = envoy.listener_port("0.0.0.0_443"), authority.client_context(tmp_path)
        client.check_hostname = True
        for name in names:
            assert request(port, host=f"{name}.shop.example", tls=client).backend == name
        assert request(port, host="three.shop.example", tls=client).status == CLOSED


def test_bytes_go_through(started: ExitStack) -> None:
    """A TCP server forwards bytes in both directions."""
    echo = backend("echo", started.enter_context(tcp_backend(b"hello")), "TCP")
    with (
        serving(front(server(9000, "TCP", "*")), routes("*", tcp=[to("echo")]), echo) as envoy,
        connected(envoy.listener_port("0.0.0.0_9000")) as connection,
    ):
        assert connection.recv(5) == b"hello"
        connection.sendall(b"again")
        assert connection.recv(5) == b"again"


def test_plain_requests_are_sent_to_https(started: ExitStack) -> None:
    """A server with httpsRedirect redirects every request to its hosts to the same address with HTTPS."""
    web = backend("web", started.enter_context(http_backend("web")))
    redirecting = server(80, "HTTP", "shop.example", tls={"httpsRedirect": True})
    with serving(front(redirecting), routes("shop.example", http=[to("web")]), web) as envoy:
        answer = request(envoy.listener_port("0.0.0.0_80"), "/a?b=c", host="shop.example")
        assert (answer.status, answer.headers["location"]) == (301, "https://shop.example/a?b=c")
        assert request(envoy.listener_port("0.0.0.0_80"), host="other.example").status == 404


def test_the_narrower_server_answers(started: ExitStack) -> None:
    """An exact host of a Gateway takes precedence over the wildcard, each with the routes bound to it."""
    entries = [backend(name, started.enter_context(http_backend(name))) for name in ("exact", "wild")]
    exact, wild = routes("a.shop.example", http=[to("exact")]), routes("*.shop.example", http=[to("wild")])
    wild["metadata"] = {**wild["metadata"], "name": "wild"}
    with serving(front(server(80, "HTTP", "a.shop.example", "*.shop.example")), exact, wild, *entries) as envoy:
        port = envoy.listener_port("0.0.0.0_80")
        assert [request(port, host=f"{n}.shop.example").backend for n in "ab"] == ["exact", "wild"]
        assert request(port, host="shop.example").status == 404
