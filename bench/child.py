"""One measurement in a process of its own: `python -m bench.child seconds|fleet|memory|cold FILE SERVICES`, as JSON."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from bench.meshes import GATEWAY_PROXY, sidecars

T = TypeVar("T")

FLEET = 200


def seconds(path: Path, services: int) -> dict[str, float]:
    """How long each step takes, and how many resources the first sidecar has."""
    import yaml

    import meshcompile

    took: dict[str, float] = {}

    def timed(step: str, work: Callable[[], T]) -> T:
        started = time.perf_counter()
        result = work()
        took[step] = time.perf_counter() - started
        return result

    text = path.read_text()
    _warm_up()
    timed("yaml", lambda: list(yaml.load_all(text, Loader=yaml.CSafeLoader)))
    mesh = timed("load", lambda: meshcompile.load(path))
    timed("snapshot", lambda: mesh.snapshot)
    first, second = (mesh.proxy(name) for name in sidecars(services, 2))
    config = timed("first sidecar", lambda: mesh.compile(first))
    timed("second sidecar", lambda: mesh.compile(second))
    timed("gateway", lambda: mesh.compile(GATEWAY_PROXY))
    timed("JSON of the first", config.to_json)
    resources = config.listeners, config.routes, config.clusters, config.endpoints
    return {**took, "resources": sum(map(len, resources))}


def fleet(path: Path, services: int) -> dict[str, float]:
    """How long many sidecars take together, the first one too."""
    import meshcompile

    _warm_up()
    mesh = meshcompile.load(path)
    proxies = [mesh.proxy(name) for name in sidecars(services, FLEET)]
    assert mesh.snapshot
    started = time.perf_counter()
    for proxy in proxies:
        mesh.compile(proxy)
    return {f"{FLEET} sidecars": time.perf_counter() - started}


def memory(path: Path, services: int) -> dict[str, float]:
    """Bytes that loading and compiling a sidecar and the gateway add to the peak, and bytes of the text."""
    import meshcompile

    _warm_up()
    before = _peak()
    mesh = meshcompile.load(path)
    configs = [mesh.compile(name) for name in (sidecars(services, 1)[0], GATEWAY_PROXY)]
    assert configs
    return {"peak": _peak() - before, "text": path.stat().st_size}


def cold(path: Path, services: int) -> dict[str, float]:
    """How long the command line needs from nothing to a table."""
    proxy = sidecars(services, 1)[0]
    command = [sys.executable, "-m", "meshcompile", "proxy-config", "clusters", proxy, "-f", str(path)]
    started = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return {"cold command": time.perf_counter() - started}


def _warm_up() -> None:
    """Import all that is needed, and build the models' validators, with a mesh of two services."""
    import meshcompile
    from bench.meshes import mesh

    small = meshcompile.load(mesh(2))
    for name in (sidecars(2, 1)[0], GATEWAY_PROXY):
        small.compile(name)


def _peak() -> int:
    """The most memory that this process has had, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


if __name__ == "__main__":
    measure = {"seconds": seconds, "fleet": fleet, "memory": memory, "cold": cold}[sys.argv[1]]
    print(json.dumps(measure(Path(sys.argv[2]), int(sys.argv[3]))))
