"""One measurement in a process of its own: `python -m bench.child WHAT FILE SERVICES`, as JSON.

Seconds are those of the processor that this process used, so that other work on the machine disturbs little.
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
    """How long each step takes, and how many resources the first sidecar has."""
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
    """How long many sidecars of ten namespaces take together, the first one too, and the JSON of some."""
    import meshcompile

    _warm_up()
    mesh = meshcompile.load(path)
    proxies = [mesh.proxy(name) for name in sidecars(services, FLEET)]
    assert mesh.snapshot
    configs, compiling = _timed(lambda: [mesh.compile(proxy) for proxy in proxies])
    _, printing = _timed(lambda: [len(config.to_json()) for config in configs[:PRINTED]])
    return {f"{FLEET} sidecars": compiling, f"JSON of {PRINTED} of them": printing}


def queries(path: Path, services: int) -> Mapping[str, float]:
    """For each query, how many of the questions that a fleet asks are answered from memory, as a share."""
    import meshcompile

    mesh = meshcompile.load(path)
    for name in sidecars(services, FLEET):
        mesh.compile(name)
    counted = mesh.snapshot.answers.counted()
    return {query: hits / (computed + hits) for query, (computed, hits) in sorted(counted.items())}


def memory(path: Path, services: int) -> Mapping[str, float]:
    """Bytes that each step adds to the peak of a process that has imported everything, in sizes of the text."""
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
    """How long the command line needs from nothing to a table."""
    proxy = sidecars(services, 1)[0]
    return {"cold command": _command("-m", "meshcompile", "proxy-config", "clusters", proxy, "-f", str(path))}


def start() -> Mapping[str, float]:
    """How long Python takes to start, and each command with a mesh of two services to answer."""
    with tempfile.TemporaryDirectory() as folder:
        rule, small = Path(folder) / "rule.yaml", Path(folder) / "mesh.yaml"
        rule.write_text(VIRTUAL_SERVICE.format(name="reviews", namespace="shop"))
        small.write_text(mesh(2))
        commands = {"python": ("-c", "pass")} | {
            name: ("-m", "meshcompile", *command) for name, command in _commands(str(rule), str(small)).items()
        }
        for command in commands.values():
            _command(*command)  # so that bytecode is there, as after an installation
        return {name: _command(*command) for name, command in commands.items()}


def _commands(rule: str, small: str) -> Mapping[str, Sequence[str]]:
    """The commands that are measured, by what the tables call them."""
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
    """Seconds of the processor that a Python process takes."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    _run([sys.executable, *arguments], environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def _run(command: Sequence[str], environment: Mapping[str, str]) -> None:
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment, check=True)


def _reading(path: Path) -> float:
    """What libyaml's loader needs for the text; without garbage collection, which `load` does without too."""
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
    """Import all that is needed, and build the models' validators, with a mesh of two services."""
    import meshcompile

    small = meshcompile.load(mesh(2))
    for name in (sidecars(2, 1)[0], GATEWAY_PROXY):
        small.compile(name).to_json()


def peak() -> int:
    """The most memory that this process has had, in bytes; on Linux without what its parent had when it began."""
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
