"""`meshcompile diff`."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from tests.cli.conftest import MESH, Run

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas" / "diff.json").read_text())
POLICY = """
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: no-keys, namespace: shop}
spec:
  action: DENY
  rules: [{to: [{operation: {paths: ["/keys*"]}}]}]
"""


@pytest.fixture
def sides(tmp_path: Path) -> tuple[Path, Path]:
    """A mesh with a policy, and without it."""
    old, new = tmp_path / "old.yaml", tmp_path / "new.yaml"
    old.write_text(MESH + POLICY)
    new.write_text(MESH)
    return old, new


def test_the_report_has_what_a_reviewer_needs(run: Run, sides: tuple[Path, Path]) -> None:
    """The text has the requests, the witness, both outcomes, the line to blame and the risk."""
    done = run("diff", *sides)
    assert done.status == 2
    first, *rest = done.out.splitlines()
    assert first == "1 change of behaviour at 1 workload, risky: authorization-widened"
    text = "\n".join(rest)
    assert "witness  GET http://catalog.shop.svc.cluster.local/keys" in text
    assert "before   403" in text
    assert f"({sides[0]}:24)" in text
    assert "after    200" in text
    assert "~ listeners virtualInbound" in text
    assert max(map(len, done.err.splitlines()), default=0) < 100


def test_json_follows_the_schema(run: Run, sides: tuple[Path, Path]) -> None:
    """The JSON is valid, and has the same changes."""
    done = run("diff", *sides, "-o", "json")
    data = json.loads(done.out)
    Draft202012Validator(SCHEMA).validate(data)
    assert (data["behaviour"], data["proved"], data["risky"]) == ("changed", False, ["authorization-widened"])
    assert [change["before"]["status"] for change in data["changes"]] == [403]
    Draft202012Validator(SCHEMA).validate(json.loads(run("diff", sides[0], sides[0], "-o", "json").out))


def test_no_change_is_status_0(run: Run, sides: tuple[Path, Path]) -> None:
    """Equal input is no change."""
    done = run("diff", sides[0], sides[0])
    assert (done.status, done.out) == (0, "no change: every proxy gets the same configuration\n")


@pytest.mark.parametrize(("kind", "status"), [("risky", 0), ("behaviour", 2), ("any", 2), ("never", 0)])
def test_what_fails(run: Run, sides: tuple[Path, Path], kind: str, status: int) -> None:
    """`--fail-on` says which changes have status 2. To add a policy is not risky."""
    assert run("diff", *reversed(sides), "--fail-on", kind).status == status


def test_wrong_usage_is_status_1(run: Run, sides: tuple[Path, Path]) -> None:
    """Mistakes are never taken for a change."""
    assert run("diff", sides[0]).status == 1
    assert run("diff", *sides, "--only", "routs").status == 1
    assert "expected listeners" in run("diff", *sides, "--only", "routs").err
    assert run("diff", *sides, "-p", "deployment/nobody.shop").status == 1
    assert run("diff", sides[0], "nowhere.yaml").status == 3


def test_markdown_and_html(run: Run, sides: tuple[Path, Path]) -> None:
    """Markdown has a table whose cells are not broken by names of clusters; HTML is one page."""
    table = [line for line in run("diff", *sides, "-o", "markdown").out.splitlines() if line.startswith("|")]
    assert len(table) == 3
    assert all(line.replace("\\|", "").count("|") == 5 for line in table)
    html = run("diff", *sides, "-o", "html").out
    assert html.startswith("<!doctype html>")
    assert "authorization-widened" in html


def test_annotations(run: Run, sides: tuple[Path, Path]) -> None:
    """A risky change is a warning at the line to blame."""
    line, proof = run("diff", *sides, "-o", "github").out.splitlines()
    assert line.startswith(f"::warning file={sides[0]},line=24,title=meshcompile diff::requests")
    assert "the policies admit more than before (proved)" in proof


@pytest.mark.parametrize("form", ["text", "json", "markdown", "html", "github"])
def test_only_policies(run: Run, sides: tuple[Path, Path], form: str) -> None:
    """What is proved about policies is in every output, without the resources."""
    done = run("diff", *sides, "--only", "policies", "-o", form)
    assert done.status == 2
    assert ('"relation": "wider"' if form == "json" else "admit more than before (proved)") in done.out
    assert "~ listeners" not in done.out


def test_revisions(run: Run, sides: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Revisions are read without a checkout: a whole revision, a folder and a file of it."""
    deploy = tmp_path / "repository" / "deploy"
    deploy.mkdir(parents=True)
    monkeypatch.chdir(deploy.parent)
    _git("init", "-q", "-b", "main")
    for side in sides:
        (deploy / "mesh.yaml").write_text(side.read_text())
        (deploy / "notes.txt").write_text("no YAML: [")
        _git("add", ".")
        _git("-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-q", "-m", side.name)
    (deploy / "mesh.yaml").write_text("changed since")
    for old, new in (("git:HEAD~1", "git:HEAD"), ("git:HEAD~1:deploy/", "git:main:deploy/mesh.yaml")):
        done = run("diff", old, new)
        assert (done.status, "deploy/mesh.yaml:24" in done.out) == (2, True), done.err
    assert (deploy / "mesh.yaml").read_text() == "changed since"
    for wrong, why in (
        ("git:nothing", "not a valid object name"),
        ("git:HEAD:nowhere", "no YAML"),
        ("git:", "expected"),
    ):
        failed = run("diff", wrong, "git:HEAD")
        assert (failed.status, why.lower() in failed.err.lower()) == (1, True), failed.err


def _git(*arguments: str) -> None:
    subprocess.run(["git", *arguments], check=True, capture_output=True)
