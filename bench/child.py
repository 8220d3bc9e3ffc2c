"""One measurement in its own process: `python -m bench.child WHAT ...`. Prints JSON.

Seconds are the processor time of this process, so other work on the machine has little influence.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import bench.requests
from bench.meshes import GATEWAY_PROXY, VIRTUAL_SERVICE, edited_service, first_service, mesh, sidecars

T = TypeVar("T")

FLEET = 200
PRINTED = 20


def seconds(path: Path, services: int) -> Mapping[str, float]:
    """The time of each step, and the number of resources of the first sidecar."""
    import meshcompile

    took: dict[str, float] = {}

    def timed(step: str, work: Callable[[], T]) -> T:
        result, took[step] = _timed(work)
        return result

    warm_up()
    before = reading(path)
    mesh = timed("load", lambda: meshcompile.load(path))
    after = reading(path)
    timed("snapshot", lambda: mesh.snapshot.indexed())
    first, second, other = (mesh.proxy(name) for name in sidecars(services, 3))
    config = timed("first sidecar", lambda: mesh.compile(first))
    timed("second sidecar", lambda: mesh.compile(second))
    timed("first sidecar of another namespace", lambda: mesh.compile(other))
    timed("gateway", lambda: mesh.compile(GATEWAY_PROXY))
    timed("JSON of the first", config.to_json)
    timed("compact JSON of the first", lambda: config.to_json(-1))
    timed("one VirtualService edited", lambda: mesh.updated(edited_service()).compile(first))
    took["snapshot and first sidecar"] = took["snapshot"] + took["first sidecar"]
    return {"yaml": (before + after) / 2, **took}


def checks(path: Path) -> Mapping[str, float]:
    """The time of `validate` and of `analyze` for a mesh, each from the text to its findings."""
    import meshcompile

    warm_up()
    assert meshcompile.load(mesh(2)).analyze()
    before = reading(path)
    found, validating = _timed(lambda: meshcompile.load(path).diagnostics)
    analyzed, analyzing = _timed(lambda: meshcompile.load(path).analyze())
    assert found
    assert analyzed
    return {"yaml": (before + reading(path)) / 2, "validate": validating, "analyze": analyzing}


def difference(path: Path) -> Mapping[str, float]:
    """The time to load a mesh before and after the edit of a VirtualService, to compare both, and to plan."""
    import meshcompile

    warm_up()
    text = path.read_text()
    edited = text.replace(VIRTUAL_SERVICE.format(**first_service()), edited_service())
    assert edited != text
    diff, plan = meshcompile.diff, meshcompile.plan  # imported before the clock starts
    (old, new), loading = _timed(lambda: (meshcompile.load(path), meshcompile.load(edited)))
    found, comparing = _timed(lambda: diff(old, new))
    assert found.changes
    again = meshcompile.load(path), meshcompile.load(edited)
    planned, planning = _timed(lambda: plan(*again))
    assert planned.verdict == "safe"
    return {"loading": loading, "comparing": comparing, "planning": planning}


def unreachable() -> Mapping[str, float]:
    """The time to find the unreachable routes of a table with 5,000 routes, and to compile the table."""
    import meshcompile
    from bench.scaling import SIDECAR_NODE, routes
    from meshcompile.unreachable.parts import unreachable_parts

    warm_up()
    mesh = meshcompile.load(routes(5000))
    mesh.snapshot.indexed()
    proxy = meshcompile.Proxy.from_node({"id": SIDECAR_NODE})
    config, compiling = _timed(lambda: mesh.compile(proxy))
    found, finding = _timed(lambda: unreachable_parts([config]))
    assert found
    return {"compiling": compiling, "finding": finding}


def requests(path: Path, services: int) -> Mapping[str, float]:
    """The time of an explanation and of a suite, in what compiling the proxies takes that they ask for."""
    import meshcompile
    from meshcompile.documents import Document
    from meshcompile.testing.judge import Judge
    from meshcompile.testing.suites import suites

    explaining, compiling = bench.requests.explaining(path, services)
    warm_up()
    read = suites([Document("suite.meshtest.yaml", bench.requests.suite(services))])
    judge = Judge(meshcompile.load(path))
    judge.mesh.snapshot.indexed()
    verdicts, testing = _timed(lambda: list(judge.verdicts(read.tests)))
    assert all(each.passed for each in verdicts)
    asked = {passage.proxy.id for each in verdicts for journey in each.journeys for passage in journey.passages}
    mesh = meshcompile.load(path)
    mesh.snapshot.indexed()
    _, compiled = _timed(lambda: [mesh.compile(name) for name in sorted(asked)])
    return {"explain": _command(*explaining) / _command(*compiling), "test": testing / compiled}


def fleet(path: Path, services: int) -> Mapping[str, float]:
    """The time for many sidecars in ten namespaces, for the first of them, and for the JSON of some."""
    import meshcompile

    warm_up()
    mesh = meshcompile.load(path)
    proxies = [mesh.proxy(name) for name in sidecars(services, FLEET)]
    assert mesh.snapshot.indexed()
    configs, compiling = _timed(lambda: [mesh.compile(proxy) for proxy in proxies])
    _, printing = _timed(lambda: [len(config.to_json()) for config in configs[:PRINTED]])
    return {f"{FLEET} sidecars": compiling, f"JSON of {PRINTED} of them": printing}


def queries(path: Path, services: int) -> Mapping[str, float]:
    """The share of the questions of a fleet that the cache answers, for each query."""
    import meshcompile

    mesh = meshcompile.load(path)
    for name in sidecars(services, FLEET):
        mesh.compile(name)
    counted = mesh.snapshot.answers.counted()
    return {query: hits / (computed + hits) for query, (computed, hits) in sorted(counted.items())}


def whole_fleet(path: Path, what: str) -> Mapping[str, float]:
    """How long all proxies of a mesh take, after the snapshot, and the peak of memory in sizes of the text."""
    import meshcompile
    from meshcompile.fleet.summary import Summaries

    warm_up()
    text, started = path.stat().st_size, peak()
    mesh = meshcompile.load(path)
    assert mesh.snapshot.indexed()
    each = Summaries().of if what.endswith("fingerprints") else lambda config: config
    _, seconds = _timed(lambda: deque(map(each, mesh.compile_all()), maxlen=0))
    memory = (peak() - started) / text
    return {"seconds": seconds, "memory": memory, "yaml": reading(path)}


def two_processes(path: Path) -> Mapping[str, float]:
    """How many times as fast two processes sum up a fleet as one: of elapsed time, which other work disturbs."""
    import meshcompile
    from meshcompile.fleet.run import results
    from meshcompile.fleet.summary import summaries

    elapsed = {}
    for jobs in (1, 2):
        mesh = meshcompile.load(path)
        assert mesh.snapshot.indexed()
        started = time.perf_counter()
        deque(results(mesh, mesh.proxies(), summaries, jobs), maxlen=0)
        elapsed[jobs] = time.perf_counter() - started
    return {"gain": elapsed[1] / elapsed[2]}


def memory(path: Path, services: int) -> Mapping[str, float]:
    """Bytes that each step adds to the peak of a process that has imported everything, in multiples of the text."""
    import meshcompile

    warm_up()
    text, before = path.stat().st_size, peak()
    added: dict[str, float] = {}
    mesh = meshcompile.load(path)
    added["load"] = (peak() - before) / text
    assert mesh.snapshot.indexed()
    added["snapshot"] = (peak() - before) / text
    config = mesh.compile(sidecars(services, 1)[0])
    added["first sidecar"] = (peak() - before) / text
    assert config.to_json()
    added["JSON of the first"] = (peak() - before) / text
    return added


def start() -> Mapping[str, float]:
    """The time of starting Python, and of each command with a mesh of two services."""
    with tempfile.TemporaryDirectory() as folder:
        rule, small = Path(folder) / "rule.yaml", Path(folder) / "mesh.yaml"
        rule.write_text(VIRTUAL_SERVICE.format(name="reviews", namespace="shop"))
        small.write_text(mesh(2))
        commands = {"python": ("-c", "pass")} | {
            name: ("-m", "meshcompile", *command) for name, command in _commands(str(rule), str(small)).items()
        }
        for command in commands.values():
            _command(*command)  # so that bytecode exists, as after an installation
        return {name: _command(*command) for name, command in commands.items()}


def _commands(rule: str, small: str) -> Mapping[str, Sequence[str]]:
    """The measured commands, by their names in the tables."""
    return {
        "--help": ("--help",),
        "version": ("version",),
        "validate": ("validate", "-f", rule),
        "validate, five kinds": ("validate", "-f", small),
        "proxies": ("proxies", "-f", small),
        "analyze": ("analyze", "-f", small),
        "compile": ("compile", "-p", sidecars(2, 1)[0], "-f", small),
    }


def _command(*arguments: str) -> float:
    """The processor time of a Python process in seconds."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    _run([sys.executable, *arguments], environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def _run(command: Sequence[str], environment: Mapping[str, str]) -> None:
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment, check=True)


