"""The listeners of real sidecars: inbound mutual TLS, authorization and tokens, and outbound connections."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import meshcompile
from tests.envoy.backends import http_backend, tcp_backend
from tests.envoy.certificates import Authority
from tests.envoy.client import CLOSED, Answer, connected, request
from tests.envoy.runner import Envoy
from tests.envoy.sidecars import documents, running_sidecar, workload_certificates
from tests.envoy.tokens import Issuer, bearer
from tests.meshes import sidecar

pytestmark = pytest.mark.envoy

IDENTITY = "spiffe://cluster.local/ns/{}/sa/{}"
Object = dict[str, Any]


def security(kind: str, name: str = "policy", **spec: Any) -> Object:
    return {
        "apiVersion": "security.istio.io/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": "shop"},
        "spec": spec,
    }


def mutual_tls(mode: str, **more: Any) -> Object:
    return security("PeerAuthentication", mtls={"mode": mode}, **more)


def policy(action: str, *rules: Object, name: str = "policy") -> Object:
    return security("AuthorizationPolicy", name, action=action, rules=list(rules))


def web(port: int, name: str = "http") -> list[Object]:
    """The Service and the Pod of an application that listens on this port."""
    return [
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "web", "namespace": "shop"},
            "spec": {
                "clusterIP": "10.0.0.1",
                "selector": {"app": "web"},
                "ports": [{"name": name, "port": 80, "targetPort": port}],
            },
        },
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "web", "namespace": "shop", "labels": {"app": "web"}},
            "spec": {"containers": [{"name": "web"}, {"name": "istio-proxy"}]},
            "status": {"podIP": "10.1.0.5"},
        },
    ]


@dataclass(frozen=True)
class Server:
    """The sidecar of an application, and its possible clients."""

    envoy: Envoy
    port: int  # of the application
    clients: Mapping[str, ssl.SSLContext]

    def ask(self, client: str = "", path: str = "/", **more: Any) -> Answer:
        """The response to a client with the identity of a service account; "" uses plaintext."""
        tls = self.clients[client] if client else None
        sni = "outbound_.80_._.web.shop.svc.cluster.local" if tls else ""
        to = ("127.0.0.1", self.port)
        at = self.envoy.listener_port("virtualInbound")
        return request(at, path, tls=tls, sni=sni, destination=to, **{"host": "web.shop"} | more)

    def status(self, client: str = "", path: str = "/", **more: Any) -> int:
        return self.ask(client, path, **more).status


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Any]:
    """A function that runs the application's sidecar with some policies.

    The clients are `client` and `thief` in the namespace shop, and `nobody` without a certificate.
    """
    authority = Authority()
    workload_certificates(tmp_path / "web", authority, IDENTITY.format("shop", "web"))
    clients = {"nobody": authority.client_context(tmp_path)}
    for name in ("client", "thief"):
        clients[name] = authority.client_context(tmp_path, authority.issue(IDENTITY.format("shop", name)))
    for context in clients.values():
        context.set_alpn_protocols(["istio-http/1.1"])

    with ExitStack() as stack:

        def run(*policies: Object) -> Server:
            port = stack.enter_context(http_backend("web"))
            mesh = loaded(*web(port), *policies)
            envoy = stack.enter_context(running_sidecar(mesh, "web.shop", certificates=tmp_path / "web"))
            return Server(envoy, port, clients)

        yield run


def loaded(*objects: Object, **mesh_config: Any) -> meshcompile.Mesh:
    mesh = meshcompile.load(documents(*objects), mesh_config=mesh_config or None)
    assert [str(d) for d in mesh.diagnostics if d.severity is meshcompile.Severity.ERROR] == []
    return mesh


def test_strict(serving: Any) -> None:
    """STRICT accepts only certificates of the mesh, and forwards the identity of the client."""
    server = serving(mutual_tls("STRICT"))
    answer = server.ask("client")
    assert answer.status == 200
    assert "URI=spiffe://cluster.local/ns/shop/sa/client" in answer.json["headers"]["x-forwarded-client-cert"]
    assert server.status() == CLOSED
    assert server.status("nobody") == CLOSED


def test_permissive(serving: Any) -> None:
    """PERMISSIVE accepts mutual TLS and plaintext."""
    server = serving(mutual_tls("PERMISSIVE"))
    assert server.status("client") == 200
    assert server.status() == 200
    assert server.status("nobody") == CLOSED


def test_disabled(serving: Any) -> None:
    """DISABLE accepts only plaintext."""
    server = serving(mutual_tls("DISABLE"))
    assert server.status() == 200
    assert server.status("client") == CLOSED


def test_mode_of_a_port(serving: Any) -> None:
    """The mode of a port overrides the mode of the workload."""
    with http_backend("web") as port:
        mode = mutual_tls("STRICT", selector={"matchLabels": {"app": "web"}}, portLevelMtls={port: {"mode": "DISABLE"}})
        with running_sidecar(loaded(*web(port), mode), "web.shop") as envoy:
            assert Server(envoy, port, {}).status() == 200


def test_allow_by_principal(serving: Any) -> None:
    """Only the service account that a policy allows is accepted. Clients without a certificate have no identity."""
    rule = {"from": [{"source": {"principals": ["cluster.local/ns/shop/sa/client"]}}]}
    server = serving(policy("ALLOW", rule))
    assert (server.status("client"), server.status("thief"), server.status()) == (200, 403, 403)


def test_deny_goes_before_allow(serving: Any) -> None:
    """A DENY policy also applies to clients that another policy allows."""
    everyone = policy("ALLOW", {}, name="everyone")
    no_thieves = policy("DENY", {"from": [{"source": {"principals": ["*/sa/thief"]}}]}, name="no-thieves")
    server = serving(everyone, no_thieves)
    assert (server.status("client"), server.status("thief"), server.status()) == (200, 403, 200)


def test_allow_by_operation(serving: Any) -> None:
    """Paths, methods and hosts must all match, each with any of its values."""
    operation = {"paths": ["/public/*", "/{*}/info"], "methods": ["GET"], "hosts": ["web.shop"]}
    server = serving(policy("ALLOW", {"to": [{"operation": operation}]}))
    assert server.status(path="/public/a") == 200
    assert server.status(path="/private/info") == 200
    assert server.status(path="/private/more/info") == 403
    assert server.status(path="/private/../public/a") == 200
    assert server.status(path="/public/../private") == 403
    assert server.status(path="/public/a", method="POST") == 403
    assert server.status(path="/public/a", host="other.shop") == 403


def test_deny_by_header(serving: Any) -> None:
    """A condition on a header denies requests with one of its values, but not with one of notValues."""
    server = serving(policy("DENY", {"when": [{"key": "request.headers[x-tenant]", "values": ["bad*"]}]}))
    assert server.status(headers={"x-tenant": "good"}) == 200
    assert server.status(headers={"x-tenant": "badly"}) == 403
    assert server.status() == 200
    server = serving(policy("DENY", {"when": [{"key": "request.headers[x-tenant]", "notValues": ["good"]}]}))
    assert server.status(headers={"x-tenant": "good"}) == 200
    assert server.status(headers={"x-tenant": "bad"}) == 403


def test_tokens(serving: Any) -> None:
    """An invalid token is rejected. A missing token is rejected only if a policy requires a principal or claims."""
    issuer, other = Issuer("issuer.example"), Issuer("issuer.example")
    tokens = security(
        "RequestAuthentication", jwtRules=[{"issuer": issuer.name, "jwks": issuer.jwks, "audiences": ["shop"]}]
    )
    anonymous = serving(tokens)
    good = {"aud": "shop", "sub": "alice"}
    assert anonymous.status() == 200
    assert anonymous.status(headers=bearer(issuer.token(**good))) == 200
    for bad in (other.token(**good), issuer.token(**good, exp=1), "no.token.atall"):
        assert anonymous.status(headers=bearer(bad)) == 401
    assert anonymous.status(headers=bearer(issuer.token(aud="bank"))) == 403
    required = serving(
        tokens,
        policy(
            "ALLOW",
            {
                "from": [{"source": {"requestPrincipals": ["issuer.example/*"]}}],
                "when": [{"key": "request.auth.claims[groups]", "values": ["admin", "staff*"]}],
            },
        ),
    )
    assert required.status() == 403
    assert required.status(headers=bearer(issuer.token(**good))) == 403
    assert required.status(headers=bearer(issuer.token(**good, groups=["guest", "staff-7"]))) == 200
    assert required.status(headers=bearer(issuer.token(**good, groups="admin"))) == 200
    assert required.status(headers=bearer(issuer.token(**good, groups=["guest"]))) == 403


def test_tcp_by_principal(tmp_path: Path) -> None:
    """On a TCP port, the connection of a client that is not allowed is closed when it sends data."""
    authority = Authority()
    workload_certificates(tmp_path / "web", authority, IDENTITY.format("shop", "web"))
    rule = {"from": [{"source": {"principals": ["cluster.local/ns/shop/sa/client"]}}]}
    with tcp_backend(b"") as port:
        mesh = loaded(*web(port, "tcp"), policy("ALLOW", rule))
        with running_sidecar(mesh, "web.shop", certificates=tmp_path / "web") as envoy:
            at, to = envoy.listener_port("virtualInbound"), ("127.0.0.1", port)
            for name, answer in (("client", b"hello"), ("thief", b"")):
                context = authority.client_context(tmp_path, authority.issue(IDENTITY.format("shop", name)))
                context.set_alpn_protocols(["istio"])
                with connected(at, tls=context, sni="outbound_.80_._.web", destination=to) as connection:
                    connection.sendall(b"hello")
                    assert received(connection) == answer


def received(connection: Any) -> bytes:
    """The first received bytes; none if the other side closes or resets the connection."""
    try:
        return bytes(connection.recv(5))
    except OSError:
        return b""


@contextmanager
def calling(*objects: Object, **mesh_config: Any) -> Iterator[int]:
    """The port of virtualOutbound in a client's sidecar."""
    with running_sidecar(loaded(*objects, **mesh_config), sidecar("shop")) as envoy:
        yield envoy.listener_port("virtualOutbound")


