"""The table in docs/reference/exit-codes.md: the result of each command in each situation and format."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.conftest import MESH, Run

PROXY = "deployment/catalog.shop"
REJECTED = """\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: web, namespace: shop}
spec: {selectr: {app: web}}
"""
BROKEN = "a: [1"
COMMANDS: Mapping[str, tuple[str, ...]] = {
    "validate": ("validate",),
    "analyze": ("analyze",),
    "proxies": ("proxies",),
    "fleet": ("fleet",),
    "status": ("status",),
    "compile": ("compile", "-p", PROXY),
    "compile all": ("compile", "--all-proxies"),
    "pc": ("pc", "routes", PROXY),
    "bootstrap": ("bootstrap", PROXY),
    "patch-lab": ("patch-lab", "-p", PROXY),
}
SITUATIONS: Mapping[str, str] = {
    "good": MESH,
    "rejected": f"{MESH}---\n{REJECTED}",
    "broken document": f"{MESH}---\n{BROKEN}",
    "nothing readable": BROKEN,
    "no workload": MESH.partition("---")[0],
}
OUTCOMES: Mapping[str, Mapping[str, int]] = {
    "good": {},
    "rejected": dict.fromkeys(COMMANDS, 1),
    "broken document": dict.fromkeys(COMMANDS, 1),
    "nothing readable": dict.fromkeys(COMMANDS, 3),
    "no such file": dict.fromkeys(COMMANDS, 3),
    "no workload": dict.fromkeys(("compile", "pc", "bootstrap", "patch-lab"), 2),
    "wrong usage": dict.fromkeys(COMMANDS, 2),
}
"""The exit status by situation and command, if it is not 0."""
PARSERS: Mapping[str, Callable[[str], Any]] = {"json": json.loads, "yaml": yaml.safe_load}


@pytest.fixture
def situations(tmp_path: Path) -> Mapping[str, list[str]]:
    """The arguments that cause each situation."""
    for name, text in SITUATIONS.items():
        (tmp_path / f"{name}.yaml").write_text(text)
    named = {name: ["-f", str(tmp_path / f"{name}.yaml")] for name in SITUATIONS}
    missing = ["-f", str(tmp_path / "no-such-file.yaml")]
    return {**named, "no such file": missing, "wrong usage": [*named["good"], "--remote-cluster", "nothing"]}


def cells() -> list[tuple[str, str]]:
    return [(command, situation) for command in COMMANDS for situation in OUTCOMES]


@pytest.mark.parametrize("form", PARSERS)
@pytest.mark.parametrize(("command", "situation"), cells(), ids=lambda cell: str(cell))
def test_data_whatever_happens(
    run: Run, situations: Mapping[str, list[str]], command: str, situation: str, form: str
) -> None:
    """With `-o json` or `-o yaml`, stdout is one document, and the exit status is the one in the table."""
    done = run(*COMMANDS[command], *situations[situation], "-o", form)
    expected = OUTCOMES[situation].get(command, 0)
    assert done.status == expected
    shown = PARSERS[form](done.out)
    is_error = isinstance(shown, dict) and "error" in shown
    assert is_error == (expected == 2 or (expected == 3 and command not in ("validate", "analyze")))
    assert not is_error or shown["error"]["status"] == expected
    assert not expected or done.err


@pytest.mark.parametrize(("command", "situation"), cells(), ids=lambda cell: str(cell))
def test_text(run: Run, situations: Mapping[str, list[str]], command: str, situation: str) -> None:
    """Without `-o`, a failed command prints nothing to stdout, and the reason to stderr."""
    done = run(*COMMANDS[command], *situations[situation])
    expected = OUTCOMES[situation].get(command, 0)
    assert done.status == expected
    assert not expected or done.err
    assert expected < 2 or done.out == ""


@pytest.mark.parametrize("situation", ["broken document", "nothing readable", "no such file"])
def test_findings_of_what_cannot_be_read_are_findings(
    run: Run, situations: Mapping[str, list[str]], situation: str
) -> None:
    """`validate -o json` reports an unreadable file in the same format as every other finding."""
    findings = json.loads(run("validate", *situations[situation], "-o", "json").out)
    assert any(found["code"].startswith("MC00") and found["file"] == situations[situation][1] for found in findings)


def test_the_error_says_which_proxies_come_close(run: Run, mesh: Path) -> None:
    """The error for an unknown proxy has the message and the candidates."""
    error = json.loads(run("pc", "routes", "deployment/catalg.shop", "-f", mesh, "-o", "json").out)["error"]
    assert error["candidates"] == [PROXY]
    assert "deployment/catalg.shop" in error["message"]


def test_the_error_has_the_findings(run: Run, situations: Mapping[str, list[str]]) -> None:
    """The error for unreadable input has the findings."""
    error = json.loads(run("proxies", *situations["nothing readable"], "-o", "json").out)["error"]
    assert [found["code"] for found in error["diagnostics"]] == ["MC0001"]


def test_the_summary_counts_what_was_read(run: Run, situations: Mapping[str, list[str]]) -> None:
    """`validate` prints the number of objects by kind, the number of files, and the result."""
    assert run("validate", *situations["good"]).err.splitlines() == [
        "meshcompile: 2 objects in 1 file: 1 Service, 1 workload",
        "meshcompile: All checks passed",
        "meshcompile: each object was checked on its own; run `meshcompile analyze` to check how they fit together",
    ]
    assert run("validate", *situations["rejected"]).err.splitlines() == [
        "meshcompile: 3 objects in 1 file: 1 Gateway, 1 Service, 1 workload",
        "meshcompile: 1 error",
        "meshcompile: fixable: 1 with `--fix`",
    ]


def test_nothing_read_is_no_success(run: Run, tmp_path: Path) -> None:
    """Input without objects is not reported as passed."""
    (tmp_path / "empty.yaml").write_text("# nothing\n")
    done = run("validate", tmp_path)
    assert "no objects found" in done.err
    assert "passed" not in done.err


@pytest.mark.parametrize("command", ["proxies", "compile all", "pc", "compile", "bootstrap"])
def test_no_workload_gives_a_hint(run: Run, situations: Mapping[str, list[str]], command: str) -> None:
    """If the input has no proxies, commands that need one print what to add."""
    assert "no workload with a proxy" in run(*COMMANDS[command], *situations["no workload"]).err
    assert "no workload with a proxy" not in run(*COMMANDS[command], *situations["good"]).err


def test_output_that_cannot_be_written_is_an_error_too(run: Run, mesh: Path, tmp_path: Path) -> None:
    """A folder that cannot be created exits with 3, and the error is data if data was requested."""
    (tmp_path / "file").write_text("")
    done = run("compile", "--all-proxies", mesh, "-o", "json", "--output-dir", tmp_path / "file")
    assert done.status == 3
    assert str(tmp_path / "file") in json.loads(done.out)["error"]["message"]


def test_files_of_others_are_counted(run: Run, mesh: Path) -> None:
    """Files in a folder without objects are counted in the summary, and are not errors."""
    (mesh.parent / "compose.yaml").write_text("services: {web: {image: web}}\n")
    done = run("validate", mesh.parent)
    assert done.status == 0
    assert done.err.splitlines()[:3] == [
        "meshcompile: 2 objects in 1 file: 1 Service, 1 workload",
        "meshcompile: All checks passed",
        "meshcompile: 1 other file contains no Kubernetes object; use -v to list them",
    ]
    assert "meshcompile: 1 other file contains no Kubernetes object\n" in run("validate", "-v", mesh.parent).err


def test_kinds_that_are_not_read_count_as_objects(run: Run, mesh: Path) -> None:
    """Objects of other kinds are part of the number of objects, at the end of the line."""
    flag = "apiVersion: example.com/v1\nkind: Flag\nmetadata: {name: a, namespace: shop}\n"
    mesh.write_text(f"{MESH}---\n{flag}")
    assert "3 objects in 1 file: 1 Service, 1 workload, 1 more" in run("validate", mesh).err
    mesh.write_text(flag)
    done = run("validate", mesh)
    assert "1 object in 1 file, of kinds that meshcompile does not read: nothing was checked\n" in done.err
    assert "passed" not in done.err
