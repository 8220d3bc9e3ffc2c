from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from meshcompile.output.bootstrap import Options, static_bootstrap
from tests.conformance.corpus import cases_dir
from tests.envoy.runner import running, validate

pytestmark = pytest.mark.envoy

KINDS = ("listeners", "routes", "clusters", "endpoints", "extensions")
# Keys that the cases make up, which the real Envoy looks at.
MADE_UP_KEYS = "has invalid local jwks"


def answers(area: str) -> list[Path]:
    return [path.parent for path in sorted(cases_dir().glob(f"{area}/*/istiod/*/node.json"))]


def bootstrap(folder: Path) -> dict[str, Any]:
    """The static bootstrap made of istiod's own answers."""

    def content(name: str) -> Any:
        path = folder / f"{name}.json"
        return json.loads(path.read_text()) if path.exists() else []

    return static_bootstrap(content("node"), {kind: content(kind) for kind in KINDS}, {}, Options()).to_dict()


@pytest.mark.slow
def test_bootstraps_of_istiods_answers_are_accepted() -> None:
    """A static bootstrap made of what istiod sent in the book's cases is accepted by the real Envoy."""
    refused = {
        folder.relative_to(cases_dir()).as_posix(): result.error
        for folder in answers("book")
        if not (result := validate(bootstrap(folder))).accepted
    }
    assert {name: error for name, error in refused.items() if MADE_UP_KEYS not in error} == {}


@pytest.mark.parametrize("case", ["ch2-catalog-subsets/istiod/webapp"])
def test_a_sidecar_becomes_live(case: str) -> None:
    """An Envoy that starts with the bootstrap of a sidecar needs nobody else to become live."""
    content = bootstrap(cases_dir() / "book" / case)
    for listener in content["staticResources"]["listeners"]:
        listener["bindToPort"] = False
    with running(content) as envoy:
        assert envoy.live
