"""The book's scenarios in practice: the real Envoy runs compiled golden cases and gets real requests."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

import meshcompile
from tests.envoy.backends import http_backend, tcp_backend
from tests.envoy.certificates import Authority
from tests.envoy.client import CLOSED, connected, request
from tests.envoy.runner import Envoy, on_free_ports, running
from tests.envoy.sidecars import read_by_header, workload_certificates
from tests.envoy.tokens import Issuer, bearer

pytestmark = pytest.mark.envoy

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
GATEWAY = "istio-ingressgateway-0.istio-system"
WEBAPP = "webapp.istioinaction.io"
CATALOG = "catalog.istioinaction.io"
IDENTITY = "spiffe://cluster.local/ns/istioinaction/sa/{}"
CATALOG_V1 = "outbound|80|version-v1|catalog.istioinaction.svc.cluster.local"
CATALOG_V2 = "outbound|80|version-v2|catalog.istioinaction.svc.cluster.local"
CATALOG_ADDRESS = ("10.96.0.12", 80)


def outbound(service: str, port: int = 80) -> str:
    """The cluster of a port of a service in istioinaction."""
    return f"outbound|{port}||{service}.istioinaction.svc.cluster.local"


def compiled(case: str, proxy: str, *more: str) -> meshcompile.Config:
    """The compiled configuration of the proxy in a golden case, with additional documents."""
    return meshcompile.load("\n---\n".join([(GOLDEN / case / "input.yaml").read_text(), *more])).compile(proxy)


def moved(config: meshcompile.Config, backends: Mapping[str, int]) -> dict[str, str]:
    """The test addresses of the endpoints of each cluster: ports of loopback."""
    return {
        endpoint["endpoint"]["address"]["socketAddress"]["address"]: f"127.0.0.1:{backends[assignment['clusterName']]}"
        for assignment in config.to_dict()["endpoints"]
        if assignment["clusterName"] in backends
        for locality in assignment["endpoints"]
        for endpoint in locality["lbEndpoints"]
    }


def secret(name: str, authority: Authority, *hosts: str) -> str:
    """A Secret with a certificate for the hosts, and the CA certificate for clients."""
    pair = authority.issue(*hosts)
    data = {"tls.crt": pair.certificate, "tls.key": pair.private_key, "ca.crt": authority.certificate}
    metadata = {"name": name, "namespace": "istio-system"}
    return json.dumps({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": data})


@contextmanager
def gateway(config: meshcompile.Config, backends: Mapping[str, int]) -> Iterator[Envoy]:
    """The gateway with these services behind it."""
    with running(on_free_ports(config.bootstrap(endpoints=moved(config, backends)).to_dict())) as envoy:
        yield envoy


@contextmanager
def sidecar(
    config: meshcompile.Config, backends: Mapping[str, int], certificates: Path | None = None
) -> Iterator[Envoy]:
    """The sidecar with these services around it, and the workload's certificates if it has any."""
    folder = "" if certificates is None else str(certificates)
    bootstrap = config.bootstrap(endpoints=moved(config, backends), workload_certificates=folder).to_dict()
    with running(read_by_header(on_free_ports(bootstrap))) as envoy:
        yield envoy


@pytest.fixture
def started() -> Iterator[ExitStack]:
    """Backends that stop with the test."""
    with ExitStack() as stack:
        yield stack


def test_coolstore(started: ExitStack) -> None:
    """The gateway forwards requests for its host to webapp, and rejects other hosts."""
    backends = {outbound("webapp"): started.enter_context(http_backend("webapp"))}
    with gateway(compiled("coolstore", GATEWAY), backends) as envoy:
        port = envoy.listener_port("0.0.0.0_8080")
        assert request(port, host=WEBAPP).backend == "webapp"
        assert request(port, host="unknown.istioinaction.io").status == 404


def test_virtual_hosts(started: ExitStack) -> None:
    """Each host of a port is answered by its own service."""
    backends = {outbound(name): started.enter_context(http_backend(name)) for name in ("webapp", "catalog")}
    with gateway(compiled("virtual-hosts", GATEWAY), backends) as envoy:
        port = envoy.listener_port("0.0.0.0_8080")
        assert [request(port, host=host).backend for host in (WEBAPP, CATALOG)] == ["webapp", "catalog"]


def test_cohorts(started: ExitStack) -> None:
    """At the gateway, the header of a cohort routes to the next version."""
    backends = {cluster: started.enter_context(http_backend(cluster[12:22])) for cluster in (CATALOG_V1, CATALOG_V2)}
    with gateway(compiled("cohorts", GATEWAY), backends) as envoy:
        port = envoy.listener_port("0.0.0.0_8080")
        assert request(port, host=CATALOG).backend == "version-v1"
        assert request(port, host=CATALOG, headers={"x-istio-cohort": "internal"}).backend == "version-v2"


