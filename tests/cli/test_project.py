"""The configuration file: where it is found, what it sets, and what is said of a wrong one."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from tests.cli.conftest import MESH, Run
from tests.cli.test_suppressions import LOST, PORT, SUBSET, VERIFY

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas" / "meshcompile.json").read_text())
COMPLETE = """\
inputs: [mesh]
exclude: ["draft*"]
meshConfig: settings.yaml
namespace: shop
releases: ["1.30"]
ignore: [MC03]
severities:
  IST0128: error
suppressions:
  - code: IST0101
    object: VirtualService/web.shop
    reason: the subset is deployed later
failOn: warning
baseline: known.json
"""
TOML = """\
[project]
name = "shop"

[tool.meshcompile]
inputs = ["mesh"]
exclude = ["draft*"]
mesh_config = "settings.yaml"
namespace = "shop"
releases = ["1.30"]
ignore = ["MC03"]
fail_on = "warning"
baseline = "known.json"

[tool.meshcompile.severities]
IST0128 = "error"

[[tool.meshcompile.suppressions]]
code = "IST0101"
object = "VirtualService/web.shop"
reason = "the subset is deployed later"
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, two levels inside a project with a mesh of three findings."""
    (tmp_path / "mesh").mkdir()
    (tmp_path / "mesh" / "mesh.yaml").write_text(MESH)
    (tmp_path / "mesh" / "lost.yaml").write_text(LOST)
    (tmp_path / "mesh" / "draft.yaml").write_text("a: [")
    (tmp_path / "settings.yaml").write_text("accessLogFile: /dev/stdout\n")
    (tmp_path / "known.json").write_text('{"version": 1}')
    (inside := tmp_path / "deploy" / "shop").mkdir(parents=True)
    monkeypatch.chdir(inside)
    return tmp_path


def found(run: Run, *arguments: str) -> list[tuple[str, str, str]]:
    """The code, the last part of the field and the severity of each finding."""
    listed = json.loads(run("analyze", "-o", "json", *arguments).out)
    return [(item["code"], item["field"].rpartition(".")[2], item["severity"]) for item in listed]


@pytest.mark.parametrize(("name", "text"), [("meshcompile.yaml", COMPLETE), ("pyproject.toml", TOML)])
def test_a_file_above_sets_what_the_line_leaves_open(run: Run, folder: Path, name: str, text: str) -> None:
    """Inputs, severities and suppressions of the nearest file count, with paths relative to the file."""
    (folder / name).write_text(text)
    assert found(run) == [(*VERIFY, "error")]
    assert run("analyze").status == 1
    assert "compared with ../../known.json" in run("analyze").err
    assert found(run, "--no-config", "../../mesh/mesh.yaml", "../../mesh/lost.yaml")[0] == (*SUBSET, "error")


def test_other_commands_read_the_same_inputs(run: Run, folder: Path) -> None:
    """Every command that reads a mesh finds the inputs."""
    (folder / "meshcompile.yaml").write_text(COMPLETE)
    assert [row["name"].split("-")[0] for row in json.loads(run("proxies", "-o", "json").out)] == ["catalog"]


def test_the_command_line_takes_precedence(run: Run, folder: Path) -> None:
    """Options replace values of the file; patterns to ignore are added."""
    (folder / "meshcompile.yaml").write_text("inputs: [none.yaml]\nselect: [IST0128]\nfailOn: info\n")
    paths = ["../../mesh/mesh.yaml", "../../mesh/lost.yaml"]
    assert found(run, *paths) == [(*VERIFY, "warning")]
    assert found(run, *paths, "--select", "IST0101") == [(*SUBSET, "error"), (*PORT, "error")]
    assert found(run, *paths, "--ignore", "IST0128") == []
    assert run("analyze", *paths, "--fail-on", "error").status == 0


def test_the_nearest_file_counts(run: Run, folder: Path) -> None:
    """A file in a folder hides those above; a pyproject.toml without the table is passed over."""
    (folder / "meshcompile.yaml").write_text("inputs: [mesh/mesh.yaml, mesh/lost.yaml]\n")
    (folder / "deploy" / "pyproject.toml").write_text("[tool.ruff]\n")
    assert len(found(run)) == 3
    (folder / "deploy" / "meshcompile.yaml").write_text("inputs: [../mesh/mesh.yaml]\n")
    assert found(run) == []


def test_severities_may_be_off(run: Run, folder: Path) -> None:
    """`off` leaves a code out, by id or by name."""
    (folder / "meshcompile.yaml").write_text(
        "inputs: [mesh/mesh.yaml, mesh/lost.yaml]\n"
        "severities: {IST0128: off, referenced-resource-not-found: warning}\n".replace(" off", ' "off"')
    )
    assert found(run) == [(*SUBSET, "warning"), (*PORT, "warning")]


def test_unused_suppressions_have_their_place(run: Run, folder: Path) -> None:
    """A suppression of the file that matches nothing is a finding at its line."""
    (folder / "meshcompile.yaml").write_text("inputs: [mesh/mesh.yaml]\nsuppressions:\n  - code: IST0101\n")
    assert "../../meshcompile.yaml:3:5: warning: `IST0101=*/*.*` suppresses nothing" in run("analyze").out


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("meshcompile.yaml", "input: [mesh]\n", "meshcompile.yaml:1:1: error: unknown field `input`, did you mean"),
        ("meshcompile.yaml", "inputs: mesh\n", "meshcompile.yaml:1:1: error: `inputs` must be a list"),
        ("meshcompile.yaml", "\nfailOn: bad\n", "meshcompile.yaml:2:1: error: "),
        ("meshcompile.yaml", "a: [\n", "meshcompile.yaml:2:1: error: this is not YAML"),
        ("meshcompile.yaml", "[]\n", "meshcompile.yaml:1:1: error: "),
        ("meshcompile.yaml", 'releases: ["1.9"]\n', "meshcompile.yaml:1:12: error: "),
        ("meshcompile.yaml", "ignore: [IST0101, IST9]\n", "meshcompile.yaml:1:19: error: there is no code 'IST9'"),
        ("meshcompile.yaml", "severities:\n  IST0: error\n  IST9: error\n", "meshcompile.yaml:3:3: error: there is no"),
        ("meshcompile.yaml", "suppressions: [{code: A, object: b}]\n", "meshcompile.yaml:1:26: error: `b` is no"),
        ("pyproject.toml", "[tool.meshcompile]\ninput = []\n", "pyproject.toml:2:1: error: unknown field `input`"),
        ("pyproject.toml", "[tool.meshcompile]\ninputs = 1\n", "pyproject.toml:2:1: error: `inputs` must be"),
        ("pyproject.toml", "[tool.meshcompile]\ninputs = [\n", "pyproject.toml:3:1: error: this is not valid TOML"),
        ("pyproject.toml", "[tool.meshcompile.severities]\nIST0101 = 'bad'\n", "pyproject.toml:2:1: error: "),
        (
            "pyproject.toml",
            "[[tool.meshcompile.suppressions]]\ncode = 'A'\n[[tool.meshcompile.suppressions]]\ncod = 'B'\n",
            "pyproject.toml:4:1: error: unknown field `suppressions[1].cod`",
        ),
    ],
)  # fmt: skip
def test_a_wrong_file_has_places(run: Run, folder: Path, name: str, text: str, message: str) -> None:
    """What cannot be used is said with file, line and column, and exits with 2."""
    (folder / name).write_text(text)
    done = run("analyze", "../../mesh/mesh.yaml")
    assert (done.status, done.out) == (2, "")
    assert message in done.err
    assert "Traceback" not in done.err


def test_a_file_is_named(run: Run, folder: Path) -> None:
    """`--config` names a file; one that is not there is wrong usage."""
    (folder / "other.yaml").write_text("inputs: [mesh/mesh.yaml]\n")
    assert found(run, "--config", "../../other.yaml") == []
    assert run("analyze", "--config", "none.yaml").status == 2


def test_the_schema_describes_the_file() -> None:
    """schemas/meshcompile.json takes both forms of names, and refuses a misspelled one."""
    validator = Draft202012Validator(SCHEMA)
    validator.validate(yaml.safe_load(COMPLETE))
    assert not validator.is_valid({"input": ["mesh"]})
    assert tomllib.loads(TOML)["tool"]["meshcompile"].keys() == {
        "inputs", "exclude", "mesh_config", "namespace", "releases", "ignore", "fail_on", "baseline", "severities",
        "suppressions",
    }  # fmt: skip


def test_a_wrong_value_has_a_code(run: Run, folder: Path) -> None:
    """A value that cannot be used is a finding with a code of its own."""
    (folder / "meshcompile.yaml").write_text("ignore: [IST9]\n")
    assert "[MC1410 unusable-configuration]" in run("analyze", "../../mesh/mesh.yaml").err
