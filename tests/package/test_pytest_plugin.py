"""The pytest plugin, in a pytest of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.cli.conftest import MESH

ROOT = Path(__file__).resolve().parents[2]
SUITE = """\
from: deployment/catalog.shop
tests:
- name: works
  request: {url: http://catalog/}
  expect: {status: 200}
- name: fails
  request: {url: http://catalog/}
  expect: {status: 404}
- expct: {}
"""
TESTS = """\
def test_explain(explain):
    asked = {"from": "deployment/catalog.shop", "url": "http://catalog/"}
    assert explain(asked).outcome.status == 200
    assert explain(url="http://catalog/", sender="deployment/catalog.shop").outcome.status == 200

def test_mesh(mesh):
    assert "deployment/catalog.shop" in mesh.proxy_names
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a mesh, a suite, and tests in Python."""
    (tmp_path / "mesh.yaml").write_text(MESH)
    (tmp_path / "shop.meshtest.yaml").write_text(SUITE)
    (tmp_path / "test_mesh.py").write_text(TESTS)
    return tmp_path


def outcome(folder: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist", *arguments]
    if "meshcompile" not in {each.name for each in installed()}:
        command += ["-p", "meshcompile.pytest_plugin"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def installed():
    from importlib.metadata import entry_points

    return entry_points(group="pytest11")


def test_the_entry_point_is_the_plugin() -> None:
    """The package declares the plugin for pytest."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["pytest11"]
    assert declared == {"meshcompile": "meshcompile.pytest_plugin"}


@pytest.mark.slow
def test_suites_are_run(folder: Path) -> None:
    """Each test of a suite is an item. A failure has what was wanted, and a mistake in a suite fails."""
    out = outcome(folder, "--mesh-files", "mesh.yaml", "-v")
    assert "shop.meshtest.yaml::works PASSED" in out
    assert "shop.meshtest.yaml::fails FAILED" in out
    assert "  status: wanted 404, got 200" in out
    assert "unknown field `tests[2].expct`" in out
    assert "Traceback" not in out
    assert "3 failed, 3 passed" in out


@pytest.mark.slow
def test_the_configuration_names_the_mesh(folder: Path) -> None:
    """`mesh_files` in the configuration is the input, relative to the root folder."""
    (folder / "pytest.ini").write_text("[pytest]\nmesh_files = mesh.yaml\n")
    assert "3 passed, 3 deselected" in outcome(folder, "-k", "works or explain or test_mesh")


@pytest.mark.slow
def test_nothing_happens_unasked(folder: Path) -> None:
    """Without a mesh, suites are not collected, and the fixtures say what is missing."""
    out = outcome(folder)
    assert "2 errors" in out
    assert "no mesh: pass --mesh-files PATH" in out
    assert "shop.meshtest.yaml" not in out
