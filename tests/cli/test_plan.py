"""`meshcompile plan`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from tests.cli.conftest import MESH, Run

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas" / "plan.json").read_text())
RULES = """
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: catalog, namespace: shop}
spec: {host: catalog, subsets: [{name: SUBSET}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: catalog, namespace: shop}
spec: {hosts: [catalog], http: [{route: [{destination: {host: catalog, subset: SUBSET}}]}]}
"""


@pytest.fixture
def sides(tmp_path: Path) -> tuple[Path, Path]:
    """A subset, and the same with another name."""
    old, new = tmp_path / "old.yaml", tmp_path / "new.yaml"
    old.write_text(MESH + RULES.replace("SUBSET", "v1"))
    new.write_text(MESH + RULES.replace("SUBSET", "stable"))
    return old, new


def test_every_format(run: Run, sides: tuple[Path, Path]) -> None:
    """Each format has the steps, and JSON follows its schema."""
    done = run("plan", *sides)
    assert (done.status, done.out.splitlines()[0]) == (
        2,
        "2 objects to apply, safe in 3 steps, with a version that neither side has",
    )
    for form in ("markdown", "html"):
        assert "apply VirtualService shop/catalog" in run("plan", *sides, "-o", form).out
    data = json.loads(run("plan", *sides, "-o", "json").out)
    Draft202012Validator(SCHEMA).validate(data)
    assert [step["object"]["kind"] for step in data["order"]["steps"]] == [
        "DestinationRule",
        "VirtualService",
        "DestinationRule",
    ]


@pytest.mark.parametrize(("kind", "status"), [("order", 0), ("risky", 0), ("any", 2), ("never", 0)])
def test_what_fails(run: Run, sides: tuple[Path, Path], kind: str, status: int) -> None:
    """`--fail-on order` is about the order alone."""
    assert run("plan", *sides, "--fail-on", kind).status == status


def test_nothing_to_apply(run: Run, sides: tuple[Path, Path]) -> None:
    """Equal inputs are status 0."""
    done = run("plan", sides[0], sides[0])
    assert (done.status, done.out.splitlines()[0]) == (0, "nothing to apply: the inputs say the same")


def test_a_saved_plan(run: Run, sides: tuple[Path, Path], tmp_path: Path) -> None:
    """`--check` accepts the inputs that were reviewed, refuses others with status 5, and says what is no plan."""
    file = tmp_path / "plan.json"
    assert run("plan", *sides, "--save", file).status == 2
    Draft202012Validator(SCHEMA).validate(json.loads(file.read_text()))
    assert run("plan", *sides, "--check", file).status == 0
    refused = run("plan", sides[0], sides[0], "--check", file)
    assert (refused.status, "NEW is not the input that was reviewed" in refused.err) == (5, True)
    for text in ("[", "{}"):
        file.write_text(text)
        wrong = run("plan", *sides, "--check", file)
        assert (wrong.status, "not a saved plan" in wrong.err) == (1, True)
    assert run("plan", *sides, "--check", tmp_path / "nowhere.json").status == 1
