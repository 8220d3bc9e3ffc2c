"""The files that `compile --output-dir` leaves in a folder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.cli.conftest import MESH, Run

PROXY = "deployment/catalog.shop"
CART = MESH.replace("catalog", "cart").replace("10.96.0.10", "10.96.0.11")


def names(folder: Path) -> Sequence[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def both(tmp_path: Path) -> Path:
    """A mesh with two proxies."""
    path = tmp_path / "both.yaml"
    path.write_text(f"{MESH}---\n{CART}")
    return path


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def test_proxies_that_are_gone_are_removed(run: Run, both: Path, mesh: Path, out: Path) -> None:
    """After a run with `--all-proxies`, the folder has only the proxies of that run."""
    first = run("compile", "--all-proxies", both, "--output-dir", out)
    assert first.err.startswith(f"meshcompile: wrote 10 files for 2 proxies to {out}\n")
    second = run("compile", "--all-proxies", mesh, "--output-dir", out)
    assert second.err.startswith(f"meshcompile: wrote 5 files for 1 proxy to {out}, removed 5\n")
    assert [path.name for path in sorted(out.iterdir())] == [".meshcompile.json", "catalog-0.shop"]


def test_one_proxy_leaves_the_others(run: Run, both: Path, out: Path) -> None:
    """A run for one proxy replaces its files, and keeps those of other proxies."""
    run("compile", "--all-proxies", both, "--output-dir", out)
    run("compile", "-p", PROXY, both, "--output-dir", out, "--type", "routes", "-o", "yaml")
    assert [path.name for path in (out / "catalog-0.shop").iterdir()] == ["routes.yaml"]
    assert len(list((out / "cart-0.shop").iterdir())) == 5
    run("compile", "--all-proxies", both, "--output-dir", out, "--type", "routes")
    assert names(out) == [".meshcompile.json", "cart-0.shop/routes.json", "catalog-0.shop/routes.json"]


def test_files_of_others_stay(run: Run, both: Path, mesh: Path, out: Path) -> None:
    """Files that meshcompile did not write are kept, also in the folder of a removed proxy."""
    run("compile", "--all-proxies", both, "--output-dir", out)
    (out / "README.md").write_text("mine")
    (out / "cart-0.shop" / "notes.txt").write_text("mine")
    run("compile", "--all-proxies", mesh, "--output-dir", out)
    assert {"README.md", "cart-0.shop/notes.txt"} < set(names(out))
    assert "cart-0.shop/routes.json" not in names(out)


def test_a_folder_without_a_manifest_loses_nothing(run: Run, mesh: Path, out: Path) -> None:
    """Files that the manifest does not list are kept."""
    (out / "cart-0.shop").mkdir(parents=True)
    (out / "cart-0.shop" / "routes.json").write_text("mine")
    run("compile", "--all-proxies", mesh, "--output-dir", out)
    assert (out / "cart-0.shop" / "routes.json").read_text() == "mine"


@pytest.mark.parametrize(
    "manifest",
    ['{"files": ["../victim/file", "a/../../victim/file", "/etc/hostname", "victim/file", 7]}', "[]", "{", '"x"'],
)
def test_a_manifest_is_not_trusted(run: Run, mesh: Path, out: Path, tmp_path: Path, manifest: str) -> None:
    """An invalid manifest, or one with paths outside the folder, removes nothing."""
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "file").write_text("mine")
    out.mkdir()
    (out / "victim").symlink_to(victim)
    (out / ".meshcompile.json").write_text(manifest)
    assert run("compile", "--all-proxies", mesh, "--output-dir", out).status == 0
    assert (victim / "file").read_text() == "mine"
    assert len(json.loads((out / ".meshcompile.json").read_text())["files"]) == 5
