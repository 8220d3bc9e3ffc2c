"""Copies of compiled golden cases: pickled, copied, and returned by another process."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TypeVar

import pytest

import meshcompile
from meshcompile import Config

T = TypeVar("T")
CASES = sorted(path.parent for path in Path(__file__).parent.glob("*/input.yaml"))
each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def pickled(value: T) -> T:
    copied: T = pickle.loads(pickle.dumps(value))
    return copied


def compiled(case: Path) -> tuple[Config, ...]:
    mesh = meshcompile.load(case / "input.yaml")
    return tuple(mesh.compile(proxy) for proxy in mesh.proxies())


def source_map(config: Config) -> dict[str, list[str]]:
    return {pointer: [str(origin) for origin in origins] for pointer, origins in config.source_map().items()}


def assert_same(copied: Config, config: Config) -> None:
    assert (copied, hash(copied)) == (config, hash(config))
    assert copied.to_json() == config.to_json()
    assert copied.to_dict() == config.to_dict()
    assert source_map(copied) == source_map(config)
    assert copied.bootstrap().to_json() == config.bootstrap().to_json()
    assert list(map(str, copied.diagnostics)) == list(map(str, config.diagnostics))


@pytest.fixture(scope="module")
def other_process() -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        yield pool


@pytest.mark.slow
@each_case
@pytest.mark.parametrize("copied", [pickled, copy.copy, copy.deepcopy], ids=["pickle", "copy", "deepcopy"])
def test_a_copy_of_a_config_is_equal_to_it(case: Path, copied: Callable[[Config], Config]) -> None:
    """A copy has the same bytes, origins, bootstrap, findings and hash, and equals the original."""
    for config in compiled(case):
        assert_same(copied(config), config)


@pytest.mark.slow
@each_case
def test_another_process_compiles_the_same(case: Path, other_process: ProcessPoolExecutor) -> None:
    """A Config from a process pool equals the one that this process compiles."""
    for received, config in zip(other_process.submit(compiled, case).result(), compiled(case), strict=True):
        assert_same(received, config)


@pytest.mark.slow
@each_case
@pytest.mark.parametrize("copied", [pickled, copy.copy, copy.deepcopy], ids=["pickle", "copy", "deepcopy"])
def test_a_copied_mesh_compiles_the_same(case: Path, copied: Callable[[meshcompile.Mesh], meshcompile.Mesh]) -> None:
    """A mesh that was copied before or after use equals the original and compiles to the same output."""
    mesh = meshcompile.load(case / "input.yaml")
    unused = copied(mesh)
    configs = tuple(mesh.compile(proxy) for proxy in mesh.proxies())
    for again in (unused, copied(mesh)):
        assert (again, hash(again)) == (mesh, hash(mesh))
        assert list(map(str, again.diagnostics)) == list(map(str, mesh.diagnostics))
        for config in configs:
            assert_same(again.compile(config.proxy), config)


@each_case
def test_a_mesh_loaded_twice_is_equal(case: Path) -> None:
    """Meshes are equal if their objects are equal, regardless of their files.

    An additional object makes them different.
    """
    path = case / "input.yaml"
    mesh = meshcompile.load(path)
    assert mesh == meshcompile.load(path.read_text())
    assert hash(mesh) == hash(meshcompile.load(path))
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "one-more"}}
    assert mesh != meshcompile.load([path, namespace])
    assert mesh != meshcompile.load(path, mesh_config={"accessLogFile": "/dev/stderr"})
