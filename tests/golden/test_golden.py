"""Golden cases: small meshes with the configuration that is expected of them.

A case is a folder: `input.yaml`, whose first line is a comment that says the idea, and `PROXY/TYPE.json` for each proxy
and type of resources that it is about. `make golden` rewrites the files that are there. A new case begins with empty
files, such as `webapp-0.shop/routes.json`.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

import meshcompile
from tests.envoy.runner import validate

HERE = Path(__file__).parent
CASES = sorted(path.parent for path in HERE.glob("*/input.yaml"))
REWRITE = os.environ.get("MESHCOMPILE_REWRITE_GOLDENS") == "1"


def text(resources: list[dict[str, Any]]) -> str:
    return json.dumps(resources, indent=2) + "\n"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_golden(case: Path) -> None:
    """The mesh compiles to what the case expects of each proxy, byte for byte."""
    mesh = meshcompile.load(case / "input.yaml")
    for folder in sorted(path for path in case.iterdir() if path.is_dir()):
        resources = mesh.compile(folder.name).to_dict()
        for expected in sorted(folder.glob("*.json")):
            if REWRITE:
                expected.write_text(text(resources[expected.stem]))
            assert text(resources[expected.stem]) == expected.read_text()


@pytest.mark.envoy
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_golden_bootstraps_are_accepted(case: Path) -> None:
    """The real Envoy accepts the static bootstrap of each proxy of the case."""
    mesh = meshcompile.load(case / "input.yaml")
    for folder in sorted(path for path in case.iterdir() if path.is_dir()):
        assert validate(mesh.compile(folder.name).bootstrap().to_dict()).accepted


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_first_line_says_the_idea(case: Path) -> None:
    """A reader learns from the first line of a case what it shows, and its objects are valid."""
    assert (case / "input.yaml").read_text().startswith("# ")
    assert [str(d) for d in meshcompile.load(case / "input.yaml").diagnostics if d.rejected] == []
