"""The arguments that the command line accepts, and the messages for others."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from meshcompile.cli.progress import CLEAR, progress
from tests.cli.conftest import Run

PROXY = "deployment/catalog.shop"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["compil"], "no such command: 'compil'; did you mean 'compile'"),
        (["pc", "lisetners"], "no such table: 'lisetners'; did you mean 'listeners'"),
        (["compile", "x", "-o", "yml"], "no such choice: 'yml'; did you mean 'yaml'?"),
        (["compile", "x", "-o", "table"], "no such choice: 'table'; choose from json, yaml"),
        (["compile", "x", "--type", "secret"], "no such type: 'secret'; choose from listeners, routes, clusters"),
        (["compile", "x", "--type", "cluster"], "no such type: 'cluster'; did you mean 'clusters'?"),
        (["validate", "x", "--fail-on", "warnin"], "no such choice: 'warnin'; did you mean 'warning'?"),
        (["validate", "--namspace", "a", "x"], "no such option: --namspace; did you mean '--namespace'?"),
        (["compile", "--all-proxy", "x"], "no such option: --all-proxy; did you mean '--all-proxies'?"),
        (["validate", "--mesh-confg=a", "x"], "no such option: --mesh-confg=a; did you mean '--mesh-config'?"),
        (["pc", "routes", "a.b", "c.d", "-f", "x"], "unexpected argument 'c.d'"),
        (["validate"], "no input: pass a file or folder"),
        (["compile", "x"], "name a proxy, or pass its node with --node FILE or --all-proxies"),
        (["pc", "routes", "-f", "x"], "name a proxy, or pass its node with --node FILE"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_usage_is_short_and_helps(run: Run, arguments: list[str], message: str) -> None:
    """A usage error is two lines: the problem with a suggestion, and a hint at the help."""
    done = run(*arguments)
    assert (done.status, done.out) == (2, "")
    first, second = done.err.splitlines()
    assert message in first
    assert len(first) <= 120
    assert second.startswith("see `meshcompile")


@pytest.mark.parametrize(
    "arguments", [["pc", "listeners", PROXY, "--name", "x"], ["compile", "--all"], ["validate", "--names", "shop"]]
)
def test_options_are_not_abbreviated(run: Run, mesh: Path, arguments: list[str]) -> None:
    """Options cannot be abbreviated."""
    done = run(*arguments, "-f", mesh)
    assert (done.status, done.out) == (2, "")
    assert "no such option" in done.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["validate", "MESH", "-o", "json"],
        ["validate", "-o", "json", "MESH"],
        ["validate", "MESH", "-o", "json", "MESH"],
        ["validate", "-f", "MESH", "-o", "json", "MESH"],
        ["validate", "-o", "json", "--", "MESH"],
    ],
    ids=" ".join,
)
def test_paths_stand_anywhere(run: Run, mesh: Path, arguments: list[str]) -> None:
    """Input can be passed with or without -f, before, between and after options."""
    done = run(*(str(mesh) if word == "MESH" else word for word in arguments))
    assert (done.status, json.loads(done.out)) == (0, [])


def test_paths_are_read_by_every_command_that_takes_them(run: Run, mesh: Path) -> None:
    """`compile` and `proxies` read positional paths like -f."""
    assert run("proxies", mesh) == run("proxies", "-f", mesh)
    assert run("compile", mesh, "-p", PROXY) == run("compile", "-f", mesh, "-p", PROXY)


def test_the_last_group_of_paths_counts_too(run: Run, mesh: Path, tmp_path: Path) -> None:
    """Paths before and after an option are read."""
    other = tmp_path / "other.yaml"
    other.write_text(mesh.read_text().replace("catalog", "cart").replace("10.96.0.10", "10.96.0.11"))
    rows = json.loads(run("proxies", mesh, "-o", "json", other).out)
    assert [row["name"].split("-")[0] for row in rows] == ["cart", "catalog"]


def test_a_dash_is_stdin(run: Run, mesh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`-` as a path is standard input."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(mesh.read_bytes())))
    assert len(json.loads(run("proxies", "-o", "json", "-").out)) == 1


@pytest.mark.slow
def test_nothing_is_imported_that_renders(mesh: Path) -> None:
    """A command without rendering does not import the module that runs programs."""
    code = "import sys; from meshcompile.cli.main import main; main(sys.argv[1:]); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code, "validate", str(mesh)],
        env={**os.environ, "PYTHONPATH": "src"},
        capture_output=True,
        check=True,
        text=True,
    )
    assert "meshcompile.cli.validate" in done.stdout.split()
    assert not {"meshcompile.render", "subprocess", "meshcompile.cli.complete"} & set(done.stdout.split())


class Terminal(io.StringIO):
    """A stream that claims to be a terminal."""

    def isatty(self) -> bool:
        return True


def test_progress_is_shown_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Long work is shown on a terminal, and the line is erased at the end."""
    monkeypatch.setattr("meshcompile.cli.progress.DELAY", 0.0)
    monkeypatch.setattr("meshcompile.cli.progress.EVERY", 0.01)
    monkeypatch.setattr("sys.stderr", terminal := Terminal())
    with progress("checking"):
        while "checking" not in terminal.getvalue():
            time.sleep(0.01)
    assert "meshcompile: checking ... 0 s" in terminal.getvalue()
    assert terminal.getvalue().endswith(CLEAR)


def test_progress_is_shown_only_when_it_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Quick work, and work without a terminal, shows no progress."""
    monkeypatch.setattr("sys.stderr", terminal := Terminal())
    with progress("checking"):
        pass
    assert terminal.getvalue() in ("", CLEAR)
    monkeypatch.setattr("meshcompile.cli.progress.DELAY", 0.0)
    monkeypatch.setattr("sys.stderr", pipe := io.StringIO())
    with progress("checking"):
        time.sleep(0.05)
    assert pipe.getvalue() == ""
