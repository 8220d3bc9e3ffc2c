"""`meshcompile prove`: statements as findings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run

STATEMENTS = """\
statements:
- name: only the web calls
  only: {principals: [cluster.local/ns/shop/sa/web], mayCall: catalog.shop}
- noRouteWithout: timeout
"""


@pytest.fixture
def statements(tmp_path: Path) -> Path:
    """A statement that the mesh breaks, and one that holds."""
    file = tmp_path / "statements.yaml"
    file.write_text(STATEMENTS)
    return file


def test_a_refuted_statement_is_a_finding(run: Run, mesh: Path, statements: Path) -> None:
    """A refuted statement is an error with the request, and the number of the others is said."""
    done = run("prove", statements, "-f", mesh, "-v")
    assert done.status == 1
    assert "`only the web calls` does not hold: GET http://catalog.shop/" in done.out
    assert "proved: no route without timeout" in done.err
    assert "2 statements: 1 proved, 1 refuted" in done.err


@pytest.mark.parametrize("output", ["full", "concise", "json", "github", "gitlab", "sarif", "junit", "rdjson"])
def test_the_formats_are_those_of_analyze(run: Run, mesh: Path, statements: Path, output: str) -> None:
    """Each format of findings has the refuted statement."""
    done = run("prove", statements, "-f", mesh, "-o", output)
    assert done.status == 1
    assert "only the web calls" in done.out


def test_a_baseline_and_a_suppression_hide_a_finding(run: Run, mesh: Path, statements: Path, tmp_path: Path) -> None:
    """A statement that is known to be refuted does not fail the command."""
    baseline = tmp_path / "known.json"
    assert run("prove", statements, "-f", mesh, "--baseline", baseline, "--update-baseline").status == 0
    assert run("prove", statements, "-f", mesh, "--baseline", baseline).status == 0
    assert run("prove", statements, "-f", mesh, "--suppress", "MC2101=*").status == 0


def test_the_witness_is_in_the_json(run: Run, mesh: Path, statements: Path) -> None:
    """The finding in JSON says which request refutes the statement."""
    (found,) = json.loads(run("prove", statements, "-f", mesh, "-o", "json").out)
    assert (found["code"], found["line"]) == ("MC2101", 2)


def test_a_missing_file_is_said(run: Run, mesh: Path, tmp_path: Path) -> None:
    """A file with statements that does not exist is unreadable input."""
    done = run("prove", tmp_path / "none.yaml", "-f", mesh)
    assert done.status == 3
    assert "there is no file or folder" in done.err
