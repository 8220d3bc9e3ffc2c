"""A server in this process, in a thread with an event loop of its own."""

from __future__ import annotations

import asyncio
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import meshcompile
from meshcompile.serve.followed_mesh import FollowedMesh
from meshcompile.serve.server import ServeSettings, XdsServer
from meshcompile.source.following import stamps

SERVICE = """\
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: shop}}
spec: {{clusterIP: 10.0.0.{number}, selector: {{app: {name}}}, ports: [{{name: http, port: {port}}}]}}
---
apiVersion: v1
kind: Pod
metadata: {{name: {name}-0, namespace: shop, labels: {{app: {name}}}}}
spec: {{containers: [{{name: app, ports: [{{containerPort: 80}}]}}, {{name: istio-proxy}}]}}
status: {{phase: Running, podIP: 10.1.0.{number}}}
"""


def write(folder: Path, name: str, number: int = 1, port: int = 80) -> Path:
    """Write a service with a Pod, in one step."""
    file = folder / f"{name}.yaml"
    new = folder / f".{name}.new"
    new.write_text(SERVICE.format(name=name, number=number, port=port))
    new.rename(file)
    return file


class RunningServer:
    """A server and where it listens."""

    def __init__(self, server: XdsServer) -> None:
        self.server = server
        self.thread = threading.Thread(target=lambda: asyncio.run(server.run()), daemon=True)

    @property
    def port(self) -> int:
        return self.server.port

    def get(self, path: str) -> tuple[int, str]:
        """The status and the body of a page."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.server.status_port}{path}", timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def status(self, proxy: str = "") -> dict[str, Any]:
        read: dict[str, Any] = json.loads(self.get(f"/status?proxy={proxy}")[1])
        return read


@contextmanager
def running(folder: Path, settings: ServeSettings | None = None) -> Iterator[RunningServer]:
    """A server that follows a folder, on free ports of loopback."""
    given = settings or ServeSettings("127.0.0.1:0", "127.0.0.1:0")
    before = stamps([str(folder)])
    started = RunningServer(XdsServer(FollowedMesh(meshcompile.load(folder), [str(folder)]), before, given))
    started.thread.start()
    assert started.server.started.wait(60)
    try:
        yield started
    finally:
        started.server.stop()
        started.thread.join(60)
        assert not started.thread.is_alive()