def reading(path: Path) -> float:
    """The time of libyaml's loader for the text, without garbage collection, like `load`."""
    import yaml

    text = path.read_text()
    gc.disable()
    try:
        return _timed(lambda: list(yaml.load_all(text, Loader=yaml.CSafeLoader)))[1]
    finally:
        gc.enable()


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    started = time.process_time()
    result = work()
    return result, time.process_time() - started


def warm_up() -> None:
    """Import everything, and build the validators of the models, with a mesh of two services."""
    import meshcompile

    small = meshcompile.load(mesh(2))
    for name in (sidecars(2, 1)[0], GATEWAY_PROXY):
        small.compile(name).to_json()


def peak() -> int:
    """The peak memory of this process in bytes. On Linux, without the memory that its parent had when it started."""
    status = Path("/proc/self/status")
    if status.exists():
        return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")) * 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


MEASUREMENTS: Mapping[str, Callable[..., Mapping[str, float]]] = {
    "seconds": lambda path, services: seconds(Path(path), int(services)),
    "checks": lambda path: checks(Path(path)),
    "difference": lambda path: difference(Path(path)),
    "unreachable": unreachable,
    "requests": lambda path, services: requests(Path(path), int(services)),
    "fleet": lambda path, services: fleet(Path(path), int(services)),
    "memory": lambda path, services: memory(Path(path), int(services)),
    "queries": lambda path, services: queries(Path(path), int(services)),
    "whole-fleet": lambda path, what: whole_fleet(Path(path), what),
    "two-processes": lambda path: two_processes(Path(path)),
    "start": start,
}

if __name__ == "__main__":
    name, *arguments = sys.argv[1:]
    print(json.dumps(MEASUREMENTS[name](*arguments)))
