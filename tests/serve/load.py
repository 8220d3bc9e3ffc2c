"""The server under load: how long a change takes until the last of many proxies has acknowledged it, and what it costs.

    python -m tests.serve.load --clients 500 --services 1000
    python -m tests.serve.load --clients 20 --services 50 --changes 1000 --most-growth 5

Figures are ratios: times in readings of the YAML (`yaml.CSafeLoader` for the same text on this machine), memory in
sizes of the text. The growth of the server's memory counts from the second twentieth of the changes to the last one.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import msgspec
import psutil

import meshcompile
from bench.child import reading
from bench.meshes import VIRTUAL_SERVICE, first_service, mesh, sidecars
from meshcompile import Mesh, Proxy
from meshcompile.serve.xds_resources import ROUTES
from tests.envoy.followed import Command, running_command
from tests.serve.load_clients import LoadClient, started, together

PARTS = 20
"""The changes are cut into so many parts, for the growth of the memory from the second one to the last one."""
EDITED = "edited.yaml"


class Change(msgspec.Struct, frozen=True):
    """One change: seconds until the last acknowledgement, the processor time of the server, and its memory after it."""

    elapsed: float
    processor: float
    memory: int


class LoadReport(msgspec.Struct, frozen=True):
    """What was measured, in seconds and bytes. `reading` is the time of `yaml.CSafeLoader`, `text` the size."""

    first: float
    first_processor: float
    first_size: int
    changes: Sequence[Change]
    reading: float
    text: int

    @property
    def growth(self) -> float:
        """How much the memory of the server has grown, in percent, between medians of the first and last changes."""
        memory = [change.memory for change in self.changes]
        part = max(len(memory) // PARTS, 1)
        return 100 * (statistics.median(memory[-part:]) / statistics.median(memory[part : 2 * part] or memory) - 1)

    def lines(self) -> list[str]:
        elapsed, processor = (
            [getattr(each, name) / self.reading for each in self.changes] for name in ("elapsed", "processor")
        )
        first, own, size = self.first / self.reading, self.first_processor / self.reading, self.first_size / self.text
        return [
            f"first answers: {first:.1f} readings elapsed, {own:.1f} of the processor; "
            f"{size:.0f} sizes of the text sent",
            f"a change, to the last acknowledgement: {statistics.median(elapsed):.2f} readings elapsed "
            f"(at most {max(elapsed):.2f}), {statistics.median(processor):.2f} of the processor",
            f"memory: {self.changes[-1].memory / self.text:.0f} sizes of the text, growth {self.growth:+.1f}%",
        ]


def nodes(mesh: Mesh, proxies: Sequence[str]) -> list[dict[str, object]]:
    """The nodes of proxies, as they report them."""
    return [_node(mesh.proxy(name)) for name in proxies]


def _node(proxy: Proxy) -> dict[str, object]:
    address, domain = proxy.ip_addresses[0], f"{proxy.namespace}.svc.cluster.local"
    metadata = {"NAMESPACE": proxy.namespace, "LABELS": dict(proxy.labels), "SERVICE_ACCOUNT": proxy.service_account}
    return {"id": f"sidecar~{address}~{proxy.id}~{domain}", "metadata": metadata}


async def measured(folder: Path, services: int, clients: int, changes: int) -> LoadReport:
    """Start the server and the clients, and make the changes."""
    file, edited = folder / "mesh.yaml", folder / EDITED
    own = VIRTUAL_SERVICE.format(**first_service())
    file.write_text(mesh(services).replace(f"{own}---\n", "", 1))
    edited.write_text(own)
    unit = (reading(file) + reading(file)) / 2
    loaded = meshcompile.load(folder)
    names = sidecars(services, clients)
    config = loaded.compile(names[0])
    endpoints, routes = [each.cluster_name for each in config.endpoints], [each.name for each in config.routes]
    with ExitStack() as stack:
        addresses = ("--address", "127.0.0.1:0", "--status-address", "127.0.0.1:0")
        command = stack.enter_context(running_command("serve", "-f", folder, *addresses))
        port, server = _port(command), psutil.Process(command.process.pid)
        proxies = [LoadClient(port, node, endpoints, routes) for node in nodes(loaded, names)]
        del loaded, config
        before, begun = _processor(server), time.monotonic()
        await started(proxies)
        first = time.monotonic() - begun, _processor(server) - before, sum(each.size for each in proxies)
        done = [await _changed(folder, number, proxies, server) for number in range(changes)]
        await together(each.close() for each in proxies)
    return LoadReport(*first, done, unit, file.stat().st_size)


async def _changed(folder: Path, number: int, proxies: Sequence[LoadClient], server: psutil.Process) -> Change:
    """Change the timeout of a route, which all proxies have, and wait until all have acknowledged it."""
    seen = [each.acknowledged[ROUTES] for each in proxies]
    before, begun = _processor(server), time.monotonic()
    text = VIRTUAL_SERVICE.format(**first_service()).replace("timeout: 5s", f"timeout: {6 + number % 50}s")
    new = folder / ".new"
    new.write_text(text)
    new.rename(folder / EDITED)
    await together(
        each.until(lambda each=each, count=count: each.acknowledged[ROUTES] > count)  # type: ignore[misc]
        for each, count in zip(proxies, seen, strict=True)
    )
    elapsed = max(each.last for each in proxies) - begun
    return Change(elapsed, _processor(server) - before, server.memory_info().rss)


def _port(command: Command) -> int:
    command.prints("serving")
    found = re.search(r"xds=127\.0\.0\.1:(\d+)", command.printed)
    assert found
    return int(found[1])


def _processor(process: psutil.Process) -> float:
    """The seconds of processor time of a process so far."""
    times = process.cpu_times()
    return float(times.user + times.system)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--services", type=int, default=1000)
    parser.add_argument("--clients", type=int, default=500)
    parser.add_argument("--changes", type=int, default=5)
    parser.add_argument("--most-growth", type=float, help="fail if the memory grows by more percent")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        report = asyncio.run(measured(Path(name), options.services, options.clients, options.changes))
    print(f"{options.clients} proxies of a mesh of {options.services} services, {options.changes} changes")
    print("\n".join(report.lines()))
    return 1 if options.most_growth is not None and report.growth > options.most_growth else 0


if __name__ == "__main__":
    sys.exit(main())
