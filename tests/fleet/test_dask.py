"""The workers of a dask cluster: two processes, of which one is killed."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from distributed import LocalCluster

import meshcompile
from bench.meshes import mesh as mesh_text
from meshcompile import Config, InvalidArgument
from meshcompile.fleet.dask import DaskExecutor
from tests.cli.conftest import Run, run

__all__ = ["run"]

SERVICES = 20
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # of connections to the worker that is killed
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The scheduler of two workers."""
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, memory_limit=0) as cluster:
        yield cluster.scheduler_address.replace("tcp://", "dask://")


def content(config: Config) -> tuple[str, str, object]:
    return config.proxy.id, config.to_json(), config.diagnostics


def test_a_killed_worker_costs_its_part_only(address: str) -> None:
    """When a worker is killed in the middle, the configurations are those of this process, byte for byte, in order."""
    mesh = meshcompile.load(mesh_text(SERVICES))
    with DaskExecutor(address) as executor:
        processes = list(executor._client.run(os.getpid).values())
        configs = mesh.compile_all(executor=executor)
        found = [content(next(configs)) for _ in range(3)]
        os.kill(processes[0], signal.SIGKILL)
        found.extend(map(content, configs))
    assert len(processes) == executor_workers(address) == 2
    assert found == list(map(content, mesh.compile_all()))


def executor_workers(address: str) -> int:
    """The workers that the cluster has; the killed one is replaced."""
    with DaskExecutor(address) as executor:
        executor._client.wait_for_workers(2, timeout=30)
        return executor.workers


def test_the_command_uses_a_cluster(run: Run, address: str, tmp_path: Path) -> None:
    """`fleet` and `compile` print and write the same with a cluster as without."""
    path = tmp_path / "mesh.yaml"
    path.write_text(mesh_text(3))
    executor = ("--executor", address)
    assert run("fleet", path, *executor).out == run("fleet", path).out
    run("compile", "--all-proxies", path, "--output-dir", tmp_path / "here", "--type", "routes,clusters")
    run("compile", "--all-proxies", path, "--output-dir", tmp_path / "there", "--type", "routes,clusters", *executor)
    here, there = (
        {each.relative_to(folder): each.read_bytes() for each in folder.rglob("*") if each.is_file()}
        for folder in (tmp_path / "here", tmp_path / "there")
    )
    assert here == there
    assert len(here) == 15


@pytest.mark.parametrize("wrong", ["host:8786", "dask://host", "dask://:8786", "tcp://host:8786"])
def test_an_address_has_a_form(run: Run, mesh_file: Path, wrong: str) -> None:
    """Another form is wrong usage, and the message says which one is expected."""
    done = run("fleet", mesh_file, "--executor", wrong)
    assert (done.status, done.out) == (2, "")
    assert "expected dask://HOST:PORT" in done.err


@pytest.fixture
def mesh_file(tmp_path: Path) -> Path:
    path = tmp_path / "mesh.yaml"
    path.write_text(mesh_text(2))
    return path


def test_a_scheduler_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody at the address is an error that names it."""
    monkeypatch.setattr("meshcompile.fleet.dask.TIMEOUT", "0.5s")
    with pytest.raises(InvalidArgument, match=r"no dask scheduler answers at dask://127\.0\.0\.1:1"):
        DaskExecutor("dask://127.0.0.1:1")
