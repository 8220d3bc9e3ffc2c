"""HBONE tunnels between two real sidecars: one opens them, and at the other they end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import meshcompile
from tests.envoy.backends import http_backend
from tests.envoy.certificates import Authority
from tests.envoy.client import request
from tests.envoy.runner import Envoy, running
from tests.envoy.sidecars import documents, sidecar_bootstrap, workload_certificates
from tests.meshes import sidecar

pytestmark = pytest.mark.envoy

HERE = "127.0.0.1"
SERVER = replace(sidecar("shop", {"app": "web"}, ENABLE_HBONE="true"), id="web.shop", ip_addresses=(HERE,))
CLIENT = sidecar("shop")


def web(port: int) -> list[dict[str, Any]]:
    """An application on this port that takes tunnels, and a policy against the service account `thief`."""
    return [
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "web", "namespace": "shop"},
            "spec": {
                "clusterIP": "10.0.0.1",
                "selector": {"app": "web"},
                "ports": [{"name": "http", "port": 80, "targetPort": port}],
            },
        },
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": "web",
                "namespace": "shop",
                "labels": {"app": "web", "networking.istio.io/tunnel": "http"},
            },
            "spec": {"containers": [{"name": "web"}]},
            "status": {"phase": "Running", "podIP": HERE, "conditions": [{"type": "Ready", "status": "True"}]},
        },
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {"name": "web-1", "namespace": "shop", "labels": {"kubernetes.io/service-name": "web"}},
            "addressType": "IPv4",
            "ports": [{"name": "http", "port": port, "protocol": "TCP"}],
            "endpoints": [
                {
                    "addresses": [HERE],
                    "conditions": {"ready": True},
                    "targetRef": {"kind": "Pod", "name": "web", "namespace": "shop"},
                }
            ],
        },
        {
            "apiVersion": "security.istio.io/v1",
            "kind": "AuthorizationPolicy",
            "metadata": {"name": "no-thieves", "namespace": "shop"},
            "spec": {
                "selector": {"matchLabels": {"app": "web"}},
                "action": "DENY",
                "rules": [{"from": [{"source": {"principals": ["cluster.local/ns/shop/sa/thief"]}}]}],
            },
        },
    ]


def to_port(bootstrap: dict[str, Any], port: int) -> dict[str, Any]:
    """The bootstrap of a client whose tunnels go to this port and not to 15008, which tests cannot bind."""
    text = json.dumps(bootstrap)
    assert text.count('"upstreamPortOverride": 15008') == 1
    moved: dict[str, Any] = json.loads(text.replace('"upstreamPortOverride": 15008', f'"upstreamPortOverride": {port}'))
    return moved


@contextmanager
def tunnel(folder: Path, authority: Authority, account: str) -> Iterator[tuple[Envoy, Envoy]]:
    """The sidecars of a client with this service account and of the application, which trust one authority."""
    for name in (account, "web"):
        workload_certificates(folder / name, authority, f"spiffe://cluster.local/ns/shop/sa/{name}")
    with http_backend("web") as port:
        mesh = meshcompile.load(documents(*web(port)), ambient=True)
        with running(sidecar_bootstrap(mesh.compile(SERVER), certificates=folder / "web")) as server:
            opens = sidecar_bootstrap(mesh.compile(CLIENT), certificates=folder / account)
            with running(to_port(opens, server.listener_port("connect_terminate"))) as client:
                yield client, server


@pytest.mark.parametrize(("account", "status"), [("client", 200), ("thief", 403)])
def test_a_request_through_a_tunnel(tmp_path: Path, account: str, status: int) -> None:
    """A request reaches the application through a tunnel, unless a policy denies the identity of the tunnel."""
    with tunnel(tmp_path, Authority(), account) as (client, server):
        at = client.listener_port("virtualOutbound")
        answer = request(at, host="web.shop", destination=("10.0.0.1", 80))
        assert answer.status == status
        assert server.stats("http.connect_terminate.downstream_rq_total") == {
            "http.connect_terminate.downstream_rq_total": 1
        }


def test_strangers_open_no_tunnels(tmp_path: Path) -> None:
    """The certificate of another trust domain opens no tunnel."""
    authority = Authority()
    with tunnel(tmp_path, authority, "client") as (_, server), http_backend("web") as port:
        workload_certificates(tmp_path / "stranger", authority, "spiffe://elsewhere/ns/shop/sa/client")
        mesh = meshcompile.load(documents(*web(port)), ambient=True)
        opens = sidecar_bootstrap(mesh.compile(CLIENT), certificates=tmp_path / "stranger")
        with running(to_port(opens, server.listener_port("connect_terminate"))) as stranger:
            answer = request(stranger.listener_port("virtualOutbound"), host="web.shop", destination=("10.0.0.1", 80))
            assert answer.status == 503
