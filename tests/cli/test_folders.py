"""Folders on the command line."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import MESH, Run

BROKEN = "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: a}\nspec: {}\n"


def test_files_to_leave_out(run: Run, tmp_path: Path) -> None:
    """`--exclude` and `.gitignore` exclude files, `--no-gitignore` includes them, and named files are always read."""
    (tmp_path / "mesh.yaml").write_text(MESH)
    (tmp_path / "broken.yaml").write_text(BROKEN)
    assert run("validate", "-f", tmp_path).status == 1
    assert run("validate", "-f", tmp_path, "--exclude", "brok*").status == 0
    (tmp_path / ".gitignore").write_text("broken.yaml\n")
    assert run("validate", "-f", tmp_path).status == 0
    assert run("validate", "-f", tmp_path, "--no-gitignore").status == 1
    assert run("validate", "-f", tmp_path / "broken.yaml").status == 1
    assert run("proxies", "-f", tmp_path, "--exclude", "mesh.yaml").out.count("\n") <= 1


def test_a_pattern_that_is_wrong(run: Run, tmp_path: Path) -> None:
    """An invalid pattern is rejected in one line."""
    done = run("validate", "-f", tmp_path, "--exclude", "!")
    assert done.status == 2
    assert "pattern" in done.err
    assert "Traceback" not in done.err


def test_foreign_files_are_named_with_verbose(run: Run, tmp_path: Path) -> None:
    """A foreign file is only counted, `-v` names it, and passing it by name is an error."""
    (tmp_path / "mesh.yaml").write_text(MESH)
    (tmp_path / "compose.yaml").write_text("services: {}\n")
    assert "compose.yaml" not in run("validate", "-f", tmp_path).out
    assert "compose.yaml: info: not a Kubernetes object: a Compose file" in run("validate", "-v", "-f", tmp_path).out
    assert run("validate", "-f", tmp_path / "compose.yaml").status == 1