def test_https(started: ExitStack, tmp_path: Path) -> None:
    """HTTPS uses the Secret's certificate, and plain HTTP works, too."""
    authority = Authority()
    client = authority.client_context(tmp_path)
    client.check_hostname = True
    backends = {outbound("webapp"): started.enter_context(http_backend("webapp"))}
    config = compiled("https", GATEWAY, secret("webapp-credential", authority, WEBAPP))
    with gateway(config, backends) as envoy:
        assert request(envoy.listener_port("0.0.0.0_8443"), host=WEBAPP, tls=client).backend == "webapp"
        assert request(envoy.listener_port("0.0.0.0_8080"), host=WEBAPP).backend == "webapp"
        assert request(envoy.listener_port("0.0.0.0_8443"), host=CATALOG, tls=client).status == CLOSED


def test_https_redirect(started: ExitStack, tmp_path: Path) -> None:
    """Plain HTTP requests are redirected to HTTPS."""
    authority = Authority()
    backends = {outbound("webapp"): started.enter_context(http_backend("webapp"))}
    config = compiled("https-redirect", GATEWAY, secret("webapp-credential", authority, WEBAPP))
    with gateway(config, backends) as envoy:
        answer = request(envoy.listener_port("0.0.0.0_8080"), "/api/catalog", host=WEBAPP)
        assert (answer.status, answer.headers["location"]) == (301, f"https://{WEBAPP}/api/catalog")
        client = authority.client_context(tmp_path)
        assert request(envoy.listener_port("0.0.0.0_8443"), host=WEBAPP, tls=client).backend == "webapp"


def test_gateway_mutual_tls(started: ExitStack, tmp_path: Path) -> None:
    """Only clients with a certificate of the CA get a response."""
    authority = Authority()
    backends = {outbound("webapp"): started.enter_context(http_backend("webapp"))}
    config = compiled("gateway-mutual-tls", GATEWAY, secret("webapp-credential-mtls", authority, WEBAPP))
    strangers = Authority("another authority")
    with gateway(config, backends) as envoy:
        port = envoy.listener_port("0.0.0.0_8443")
        known = authority.client_context(tmp_path, authority.issue("client.example"))
        assert request(port, host=WEBAPP, tls=known).backend == "webapp"
        assert request(port, host=WEBAPP, tls=authority.client_context(tmp_path)).status == CLOSED
        stranger = authority.client_context(tmp_path, strangers.issue("client.example"))
        assert request(port, host=WEBAPP, tls=stranger).status == CLOSED


def test_several_tls_hosts(started: ExitStack, tmp_path: Path) -> None:
    """Each server name has its own certificate and its own service."""
    authority = Authority()
    client = authority.client_context(tmp_path)
    client.check_hostname = True
    secrets = [secret(f"{n}-credential", authority, f"{n}.istioinaction.io") for n in ("webapp", "catalog")]
    backends = {outbound(name): started.enter_context(http_backend(name)) for name in ("webapp", "catalog")}
    with gateway(compiled("several-tls-hosts", GATEWAY, *secrets), backends) as envoy:
        port = envoy.listener_port("0.0.0.0_8443")
        answers = [request(port, host=host, tls=client).backend for host in (WEBAPP, CATALOG)]
        assert answers == ["webapp", "catalog"]


def test_sni_passthrough(started: ExitStack, tmp_path: Path) -> None:
    """The service terminates the TLS that the gateway passes through, and other server names are rejected."""
    authority, host = Authority(), "simple-sni-1.istioinaction.io"
    server = authority.server_context(tmp_path, authority.issue(host))
    backends = {outbound("simple-tls-service-1"): started.enter_context(http_backend("simple", tls=server))}
    with gateway(compiled("sni-passthrough", GATEWAY), backends) as envoy:
        port, client = envoy.listener_port("0.0.0.0_31400"), authority.client_context(tmp_path)
        client.check_hostname = True
        assert request(port, host=host, tls=client).backend == "simple"
        assert request(port, host=WEBAPP, tls=client).status == CLOSED


def test_tcp_echo(started: ExitStack) -> None:
    """The bytes of a TCP port reach the service and return."""
    backends = {outbound("tcp-echo-service", 2701): started.enter_context(tcp_backend(b"hello"))}
    with (
        gateway(compiled("tcp-echo", GATEWAY), backends) as envoy,
        connected(envoy.listener_port("0.0.0.0_31400")) as connection,
    ):
        connection.sendall(b"again")
        assert [connection.recv(5, socket.MSG_WAITALL) for _ in range(2)] == [b"hello", b"again"]


def test_dark_launch(started: ExitStack, tmp_path: Path) -> None:
    """With mutual TLS, a sidecar calls the version of the catalog that the header selects."""
    authority = Authority()
    workload_certificates(tmp_path / "webapp", authority, IDENTITY.format("webapp"))
    catalog = authority.mutual_context(tmp_path, authority.issue(IDENTITY.format("catalog")))
    backends = {
        cluster: started.enter_context(http_backend(cluster[12:22], tls=catalog))
        for cluster in (CATALOG_V1, CATALOG_V2)
    }
    with sidecar(compiled("dark-launch", "webapp-0.istioinaction"), backends, tmp_path / "webapp") as envoy:
        port = envoy.listener_port("virtualOutbound")

        def answered(**headers: str) -> str:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            return request(port, host="catalog", headers=named, destination=CATALOG_ADDRESS).backend

        assert answered() == "version-v1"
        assert answered(x_dark_launch="v2") == "version-v2"
        assert answered(x_dark_launch="v3") == "version-v1"


