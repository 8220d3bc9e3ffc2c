"""A gateway whose configuration follows files, and the edits that tests make to them."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.envoy.backends import http_backend
from tests.envoy.certificates import Authority
from tests.envoy.client import request
from tests.envoy.runner import Envoy
from tests.ports import free_ports

Object = dict[str, Any]
HOST = "shop.example"
NODE = {
    "id": "router~10.9.0.1~front-0.edge~edge.svc.cluster.local",
    "cluster": "front.edge",
    "metadata": {"NAMESPACE": "edge", "LABELS": {"istio": "front"}, "ISTIO_VERSION": "1.30.3"},
}
PATIENCE = 60.0


def networking(kind: str, name: str, **spec: Any) -> Object:
    return {
        "apiVersion": f"networking.istio.io/{'v1alpha3' if kind == 'EnvoyFilter' else 'v1'}",
        "kind": kind,
        "metadata": {"name": name, "namespace": "edge"},
        "spec": spec,
    }


def gateway(*servers: Object) -> Object:
    return networking("Gateway", "front", selector={"istio": "front"}, servers=list(servers))


def http(port: int, name: str = "http") -> Object:
    return {"port": {"number": port, "name": name, "protocol": "HTTP"}, "hosts": [HOST]}


def https(port: int, credential: str) -> Object:
    tls = {"mode": "SIMPLE", "credentialName": credential}
    return {"port": {"number": port, "name": "https", "protocol": "HTTPS"}, "hosts": [HOST], "tls": tls}


def backends(name: str, **versions: int) -> Object:
    """A service outside the mesh with an endpoint on loopback for each version."""
    endpoints = [
        {"address": "127.0.0.1", "ports": {"http": port}, "labels": {"version": version}}
        for version, port in versions.items()
    ]
    ports = [{"number": 80, "name": "http", "protocol": "HTTP"}]
    return networking(
        "ServiceEntry", name, hosts=[f"{name}.example"], ports=ports, resolution="STATIC", endpoints=endpoints
    )


def subsets(name: str, *versions: str) -> Object:
    named = [{"name": version, "labels": {"version": version}} for version in versions]
    return networking("DestinationRule", name, host=f"{name}.example", subsets=named)


def routes(name: str, subset: str = "", **more: Any) -> Object:
    destination = {"host": f"{name}.example", "port": {"number": 80}, **({"subset": subset} if subset else {})}
    rule = {"route": [{"destination": destination}], "retries": {"attempts": 0}, **more}
    return networking("VirtualService", "routes", hosts=[HOST], gateways=["front"], http=[rule])


def secret(name: str, certificate: str, key: str) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": "edge"},
        "type": "kubernetes.io/tls",
        "stringData": {"tls.crt": certificate, "tls.key": key},
    }


def refused_by_envoy(port: int) -> Object:
    """A patch that Envoy refuses: two virtual hosts with one domain."""
    double = {"name": "double", "domains": [HOST], "routes": []}
    return networking(
        "EnvoyFilter",
        "double",
        workloadSelector={"labels": {"istio": "front"}},
        configPatches=[
            {
                "applyTo": "VIRTUAL_HOST",
                "match": {"context": "GATEWAY", "routeConfiguration": {"portNumber": port}},
                "patch": {"operation": "ADD", "value": double},
            }
        ],
    )


class MeshFolder:
    """A folder with a file per object, each replaced in one step."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir()

    def put(self, *objects: Object) -> None:
        for item in objects:
            file = self.file(item)
            new = file.with_suffix(".new")
            new.write_text(json.dumps(item, indent=1))
            new.rename(file)

    def remove(self, item: Object) -> None:
        self.file(item).unlink()

    def file(self, item: Object) -> Path:
        return self.path / f"{item['kind']}-{item['metadata']['name']}.json"


def eventually(condition: Callable[[], object], what: str = "") -> None:
    """Wait until a condition holds. Fails if it takes too long."""
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            pytest.fail(f"not in time: {what or condition}")
        time.sleep(0.02)


class Command:
    """A running command, and what it has printed so far."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.printed = ""
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        with self.process.stdout as output:
            for line in output:
                self.printed += line

    def prints(self, text: str) -> None:
        """Wait until the command has printed a text."""
        eventually(lambda: text in self.printed or self.process.poll() is not None, text)
        assert text in self.printed, self.printed


@contextmanager
def running_command(*arguments: str | Path) -> Iterator[Command]:
    """`meshcompile` with these arguments, for the duration of the block."""
    command = [sys.executable, "-u", "-m", "meshcompile", *map(str, arguments)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    running = Command(process)
    try:
        yield running
    finally:
        process.kill()
        process.wait()
        running.reader.join()


class Scenario:
    """A gateway with a plain and a TLS port, and the edits that it follows."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.mesh, authority = MeshFolder(folder / "mesh"), Authority()
        self.first, self.second = (authority.issue(HOST, name) for name in ("first.example", "second.example"))
        self.v1, self.v2 = (stack.enter_context(http_backend(name)) for name in ("v1", "v2"))
        self.plain, self.tls, self.later = free_ports(3)
        self.client = authority.client_context(folder)
        key = secret("key", self.first.certificate, self.first.private_key)
        self.mesh.put(gateway(http(self.plain), https(self.tls, "key")), key)
        self.mesh.put(backends("shop", v1=self.v1), routes("shop"))

    def backend(self, port: int) -> str:
        """The backend that answers at a port."""
        return request(port, host=HOST, tls=self.client if port == self.tls else None).backend

    def plays(self, envoy: Envoy) -> None:
        """Envoy follows changes of routes, subsets, endpoints, listeners and secrets, and keeps what it refuses."""
        mesh, plain = self.mesh, self.plain
        eventually(lambda: self.backend(plain) == self.backend(self.tls) == "v1", "the first answer")
        mesh.put(backends("shop", v1=self.v1, v2=self.v2), subsets("shop", "v1", "v2"), routes("shop", "v2"))
        eventually(lambda: self.backend(plain) == "v2", "a route to a new subset")
        mesh.put(backends("shop", v1=self.v1, v2=self.v1))
        eventually(lambda: self.backend(plain) == "v1", "a changed endpoint")
        mesh.put(routes("shop", "v2", fault={"abort": {"httpStatus": 418, "percentage": {"value": 100}}}))
        eventually(lambda: request(plain, host=HOST).status == 418, "a changed route")
        mesh.put(routes("shop", "v2"), gateway(http(plain), https(self.tls, "key"), http(self.later, "later")))
        eventually(lambda: self.backend(self.later) == "v1", "a new listener")
        draining = envoy.stats("listener_manager.total_listeners_draining")
        mesh.put(secret("key", self.second.certificate, self.second.private_key))
        eventually(lambda: "second.example" in envoy.get("/certs"), "a changed certificate")
        assert self.backend(self.tls) == "v1"
        assert envoy.stats("listener_manager.total_listeners_draining") == draining
        mesh.put(refused_by_envoy(plain))
        eventually(lambda: sum(envoy.stats("update_rejected").values()), "a refusal")
        assert self.backend(plain) == "v1"

    def breaks(self) -> None:
        """Write an edit with an error."""
        broken = self.mesh.file(routes("shop"))
        broken.write_text(broken.read_text().replace("shop.example", ""))
