"""Compiled clusters in a real Envoy, with real backends behind them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import meshcompile
from meshcompile.values.localities import Locality
from tests.envoy.backends import http_backend
from tests.envoy.certificates import Authority
from tests.envoy.client import Answer, request
from tests.envoy.runner import Envoy
from tests.envoy.sidecars import documents, running_sidecar, workload_certificates
from tests.meshes import sidecar

pytestmark = pytest.mark.envoy

WEB = ("10.0.0.1", 80)
SERVER = "spiffe://cluster.local/ns/shop/sa/web"


def web(*endpoints: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The service web.example, in the mesh, with these endpoints."""
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "ServiceEntry",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {
            "hosts": ["web.example"],
            "addresses": [WEB[0]],
            "ports": [{"number": WEB[1], "name": "http", "protocol": "HTTP"}],
            "location": "MESH_INTERNAL",
            "resolution": "STATIC",
            "endpoints": list(endpoints),
            **more,
        },
    }


def at(port: int, **more: Any) -> dict[str, Any]:
    """An endpoint on loopback."""
    return {"address": "127.0.0.1", "ports": {"http": port}, **more}


def rule(**spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "DestinationRule",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"host": "web.example", **spec},
    }


def routes(*http: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"hosts": ["web.example"], "http": list(http)},
    }


def to(subset: str = "", weight: int = 0) -> dict[str, Any]:
    return {"destination": {"host": "web.example"} | ({"subset": subset} if subset else {}), "weight": weight}


SUBSETS = [{"name": name, "labels": {"version": name}} for name in ("v1", "v2")]
NO_RETRIES = {"retries": {"attempts": 0}}


@contextmanager
def client(*objects: dict[str, Any], **options: Any) -> Iterator[Envoy]:
    """The sidecar of a client in the mesh of these objects."""
    mesh = meshcompile.load(documents(*objects))
    assert not [d for d in mesh.diagnostics if d.severity is meshcompile.Severity.ERROR]
    proxy = options.pop("proxy", sidecar("shop"))
    with running_sidecar(mesh, proxy, **options) as envoy:
        yield envoy


def ask(envoy: Envoy, **more: Any) -> Answer:
    return request(envoy.listener_port("virtualOutbound"), host="web.example", destination=WEB, **more)


def answered(envoy: Envoy, count: int) -> Counter[str]:
    """The number of requests that each backend answered. Failed requests are counted by status."""
    answers = (ask(envoy) for _ in range(count))
    return Counter(answer.backend if answer.status == 200 else str(answer.status) for answer in answers)


@pytest.fixture
def backends() -> Iterator[Any]:
    """A function that starts a backend and returns its port."""
    with ExitStack() as stack:
        yield lambda name, **options: stack.enter_context(http_backend(name, **options))


def test_weights(backends: Any) -> None:
    """Requests are distributed by weight, and a destination with weight 0 gets none."""
    endpoints = [at(backends(name), labels={"version": name}) for name in ("v1", "v2", "v3")]
    subsets = [*SUBSETS, {"name": "v3", "labels": {"version": "v3"}}]
    split = routes({"route": [to("v1", 75), to("v2", 25), to("v3", 0)]})
    with client(web(*endpoints), rule(subsets=subsets), split) as envoy:
        counted = answered(envoy, 400)
    assert set(counted) == {"v1", "v2"}
    assert 0.6 < counted["v1"] / 400 < 0.9  # seven standard deviations


def test_subsets(backends: Any) -> None:
    """A subset has the endpoints with its labels, and the cluster without a subset has all endpoints."""
    endpoints = [at(backends(name), labels={"version": name}) for name in ("v1", "v2")]
    chosen = {"match": [{"headers": {"x-version": {"exact": "v2"}}}], "route": [to("v2")]}
    with client(web(*endpoints), rule(subsets=SUBSETS), routes(chosen, {"route": [to()]})) as envoy:
        assert {ask(envoy, headers={"x-version": "v2"}).backend for _ in range(20)} == {"v2"}
        assert set(answered(envoy, 40)) == {"v1", "v2"}


def test_outlier_ejection(backends: Any) -> None:
    """An endpoint that fails several times in a row is ejected."""
    endpoints = [at(backends("good")), at(backends("bad", status=500))]
    policy = {"outlierDetection": {"consecutive5xxErrors": 3, "baseEjectionTime": "60s", "maxEjectionPercent": 100}}
    with client(web(*endpoints), rule(trafficPolicy=policy), routes({"route": [to()], **NO_RETRIES})) as envoy:
        assert answered(envoy, 40)["500"] == 3
        assert answered(envoy, 20) == {"good": 20}


