"""Ratios of all that the bench measures, by key. Each measurement runs in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from statistics import median

from bench import scaling
from bench.meshes import mesh, with_workloads

ROOT = Path(__file__).resolve().parent.parent
FLEET_SERVICES = 1000
FLEET_GATEWAYS = 10
COMPARED_WORKLOADS = 200
SIZING_VERSIONS = 10
"""The Deployments of each service, so that there are 10,000 sidecars."""
ANSWERED = 1000
"""The services of the mesh whose queries are counted."""
CHECKED_SERVICES = 1000
"""The services of the mesh that is checked: 5,000 resources."""
TESTED_SERVICES = 500
"""The services of the mesh whose requests are explained and tested."""
MISTAKE = ("            subset: v2", "            subset: v9")
"""A destination of each VirtualService, and what it is replaced by: a subset that nothing defines."""
MISTAKEN = ", 2,000 wrong subsets"
GROWING = ("load", "snapshot", "first sidecar", "gateway")

Ratio = tuple[str, float]


def of_sizes(sizes: Sequence[int], rounds: int) -> Iterator[Ratio]:
    """Steps in readings of the YAML, and memory in sizes of the text: medians, memory measured once."""
    seconds: dict[int, Mapping[str, float]] = {}
    for services in sizes:
        with mesh_file(services) as path:
            seconds[services] = medians(child("seconds", path, services) for _ in range(rounds))
            once = {**child("fleet", path, services), "yaml": seconds[services]["yaml"]}
            memory = child("memory", path, services)
            answers = child("queries", path, services) if services == ANSWERED else {}
        prefix = f"{services:,} services"
        for step, ratio in {**ratios(seconds[services]), **ratios(once)}.items():
            yield f"{prefix}: {step}", ratio
        for step, size in memory.items():
            yield f"{prefix}: memory after {step}", size
        for query, share in answers.items():
            yield f"answers: {query}", share
    if {1000, 5000} <= seconds.keys():
        for step in GROWING:
            yield f"growth to 5,000: {step}", seconds[5000][step] / seconds[1000][step]


def of_checks(rounds: int) -> Iterator[Ratio]:
    """From the text to findings, in readings of the YAML: a mesh with warnings, and one with errors too."""
    for what, text in (("", mesh(CHECKED_SERVICES)), (MISTAKEN, mesh(CHECKED_SERVICES).replace(*MISTAKE))):
        with file_of(text) as path:
            measured = ratios(medians(child("checks", path) for _ in range(rounds)))
        for command, ratio in measured.items():
            yield f"checks: {command}{what}", ratio


def of_difference() -> Iterator[Ratio]:
    """What a change of one VirtualService does to 200 workloads, in loads of both versions."""
    with file_of(with_workloads(mesh(FLEET_SERVICES), COMPARED_WORKLOADS)) as path:
        measured = child("difference", path)
    yield "diff: one VirtualService, 200 workloads", measured["comparing"] / measured["loading"]
    yield "plan: one VirtualService, 200 workloads", measured["planning"] / measured["loading"]
    measured = child("unreachable")
    yield "unreachable: 5,000 routes in one table", measured["finding"] / measured["compiling"]


def of_requests(rounds: int) -> Iterator[Ratio]:
    """Explaining a request from a cold start, and a suite of 1,000 tests, in compiling the proxies that they meet."""
    with mesh_file(TESTED_SERVICES) as path:
        measured = medians(child("requests", path, TESTED_SERVICES) for _ in range(rounds))
    yield "requests: explain, cold", measured["explain"]
    yield "requests: 1,000 tests, 500 services", measured["test"]


def of_cases(rounds: int) -> Iterator[Ratio]:
    """One kind of resource at a time."""
    for of in scaling.grown(rounds):
        yield f"cases: {of.case}, index", of.snapshot
        yield f"cases: {of.case}, one proxy", of.sidecar
        yield f"cases: {of.case}, memory", of.memory
        yield f"cases: {of.case}, doubled", of.growth


def of_fleet() -> Iterator[Ratio]:
    """All proxies of a mesh, once: in readings of the YAML, and in sizes of the text."""
    with mesh_file(FLEET_SERVICES, FLEET_GATEWAYS) as path:
        for what in ("compiled", "compiled, with fingerprints"):
            measured = child("whole-fleet", path, what)
            yield f"fleet: {what}", measured["seconds"] / measured["yaml"]
        yield "fleet: memory", measured["memory"]
        yield "fleet: gain of two processes", child("two-processes", path)["gain"]


def of_sizing() -> Iterator[Ratio]:
    """A fleet five times as large, once: what the sizing table of docs/guides/fleets.md is made from."""
    with mesh_file(FLEET_SERVICES, FLEET_GATEWAYS, SIZING_VERSIONS) as path:
        measured = child("whole-fleet", path, "compiled, with fingerprints")
    yield "sizing: 10,010 proxies, with fingerprints", measured["seconds"] / measured["yaml"]
    yield "sizing: 10,010 proxies, memory", measured["memory"]


def of_start(rounds: int) -> Iterator[Ratio]:
    """Commands, in starts of Python."""
    start = medians(child("start") for _ in range(rounds))
    return ((f"start: {name}", seconds / start["python"]) for name, seconds in start.items() if name != "python")


def ratios(seconds: Mapping[str, float]) -> dict[str, float]:
    """Seconds of steps, in readings of the YAML."""
    return {step: taken / seconds["yaml"] for step, taken in seconds.items() if step != "yaml"}


def mesh_file(services: int, gateways: int = 1, versions: int = 2) -> AbstractContextManager[Path]:
    """A file with a mesh, for the time of a measurement."""
    return file_of(mesh(services, gateways, versions))


@contextmanager
def file_of(text: str) -> Iterator[Path]:
    """A file with a text, for the time of a measurement."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mesh.yaml"
        path.write_text(text)
        yield path


def medians(runs: Iterable[Mapping[str, float]]) -> dict[str, float]:
    found = list(runs)
    return {name: median(run[name] for run in found) for name in found[0]}


def child(what: str, *of: Path | int | str) -> Mapping[str, float]:
    """What a process of its own measures."""
    command = [sys.executable, "-m", "bench.child", what, *map(str, of)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    result: dict[str, float] = json.loads(done.stdout)
    return result
