"""A gateway whose configuration follows files, and the edits that tests make to them."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

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


def free_ports(number: int) -> list[int]:
    """Different ports that nobody listens at."""
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(number)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]


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