def test_weights(started: ExitStack) -> None:
    """About a tenth of the calls reaches the new version."""
    backends = {cluster: started.enter_context(http_backend(cluster[12:22])) for cluster in (CATALOG_V1, CATALOG_V2)}
    with sidecar(compiled("weights", "webapp-0.istioinaction"), backends) as envoy:
        port = envoy.listener_port("virtualOutbound")
        answers = [request(port, host="catalog", destination=CATALOG_ADDRESS).backend for _ in range(300)]
    assert set(answers) == {"version-v1", "version-v2"}
    assert 8 <= answers.count("version-v2") <= 65  # 30 expected; other counts have a probability of one in a million


def test_timeout(started: ExitStack) -> None:
    """A call that takes longer than half a second times out."""
    backends = {outbound("simple-backend"): started.enter_context(http_backend("slow", delay=2))}
    with sidecar(compiled("timeout", "simple-web-0.istioinaction"), backends) as envoy:
        port = envoy.listener_port("virtualOutbound")
        assert request(port, host="simple-backend", destination=("10.96.0.13", 80)).status == 504


def test_registry_only(started: ExitStack) -> None:
    """A host without a service is rejected."""
    backends = {outbound("webapp"): started.enter_context(http_backend("webapp"))}
    with sidecar(compiled("registry-only", "forum-0.istioinaction"), backends) as envoy:
        port = envoy.listener_port("virtualOutbound")
        assert request(port, host="webapp", destination=("10.96.0.13", 80)).backend == "webapp"
        assert request(port, host="jsonplaceholder.typicode.com", destination=("192.0.2.1", 80)).status == 502


@pytest.mark.parametrize(
    ("case", "plain", "address"),
    [("strict-mutual-tls", CLOSED, "127.0.9.2"), ("permissive-workload", 200, "127.0.9.3")],
)
def test_mutual_tls_of_a_workload(case: str, plain: int, address: str, tmp_path: Path) -> None:
    """With STRICT, a workload accepts only mutual TLS. With PERMISSIVE, it also accepts plaintext."""
    authority, application = Authority(), (address, 8080)
    workload_certificates(tmp_path / "webapp", authority, IDENTITY.format("webapp"))
    client = authority.client_context(tmp_path, authority.issue(IDENTITY.format("sleep")))
    client.set_alpn_protocols(["istio-http/1.1"])
    config = compiled(case, "webapp-0.istioinaction")
    with http_backend("webapp", address=application), sidecar(config, {}, tmp_path / "webapp") as envoy:
        port = envoy.listener_port("virtualInbound")
        assert request(port, tls=client, sni="outbound_.80_._.webapp", destination=application).backend == "webapp"
        assert request(port, destination=application).status == plain


def test_least_privilege(tmp_path: Path) -> None:
    """webapp can read the catalog. Other clients and other operations are denied."""
    authority, application = Authority(), ("127.0.9.4", 3000)
    workload_certificates(tmp_path / "catalog", authority, IDENTITY.format("catalog"))
    config = compiled("least-privilege", "catalog-v1-0.istioinaction")
    with http_backend("catalog", address=application), sidecar(config, {}, tmp_path / "catalog") as envoy:
        port = envoy.listener_port("virtualInbound")

        def status(client: str, method: str = "GET") -> int:
            shown = authority.client_context(tmp_path, authority.issue(IDENTITY.format(client)))
            shown.set_alpn_protocols(["istio-http/1.1"])
            name = "outbound_.80_._.catalog"
            return request(port, "/items", method=method, tls=shown, sni=name, destination=application).status

        assert (status("webapp"), status("webapp", "POST"), status("sleep")) == (200, 403, 403)
        assert request(port, destination=application).status == CLOSED


def test_jwt(started: ExitStack) -> None:
    """The gateway accepts valid tokens, rejects invalid ones, and requires one for the host with a policy."""
    issuer = Issuer("auth@istioinaction.io")
    backends = {outbound("webapp"): started.enter_context(http_backend("webapp"))}
    text = (GOLDEN / "jwt" / "input.yaml").read_text()
    mesh = meshcompile.load(re.sub(r"jwks: '.*'", lambda _: f"jwks: '{issuer.jwks}'", text))
    with gateway(mesh.compile(GATEWAY), backends) as envoy:
        port = envoy.listener_port("0.0.0.0_8080")

        def status(**headers: Any) -> int:
            return request(port, host=WEBAPP, **headers).status

        assert status(headers=bearer(issuer.token(sub="alice"))) == 200
        assert status(headers=bearer(Issuer(issuer.name).token(sub="alice"))) == 401
        assert status() == 403
