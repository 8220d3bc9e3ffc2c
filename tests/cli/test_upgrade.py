"""`meshcompile upgrade`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from tests.cli.conftest import MESH, Run

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas" / "upgrade.json").read_text())


@pytest.fixture
def mesh(tmp_path: Path) -> Path:
    file = tmp_path / "mesh.yaml"
    file.write_text(MESH)
    return file


def test_every_format(run: Run, mesh: Path) -> None:
    """Each format has the difference at work and the way back, and JSON follows its schema."""
    for form in ("text", "markdown"):
        done = run("upgrade", "--to", "1.31", "-f", mesh, "-o", form)
        assert done.status == 2
        assert "Endpoints that are not ready are sent to proxies" in done.out
        assert "PILOT_AUTO_SEND_UNHEALTHY_ENDPOINTS=false" in done.out
    data = json.loads(run("upgrade", "--to", "1.31", mesh, "-o", "json").out)
    Draft202012Validator(SCHEMA).validate(data)
    assert [row["id"] for row in data["rows"]] == ["send-unhealthy-endpoints"]


@pytest.mark.parametrize(("kind", "status"), [("any", 2), ("behaviour", 0), ("rejected", 0), ("never", 0)])
def test_what_fails(run: Run, mesh: Path, kind: str, status: int) -> None:
    """`--fail-on` says which changes count."""
    assert run("upgrade", "--to", "1.31", "-f", mesh, "--fail-on", kind).status == status


@pytest.mark.parametrize(
    "options", [("--compatibility-version", "1.30"), ("--feature", "PILOT_AUTO_SEND_UNHEALTHY_ENDPOINTS=false")]
)
def test_ways_back(run: Run, mesh: Path, options: tuple[str, str]) -> None:
    """With the old behaviour kept, nothing changes."""
    done = run("upgrade", "--to", "1.31", "-f", mesh, *options)
    assert (done.status, done.out.partition(": ")[2][:9]) == (0, "no change")


def test_wrong_usage(run: Run, mesh: Path) -> None:
    """A release that is not later is wrong usage, which has the status 1 here."""
    done = run("upgrade", "--from", "1.31", "--to", "1.30", "-f", mesh)
    assert done.status == 1
    assert "not a later release" in done.err
