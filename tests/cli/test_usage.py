"""What the command line accepts, and what it says when it does not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run

PROXY = "deployment/catalog.shop"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["compil"], "no such command: 'compil'; did you mean 'compile'"),
        (["pc", "lisetners"], "no such table: 'lisetners'; did you mean 'listeners'"),
        (["compile", "x", "-o", "yml"], "no such choice: 'yml'; did you mean 'yaml'? (choose from json, yaml)"),
        (["compile", "x", "--type", "cluster"], "no such type: 'cluster'; did you mean 'clusters'?"),
        (["validate", "x", "--fail-on", "warnin"], "no such choice: 'warnin'; did you mean 'warning'?"),
        (["validate", "--namspace", "a", "x"], "no such option: --namspace; did you mean '--namespace'?"),
        (["compile", "--all-proxy", "x"], "no such option: --all-proxy; did you mean '--all-proxies'?"),
        (["validate", "--mesh-confg=a", "x"], "no such option: --mesh-confg=a; did you mean '--mesh-config'?"),
        (["pc", "routes", "a.b", "c.d", "-f", "x"], "unexpected argument 'c.d'"),
        (["validate"], "no input: name a file or folder"),
        (["compile", "x"], "name a proxy, or give its --node or --all-proxies"),
        (["pc", "routes", "-f", "x"], "name a proxy, or give its --node"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_usage_is_short_and_helps(run: Run, arguments: list[str], message: str) -> None:
    """A usage error is two lines: what is wrong with what was probably meant, and where the help is."""
    done = run(*arguments)
    assert (done.status, done.out) == (2, "")
    first, second = done.err.splitlines()
    assert message in first
    assert second.startswith("see `meshcompile")


@pytest.mark.parametrize(
    "arguments", [["pc", "listeners", PROXY, "--name", "x"], ["compile", "--all"], ["validate", "--names", "shop"]]
)
def test_options_are_not_abbreviated(run: Run, mesh: Path, arguments: list[str]) -> None:
    """The beginning of an option's name is not the option."""
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
    """Input may be named with or without -f, before, between and after options."""
    done = run(*(str(mesh) if word == "MESH" else word for word in arguments))
    assert (done.status, json.loads(done.out)) == (0, [])


def test_paths_are_read_by_every_command_that_takes_them(run: Run, mesh: Path) -> None:
    """`compile` and `proxies` read what is named without -f, as with it."""
    assert run("proxies", mesh) == run("proxies", "-f", mesh)
    assert run("compile", mesh, "-p", PROXY) == run("compile", "-f", mesh, "-p", PROXY)


def test_the_last_group_of_paths_counts_too(run: Run, mesh: Path, tmp_path: Path) -> None:
    """Paths after an option are read beside those before it."""
    other = tmp_path / "other.yaml"
    other.write_text(mesh.read_text().replace("catalog", "cart").replace("10.96.0.10", "10.96.0.11"))
    rows = json.loads(run("proxies", mesh, "-o", "json", other).out)
    assert [row["name"].split("-")[0] for row in rows] == ["cart", "catalog"]
