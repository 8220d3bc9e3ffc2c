"""One measurement in its own process: `python -m bench.child WHAT FILE SERVICES`. Prints JSON.

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
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from bench.meshes import GATEWAY_PROXY, VIRTUAL_SERVICE, mesh, sidecars

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

    _warm_up()
    before = _reading(path)
    mesh = timed("load", lambda: meshcompile.load(path))
    after = _reading(path)
    timed("snapshot", lambda: mesh.snapshot)
    first, second = (mesh.proxy(name) for name in sidecars(services, 2))
    config = timed("first sidecar", lambda: mesh.compile(first))
    timed("second sidecar", lambda: mesh.compile(second))
    timed("gateway", lambda: mesh.compile(GATEWAY_PROXY))
    timed("JSON of the first", config.to_json)
    resources = config.listeners, config.routes, config.clusters, config.endpoints
    return {"yaml": (before + after) / 2, **took, "resources": sum(map(len, resources))}


def fleet(path: Path, services: int) -> Mapping[str, float]:
    """The time for many sidecars in ten namespaces, for the first of them, and for the JSON of some."""
    import meshcompile

    _warm_up()
    mesh = meshcompile.load(path)
    proxies = [mesh.proxy(name) for name in sidecars(services, FLEET)]
    assert mesh.snapshot
    configs, compiling = _timed(lambda: [mesh.compile(proxy) for proxy in proxies])
    _, printing = _timed(lambda: [len(config.to_json()) for config in configs[:PRINTED]])
    return {f"{FLEET} sidecars": compiling, f"JSON of {PRINTED} of them": printing}


def queries(path: Path, services: int) -> Mapping[str, float]:
    """The share of cache hits for each query in a fleet."""
    import meshcompile

    mesh = meshcompile.load(path)
    for name in sidecars(services, FLEET):
        mesh.compile(name)
    counted = mesh.snapshot.answers.counted()
    return {query: hits / (computed + hits) for query, (computed, hits) in sorted(counted.items())}


def memory(path: Path, services: int) -> Mapping[str, float]:
    """Bytes that each step adds to the peak of a process that has imported everything, in multiples of the text."""
    import meshcompile

    _warm_up()
    text, before = path.stat().st_size, peak()
    added: dict[str, float] = {}
    mesh = meshcompile.load(path)
    added["load"] = (peak() - before) / text
    assert mesh.snapshot
    added["snapshot"] = (peak() - before) / text
    config = mesh.compile(sidecars(services, 1)[0])
    added["first sidecar"] = (peak() - before) / text
    assert config.to_json()
    added["JSON of the first"] = (peak() - before) / text
    return added


def cold(path: Path, services: int) -> Mapping[str, float]:
    """The time of the command line from process start to a table."""
    proxy = sidecars(services, 1)[0]
    return {"cold command": _command("-m", "meshcompile", "proxy-config", "clusters", proxy, "-f", str(path))}


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


def _reading(path: Path) -> float:
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


def _warm_up() -> None:
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


if __name__ == "__main__":
    what, *of = sys.argv[1:]
    if what == "start":
        print(json.dumps(start()))
    else:
        measure = {"seconds": seconds, "fleet": fleet, "memory": memory, "cold": cold, "queries": queries}[what]
        print(json.dumps(measure(Path(of[0]), int(of[1]))))
