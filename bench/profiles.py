"""Flame graphs of each step with 1,000 services, as HTML pages of pyinstrument."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from bench.child import warm_up
from bench.measure import mesh_file
from bench.meshes import GATEWAY_PROXY, edited_service, sidecars

T = TypeVar("T")
SERVICES = 1000
INTERVAL = 0.0005
"""Seconds between two samples."""


def written(folder: Path) -> Iterator[Path]:
    """Profile the steps in their order. Yields the page of each step."""
    import meshcompile

    folder.mkdir(parents=True, exist_ok=True)
    warm_up()
    with mesh_file(SERVICES) as path:
        mesh, page = _profiled(folder, "load", lambda: meshcompile.load(path))
        yield page
        first, second, other = (mesh.proxy(name) for name in sidecars(SERVICES, 3))
        yield _profiled(folder, "snapshot", lambda: mesh.snapshot.indexed())[1]
        config, page = _profiled(folder, "first-sidecar", lambda: mesh.compile(first))
        yield page
        steps: tuple[tuple[str, Callable[[], object]], ...] = (
            ("second-sidecar", lambda: mesh.compile(second)),
            ("other-namespace", lambda: mesh.compile(other)),
            ("gateway", lambda: mesh.compile(GATEWAY_PROXY)),
            ("json", lambda: config.to_json(-1)),
            ("fingerprints", lambda: config.fingerprints),
            ("edited", lambda: mesh.updated(edited_service()).compile(first)),
        )
        for name, step in steps:
            yield _profiled(folder, name, step)[1]


def _profiled(folder: Path, name: str, step: Callable[[], T]) -> tuple[T, Path]:
    """What a step returns, and the page with its flame graph."""
    from pyinstrument import Profiler

    with Profiler(interval=INTERVAL) as profiler:
        result = step()
    page = folder / f"{name}.html"
    page.write_text(profiler.output_html())
    return result, page
