"""A steady client sees no failed request while its gateway gets changes and the server restarts.

python -m tests.serve.steady --protocol delta --changes 100 --restarts 5
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from tests.envoy.client import request
from tests.envoy.followed import (
    HOST,
    NODE,
    Command,
    Object,
    Scenario,
    backends,
    eventually,
    networking,
    routes,
    running_command,
    subsets,
)
from tests.envoy.runner import Envoy, running
from tests.ports import free_ports

EVERY = 0.005
"""The number of seconds between two requests."""


class SteadyClient:
    """Sends a request every few milliseconds, and keeps what failed."""

    def __init__(self, port: int) -> None:
        self.port, self.sent = port, 0
        self.failed: list[tuple[int, int]] = []
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> SteadyClient:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ends.wait(EVERY):
            status = request(self.port, host=HOST).status
            self.sent += 1
            if status != 200:
                self.failed.append((self.sent, status))


def change(scenario: Scenario, number: int) -> None:
    """One of the changes: to a new subset with its cluster, back without the cluster, a header, a rewrite.

    A subset keeps its endpoints as long as a route may still name it.
    """
    name = f"v{number + 100}"
    match number % 4:
        case 0:
            versions = {"v1": scenario.v1, name: scenario.v1}
            scenario.mesh.put(backends("shop", **versions), subsets("shop", name), routes("shop", name))
        case 1:
            scenario.mesh.put(subsets("shop", "v1"), routes("shop"))
        case 2:
            header = {"response": {"set": {"x-number": str(number)}}}
            scenario.mesh.put(routes("shop", headers=header))
        case _:
            versions = {"v1": scenario.v1, "v2": scenario.v2}
            scenario.mesh.put(backends("shop", **versions), routes("shop", rewrite={"uri": f"/{number}"}))


def leaves(scenario: Scenario, number: int) -> None:
    """The route takes a new cluster in place of the one before, which leaves: a subset, or a host found by DNS."""
    name = f"n{number}"
    if number % 2:
        scenario.mesh.put(named(name, scenario.v1), subsets("shop", "v1"), routes(name))
    else:
        subset = {"name": name, "labels": {"version": "v1"}}
        rule = networking("DestinationRule", "shop", host="shop.example", subsets=[subset])
        scenario.mesh.put(named("unused", scenario.v1), rule, routes("shop", name))


def named(name: str, port: int) -> Object:
    """A host that is found by DNS, of which there is one."""
    ports = [{"number": 80, "name": "http", "protocol": "HTTP"}]
    endpoints = [{"address": "127.0.0.1", "ports": {"http": port}}]
    return networking(
        "ServiceEntry", "named", hosts=[f"{name}.example"], ports=ports, resolution="DNS", endpoints=endpoints
    )


def bootstrap(node: Path, port: int, protocol: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "meshcompile", "bootstrap", "--node", str(node), "--xds", f"127.0.0.1:{port}"]
    done = subprocess.run([*command, "--xds-protocol", protocol], capture_output=True, check=True)
    read: dict[str, Any] = json.loads(done.stdout)
    return read


def steady(folder: Path, protocol: str, changes: int, restarts: int) -> SteadyClient:
    """The client after all changes. Restarts are spread among them, and at each one a cluster leaves and one comes."""
    port, status_port = free_ports(2)
    node = folder / "node.json"
    node.write_text(json.dumps(NODE))
    due = {changes * (index + 1) // (restarts + 1) for index in range(restarts)}
    with ExitStack() as stack:
        scenario = Scenario(folder, stack)
        addresses = ("--address", f"127.0.0.1:{port}", "--status-address", f"127.0.0.1:{status_port}")
        server = ("serve", "-f", scenario.mesh.path, "--flavour", "envoy", *addresses)
        command = _started(stack, server)
        envoy = stack.enter_context(running(bootstrap(node, port, protocol)))
        eventually(lambda: scenario.backend(scenario.plain) == "v1")
        with SteadyClient(scenario.plain) as client:
            for number in range(changes):
                change(scenario, number)
                _applied(command)
                if number in due:
                    command = _restarted(stack, command, server, scenario, number)
                    eventually(partial(_has_settled, envoy, number), "the clusters after a restart")
            before = client.sent
            eventually(lambda: client.sent > before + 100)
        assert not sum(envoy.stats("update_rejected").values())
    return client


def _restarted(
    stack: ExitStack, command: Command, server: Sequence[str | Path], scenario: Scenario, number: int
) -> Command:
    """The server after a restart, during which the route took another cluster."""
    leaves(scenario, number + 1)
    _applied(command)
    command.process.terminate()
    command.process.wait(60)
    leaves(scenario, number)
    again = _started(stack, server)
    again.prints("connected")
    return again


def _has_settled(envoy: Envoy, number: int) -> bool:
    """Whether Envoy routes to the cluster that came, and has no longer the one that left."""
    clusters, dump = envoy.get("/clusters"), envoy.get("/config_dump?resource=dynamic_route_configs")
    return f"n{number + 1}" not in clusters and f"n{number}" in clusters and f"n{number}" in dump


def _started(stack: ExitStack, arguments: Sequence[str | Path]) -> Command:
    command = stack.enter_context(running_command(*arguments))
    command.prints("serving")
    return command


def _applied(command: Command) -> None:
    """Wait until the server has applied the edit."""
    seen = getattr(command, "seen", 0)
    eventually(lambda: command.printed.count(": applied") > seen or command.process.poll() is not None)
    command.seen = command.printed.count(": applied")  # type: ignore[attr-defined]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--protocol", choices=("delta", "sotw"), default="delta")
    parser.add_argument("--changes", type=int, default=100)
    parser.add_argument("--restarts", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        client = steady(Path(name), options.protocol, options.changes, options.restarts)
    print(f"{options.protocol}: {client.sent} requests, {len(client.failed)} failed: {client.failed[:10]}")
    assert not client.failed


if __name__ == "__main__":
    main()
