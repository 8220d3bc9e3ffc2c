"""File xDS: a real Envoy that follows the files of `meshcompile watch`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.envoy.backends import http_backend
from tests.envoy.certificates import Authority
from tests.envoy.client import request
from tests.envoy.followed import (
    HOST,
    NODE,
    Command,
    MeshFolder,
    backends,
    eventually,
    free_ports,
    gateway,
    http,
    https,
    refused_by_envoy,
    routes,
    running_command,
    secret,
    subsets,
)
from tests.envoy.runner import running

pytestmark = pytest.mark.envoy


@contextmanager
def watching(mesh: MeshFolder, tmp_path: Path) -> Iterator[tuple[Command, Path]]:
    """The command `watch`, and the folder of the gateway's files."""
    node, out = tmp_path / "node.json", tmp_path / "out"
    node.write_text(json.dumps(NODE))
    with running_command("watch", "-f", mesh.path, "--node", node, "--output-dir", out) as command:
        command.prints("watching")
        yield command, out / "front-0.edge"


def test_an_envoy_follows_the_files(tmp_path: Path) -> None:
    """Routes, subsets, endpoints, listeners and secrets change while Envoy runs; what it refuses changes nothing."""
    mesh, authority = MeshFolder(tmp_path / "mesh"), Authority()
    first, second = (authority.issue(HOST, name) for name in ("first.example", "second.example"))
    with ExitStack() as stack:
        v1, v2 = (stack.enter_context(http_backend(name)) for name in ("v1", "v2"))
        plain, tls, later = free_ports(3)
        mesh.put(gateway(http(plain), https(tls, "key")), secret("key", first.certificate, first.private_key))
        mesh.put(backends("shop", v1=v1), routes("shop"))
        command, folder = stack.enter_context(watching(mesh, tmp_path))
        envoy = stack.enter_context(running(folder / "bootstrap.json"))
        client = authority.client_context(tmp_path)

        def backend(port: int) -> str:
            return request(port, host=HOST, tls=client if port == tls else None).backend

        eventually(lambda: backend(plain) == backend(tls) == "v1", "the first answer")
        mesh.put(backends("shop", v1=v1, v2=v2), subsets("shop", "v1", "v2"), routes("shop", "v2"))
        eventually(lambda: backend(plain) == "v2", "a route to a new subset")
        mesh.put(backends("shop", v1=v1, v2=v1))
        eventually(lambda: backend(plain) == "v1", "a changed endpoint")
        mesh.put(routes("shop", "v2", fault={"abort": {"httpStatus": 418, "percentage": {"value": 100}}}))
        eventually(lambda: request(plain, host=HOST).status == 418, "a changed route")
        mesh.put(routes("shop", "v2"), gateway(http(plain), https(tls, "key"), http(later, "later")))
        eventually(lambda: backend(later) == "v1", "a new listener")
        drained = envoy.stats("listener_manager.total_listeners_draining")
        mesh.put(secret("key", second.certificate, second.private_key))
        eventually(lambda: "second.example" in envoy.get("/certs"), "a changed certificate")
        assert backend(tls) == "v1"
        assert envoy.stats("listener_manager.total_listeners_draining") == drained

        mesh.put(refused_by_envoy(plain))
        eventually(lambda: sum(envoy.stats("update_rejected").values()), "a refusal")
        assert backend(plain) == "v1"
        broken = mesh.file(routes("shop"))
        broken.write_text(broken.read_text().replace("shop.example", ""))
        command.prints("the files stay as they are")
        assert backend(plain) == "v1"
