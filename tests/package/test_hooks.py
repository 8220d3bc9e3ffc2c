"""What other projects use of this repository: hooks of pre-commit, the action of GitHub and the template of GitLab."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
BROKEN = (
    "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: g}\nspec: {selectr: {a: b}, servers: []}\n"
)


def loaded(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text())


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """An environment with the `meshcompile` of this tree, and without other settings of git."""
    script = tmp_path / "bin" / "meshcompile"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT / "src"} exec {sys.executable} -m meshcompile "$@"\n')
    script.chmod(0o755)
    kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    path = f"{script.parent}{os.pathsep}{os.environ['PATH']}"
    return {**kept, "PATH": path, "PRE_COMMIT_HOME": str(tmp_path / "cache"), "HOME": str(tmp_path)}


@pytest.mark.slow
def test_the_hooks_run_under_pre_commit(tmp_path: Path, environment: dict[str, str]) -> None:
    """pre-commit itself runs each hook: a wrong file fails, is corrected, and passes then."""
    project = tmp_path / "project"
    project.mkdir()
    hooks = [{**hook, "language": "system"} for hook in loaded(".pre-commit-hooks.yaml")]
    (project / ".pre-commit-config.yaml").write_text(yaml.safe_dump({"repos": [{"repo": "local", "hooks": hooks}]}))
    (project / "meshcompile.yaml").write_text("inputs: [mesh]\n")
    (project / "mesh").mkdir()
    (project / "mesh" / "gateway.yaml").write_text(BROKEN)

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True)

    def hook(name: str) -> subprocess.CompletedProcess[str]:
        return run(sys.executable, "-m", "pre_commit", "run", f"meshcompile-{name}", "--all-files")

    run("git", "init", "-q")
    run("git", "add", "-A")
    validated = hook("validate")
    assert (validated.returncode, "MC0110" in validated.stdout) == (1, True), validated.stdout + validated.stderr
    assert "MC0110" in hook("analyze").stdout
    assert "files were modified by this hook" in hook("fix").stdout
    assert "selector: {a: b}" in (project / "mesh" / "gateway.yaml").read_text()
    assert "MC0110" not in hook("validate").stdout


def test_pre_commit_accepts_the_file() -> None:
    """pre-commit's own check of hooks passes."""
    command = [sys.executable, "-m", "pre_commit", "validate-manifest", ".pre-commit-hooks.yaml"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.slow
def test_the_steps_of_the_action_run(tmp_path: Path, environment: dict[str, str]) -> None:
    """The shell of each step works, with inputs that are empty and with several paths."""
    (tmp_path / "a.yaml").write_text(BROKEN)
    (tmp_path / "b.yaml").write_text(BROKEN)
    steps = [step for step in loaded("action.yml")["runs"]["steps"] if "meshcompile" in step["run"].split()[0]]
    given = {"COMMAND": "validate", "PATHS": "a.yaml b.yaml", "ARGS": "--fail-on warning", "SARIF": "out.sarif"}
    results = [
        subprocess.run(
            ["bash", "-e", "-c", step["run"]], cwd=tmp_path, env={**environment, **given}, capture_output=True
        )
        for step in steps
    ]
    assert [done.returncode for done in results] == [0, 1]
    assert '"MC0110"' in (tmp_path / "out.sarif").read_text()
    assert results[1].stdout.count(b"::error ") >= 2


@pytest.mark.slow
def test_the_script_of_gitlab_runs(tmp_path: Path, environment: dict[str, str]) -> None:
    """The commands of the template write both reports, and fail on errors."""
    (tmp_path / "a.yaml").write_text(BROKEN)
    template = loaded("examples/ci/gitlab.yml")
    commands = [line for line in template["meshcompile"]["script"] if line.startswith("meshcompile ")]
    given = {**environment, **template["variables"], "MESHCOMPILE_PATHS": "a.yaml"}
    codes = [subprocess.run(["bash", "-c", line], cwd=tmp_path, env=given).returncode for line in commands]
    assert codes == [0, 1]
    reports = template["meshcompile"]["artifacts"]["reports"]
    assert all((tmp_path / name).stat().st_size for name in reports.values())