def test_passthrough() -> None:
    """Without a policy, connections to unknown destinations are forwarded to their original destination."""
    with http_backend("outside") as http, tcp_backend(b"hello") as tcp, calling(*web(80)) as at:
        assert request(at, host="outside.example", destination=("127.0.0.1", http)).backend == "outside"
        with connected(at, destination=("127.0.0.1", tcp)) as connection:
            assert connection.recv(5) == b"hello"


@pytest.mark.parametrize("by", ["mesh", "sidecar"])
def test_registry_only(by: str) -> None:
    """With REGISTRY_ONLY, in the mesh config or in a Sidecar, only known destinations are accepted."""
    only = {"mode": "REGISTRY_ONLY"}
    scope = {
        "apiVersion": "networking.istio.io/v1",
        "kind": "Sidecar",
        "metadata": {"name": "default", "namespace": "shop"},
        "spec": {"egress": [{"hosts": ["*/*"]}], "outboundTrafficPolicy": only},
    }
    with http_backend("known") as known, tcp_backend(b"hello") as tcp:
        entry = {
            "apiVersion": "networking.istio.io/v1",
            "kind": "ServiceEntry",
            "metadata": {"name": "known", "namespace": "shop"},
            "spec": {
                "hosts": ["known.example"],
                "ports": [{"number": 80, "name": "http", "protocol": "HTTP"}],
                "resolution": "STATIC",
                "endpoints": [{"address": "127.0.0.1", "ports": {"http": known}}],
            },
        }
        objects, config = ([entry, scope], {}) if by == "sidecar" else ([entry], {"outboundTrafficPolicy": only})
        with calling(*objects, **config) as at:
            assert request(at, host="known.example", destination=("127.0.0.1", 80)).backend == "known"
            assert request(at, host="outside.example", destination=("127.0.0.1", 80)).status == 502
            with connected(at, destination=("127.0.0.1", tcp)) as connection:
                assert received(connection) == b""