def test_circuit_breaking(backends: Any) -> None:
    """Requests beyond the limits of the connection pool are rejected immediately."""
    pool = {"tcp": {"maxConnections": 1}, "http": {"http1MaxPendingRequests": 1}}
    slow = at(backends("slow", delay=0.5))
    with (
        client(
            web(slow), rule(trafficPolicy={"connectionPool": pool}), routes({"route": [to()], **NO_RETRIES})
        ) as envoy,
        ThreadPoolExecutor(6) as threads,
    ):
        answers = list(threads.map(lambda _: ask(envoy), range(6)))
    assert Counter(answer.status for answer in answers) == {200: 2, 503: 4}
    assert {answer.headers.get("x-envoy-overloaded") for answer in answers if answer.status == 503} == {"true"}


def test_retries_go_to_another_host(backends: Any) -> None:
    """A request that fails at one endpoint is retried at another one, unless retries are disabled."""
    endpoints = [at(backends("good")), at(backends("bad", status=503))]
    again = {"route": [to()], "retries": {"attempts": 3, "retryOn": "5xx"}}
    with client(web(*endpoints), routes(again)) as envoy:
        assert answered(envoy, 40) == {"good": 40}
    with client(web(*endpoints), routes({"route": [to()], **NO_RETRIES})) as envoy:
        assert set(answered(envoy, 40)) == {"good", "503"}


def test_locality_failover(backends: Any) -> None:
    """The client's own region gets the requests, and if it fails, the region that failover names."""
    near, other = at(backends("near", status=500), locality="east/a"), at(backends("other"), locality="north/a")
    far = at(backends("far"), locality="west/a")
    policy = {
        "loadBalancer": {"localityLbSetting": {"enabled": True, "failover": [{"from": "east", "to": "west"}]}},
        "outlierDetection": {"consecutive5xxErrors": 2, "baseEjectionTime": "60s", "maxEjectionPercent": 100},
    }
    here = replace(sidecar("shop"), locality=Locality("east", "a", ""))
    objects = (web(near, other, far), rule(trafficPolicy=policy), routes({"route": [to()], **NO_RETRIES}))
    with client(*objects, proxy=here) as envoy:
        assert answered(envoy, 2) == {"500": 2}
        assert answered(envoy, 20) == {"far": 20}


def test_mutual_tls_by_itself(backends: Any, tmp_path: Path) -> None:
    """Endpoints with a sidecar are called with mutual TLS, others with plaintext.

    The client presents its identity. An endpoint with an identity other than its service account's is not trusted.
    """
    authority = Authority()
    workload_certificates(tmp_path / "certs", authority, "spiffe://cluster.local/ns/shop/sa/client")
    mutual = {"labels": {"security.istio.io/tlsMode": "istio"}, "serviceAccount": "web"}
    right = authority.mutual_context(tmp_path, authority.issue(SERVER))
    wrong = authority.mutual_context(tmp_path, authority.issue("spiffe://cluster.local/ns/shop/sa/thief"))
    for backend, endpoint, expected in (
        (backends("mutual", tls=right), mutual, (200, "mutual")),
        (backends("plain"), {}, (200, "plain")),
        (backends("thief", tls=wrong), mutual, (503, "")),
    ):
        with client(web(at(backend, **endpoint)), certificates=tmp_path / "certs") as envoy:
            answer = ask(envoy)
            assert (answer.status, answer.backend) == expected


def test_mutual_tls_with_files(backends: Any, tmp_path: Path) -> None:
    """A DestinationRule with mode MUTUAL presents its own certificate, and verifies the name of the server."""
    authority = Authority()
    workload_certificates(tmp_path / "certs", authority, "client.example")
    server = backends("server", tls=authority.mutual_context(tmp_path, authority.issue("server.example")))
    tls = {
        "mode": "MUTUAL",
        "clientCertificate": str(tmp_path / "certs" / "cert-chain.pem"),
        "privateKey": str(tmp_path / "certs" / "key.pem"),
        "caCertificates": str(tmp_path / "certs" / "root-cert.pem"),
    }
    for name, status in (("server.example", 200), ("other.example", 503)):
        policy = {"tls": {**tls, "subjectAltNames": [name]}}
        with client(web(at(server)), rule(trafficPolicy=policy)) as envoy:
            assert ask(envoy).status == status


def test_names_are_resolved(backends: Any) -> None:
    """A ServiceEntry with resolution DNS reaches the address that the name of its endpoint resolves to."""
    local = web({"address": "localhost", "ports": {"http": backends("local")}}, resolution="DNS")
    with client(local) as envoy:
        assert ask(envoy).backend == "local"


def test_endpoints_are_moved(backends: Any) -> None:
    """The endpoints of Pods move to the addresses in the options of the bootstrap."""
    pods = [at(8080) | {"address": f"10.1.0.{index}"} for index in (1, 2)]
    moved = {"10.1.0.1:8080": f"127.0.0.1:{backends('one')}", "10.1.0.2": f"127.0.0.1:{backends('two')}"}
    with client(web(*pods), endpoints=moved) as envoy:
        assert set(answered(envoy, 40)) == {"one", "two"}
