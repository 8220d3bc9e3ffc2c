"""`meshcompile kube-inject` prints what `istioctl kube-inject` of Istio 1.30.3 prints, byte for byte."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

import meshcompile
from tests.conformance.corpus import cases_dir

CASES = cases_dir(Path(__file__).with_name("inject-1.30.3.tar.xz"))
CUSTOM_TEMPLATES = frozenset({"custom-template"})
"""Cases with templates in Go's template language, which meshcompile does not run."""
NAMES = tuple(sorted(path.name for path in CASES.iterdir()))


def injected(name: str) -> tuple[meshcompile.InjectedText, dict[str, Any]]:
    """What becomes of the input of a case, and its settings."""
    folder = CASES / name
    case = yaml.safe_load((folder / "case.yaml").read_text()) or {}
    environment = case.get("env", {})
    result = meshcompile.kube_inject(
        folder / "input.yaml",
        values=case.get("values"),
        mesh_config=case.get("mesh"),
        revision=case.get("revision", "default"),
        native_sidecars=environment.get("ENABLE_NATIVE_SIDECARS") == "true",
    )
    return result, case


@pytest.mark.parametrize("name", sorted({*NAMES} - CUSTOM_TEMPLATES))
def test_the_text_equals_istioctls(name: str) -> None:
    """Text and exit status are those of istioctl."""
    result, case = injected(name)
    assert result.text == (CASES / name / "expected.yaml").read_bytes().decode()
    assert result.failed == bool(case.get("exit", 0))


@pytest.mark.parametrize("name", sorted(CUSTOM_TEMPLATES))
def test_custom_templates_are_an_error(name: str) -> None:
    """A Pod that asks for a custom template is an error that says so."""
    result, _ = injected(name)
    assert result.failed
    assert [each.code for each in result.diagnostics] == ["MC0340"]
    assert "Go's template language" in result.diagnostics[0].message
