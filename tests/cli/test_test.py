"""`meshcompile test`."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from jsonschema import Draft202012Validator

from tests.cli.conftest import MESH, Run

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas" / "test-results.json").read_text())
SUITE = """\
from: deployment/catalog.shop
tests:
- name: works
  request: {url: http://catalog/}
  expect: {status: 200}
- name: fails
  request: {url: http://catalog/}
  expect: {status: 404}
- name: cannot run
  from: deployment/catalogue.shop
  request: {url: http://catalog/}
  expect: {status: 200}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a mesh and a suite beside it: one test passes, one fails, and one cannot be run."""
    (tmp_path / "mesh.yaml").write_text(MESH)
    (tmp_path / "shop.meshtest.yaml").write_text(SUITE)
    return tmp_path


def test_failures_are_explained(run: Run, folder: Path) -> None:
    """The report has what was wanted and got, the trace, and the counts, and passed tests only if it is verbose."""
    done = run("test", folder)
    assert done.status == 1
    suite = folder / "shop.meshtest.yaml"
    assert f"FAIL fails  ({suite}:6)\n  status: wanted 404, got 200  ({suite}:8)\n" in done.out
    assert "    deployment/catalog.shop (outbound)\n" in done.out
    assert "no proxy named 'deployment/catalogue.shop'\n  write deployment/catalog.shop\n" in done.out
    assert done.out.endswith("3 tests: 1 passed, 1 failed, 1 not run\n")
    assert "PASS" not in done.out
    assert f"PASS works  ({suite}:3)" in run("test", folder, "-v").out


def test_tests_that_pass_are_status_0(run: Run, folder: Path) -> None:
    """The status is 0 if all selected tests pass. A suite is found in the folders of the input, too."""
    done = run("test", "-f", folder, "-k", "works")
    assert (done.status, done.out) == (0, "1 test: 1 passed\n")
    done = run("test", folder / "shop.meshtest.yaml", "-f", folder / "mesh.yaml", "-k", "not fails and not cannot")
    assert (done.status, done.out) == (0, "1 test: 1 passed\n")


def test_fail_fast_stops(run: Run, folder: Path) -> None:
    """With --fail-fast, the tests after the first failure are not run."""
    assert run("test", folder, "--fail-fast").out.endswith("2 tests: 1 passed, 1 failed\n")


def test_json_follows_the_schema(run: Run, folder: Path) -> None:
    """The JSON is valid, also for a suite with mistakes."""
    (folder / "other.meshtest.yaml").write_text("tests: [{expct: {}}]\n")
    done = run("test", folder, "-o", "json")
    data = json.loads(done.out)
    Draft202012Validator(SCHEMA).validate(data)
    assert data["summary"] == {"tests": 3, "passed": 1, "failed": 1, "errors": 1}
    assert [each["result"] for each in data["tests"]] == ["passed", "failed", "error"]
    assert data["tests"][1]["trace"]["outcome"]["status"] == 200
    assert data["findings"][0]["code"] == "MC2001"


def test_tap_and_github(run: Run, folder: Path) -> None:
    """TAP has a line per test; GitHub gets an annotation per failure."""
    tap = run("test", folder, "-o", "tap").out.splitlines()
    assert tap[:2] == ["TAP version 14", "1..3"]
    assert [line for line in tap if " - " in line and "ok" in line] == [
        "ok 1 - works", "not ok 2 - fails", "not ok 3 - cannot run",
    ]  # fmt: skip
    assert "    status: wanted 404, got 200" in "\n".join(tap)
    github = run("test", folder, "-o", "github").out.splitlines()
    assert [line.partition(",")[0] for line in github[:2]] == [f"::error file={folder}/shop.meshtest.yaml"] * 2
    assert ",line=8," in github[0]


def test_junit_has_failures_and_errors(run: Run, folder: Path) -> None:
    """The JUnit report has a case per test, and one for each mistake in a suite."""
    (folder / "other.meshtest.yaml").write_text("tests: [{expct: {}}]\n")
    report = folder / "report.xml"
    run("test", folder, "--junit", report)
    top = ElementTree.parse(report).getroot()
    assert (top.get("tests"), top.get("failures"), top.get("errors")) == ("5", "1", "3")
    names = sorted(str(case.get("name")) for case in top.iter("testcase"))
    assert names == ["cannot run", "fails", "suite", "suite", "works"]


def test_mistakes_in_a_suite_are_findings(run: Run, folder: Path) -> None:
    """A mistake has its place and a suggestion, and makes the command fail though all tests pass."""
    (folder / "shop.meshtest.yaml").write_text("tests:\n- expct: {status: 200}\n")
    done = run("test", folder)
    assert done.status == 1
    assert f"{folder}/shop.meshtest.yaml:2:3: error: unknown field `tests[0].expct` [MC2001 unusable-test]" in done.err
    assert "write `expect`" in done.err


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["test", "no-such.yaml", "-f", "mesh.yaml"], 3, "no-such.yaml"),
        (["test", "-f", "mesh.yaml"], 2, "no tests in the folders of the input"),
        (["test", ".", "-k", "nothing"], 2, "-k 'nothing' selects none of 3 tests"),
        (["test", ".", "-k", "a b"], 2, "expected words with `and`, `or`, `not`"),
        (["test", "shop.meshtest.yaml"], 2, "no input"),
        (["test", ".", "-o", "jsn"], 2, "did you mean 'json'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_usage(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], status: int, message: str
) -> None:
    """Wrong usage and unreadable suites have their own statuses and a message."""
    monkeypatch.chdir(folder)
    done = run(*arguments)
    assert done.status == status
    assert message in done.err


def test_suites_are_no_objects(run: Run, folder: Path) -> None:
    """A suite in a folder of the input is a foreign file, not a broken object."""
    assert run("validate", folder).status == 0


RULE = """
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: catalog, namespace: shop}
spec:
  hosts: [catalog]
  http:
  - match: [{uri: {prefix: /a}}]
    route: [{destination: {host: catalog}}]
  - route: [{destination: {host: catalog}}]
"""


def test_coverage(run: Run, folder: Path) -> None:
    """The table has the parts and what is missed; the files have the lines; --fail-under decides the status."""
    (folder / "mesh.yaml").write_text(MESH + RULE)
    lcov, xml, notes = folder / "out.info", folder / "out.xml", folder / "notes"
    files = ("--lcov", lcov, "--cobertura", xml, "--annotate", notes)
    done = run("test", folder, "-k", "works", "--coverage", *files, "--fail-under", "50")
    assert done.status == 0
    assert done.out.splitlines()[-2:] == [
        f"  {folder}/mesh.yaml:27  rule spec.http[0] of VirtualService shop/catalog",
        f"  {folder}/mesh.yaml:27  match spec.http[0].match[0] of VirtualService shop/catalog",
    ]
    assert "DA:29,1" in lcov.read_text()
    assert ElementTree.parse(xml).getroot().get("lines-valid") == "4"
    assert "   !! |   - match: [{uri: {prefix: /a}}]" in (notes / "mesh.yaml").read_text()
    done = run("test", folder, "-k", "works", "--fail-under", "50.1")
    assert (done.status, done.err) == (1, "meshcompile: the coverage is 50.0%, less than 50.1%\n")


def test_coverage_in_json(run: Run, folder: Path) -> None:
    """The JSON has the coverage, as its schema says."""
    data = json.loads(run("test", folder, "--coverage", "-o", "json").out)
    Draft202012Validator(SCHEMA).validate(data)
    assert data["coverage"] == {"percent": 100.0, "targets": []}


def test_suggestions_are_a_suite(run: Run, folder: Path) -> None:
    """The printed suite runs, and reaches what it was made for."""
    (folder / "mesh.yaml").write_text(MESH + RULE)
    done = run("test", "--suggest", "-f", folder / "mesh.yaml")
    assert (done.status, done.err) == (0, "")
    (folder / "new.meshtest.yaml").write_text(done.out)
    done = run("test", folder / "new.meshtest.yaml", "-f", folder / "mesh.yaml", "--fail-under", "100")
    assert (done.status, done.err) == (0, "")


VALIDATOR = """\
testCases:
- description: all
  wantMatch: true
  request: {authority: [catalog], method: [GET], uri: [/]}
  route: [{destination: {host: catalog}}]
"""
ROUTER = """\
tests:
- test_name: all
  input: {authority: catalog, path: /, random_value: 1}
  validate: {cluster_name: "outbound|80||catalog.shop.svc.cluster.local"}
"""


def test_other_formats(run: Run, folder: Path) -> None:
    """Formats are recognized in files; in folders, --format says which files are read."""
    (folder / "shop.meshtest.yaml").unlink()
    (folder / "mesh.yaml").write_text(MESH + RULE)
    (folder / "a_test.yml").write_text(VALIDATOR)
    (folder / "b.yaml").write_text(ROUTER)
    done = run("test", folder / "a_test.yml", folder / "b.yaml", "-f", folder / "mesh.yaml")
    assert (done.status, done.out) == (0, "2 tests: 2 passed\n")
    assert f"{folder}/b.yaml:3:40: warning: `input.random_value` is not checked [MC2002 limited-test]" in done.err
    done = run("test", folder, "--format", "istio-config-validator", "--from", "deployment/catalog.shop")
    assert (done.status, done.out) == (0, "1 test: 1 passed\n")
    done = run("test", folder / "mesh.yaml", "--format", "router-check", "-f", folder / "mesh.yaml")
    assert (done.status, done.out) == (2, "")
    assert "none is in the format router-check" in done.err
