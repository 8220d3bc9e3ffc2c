"""Rejected objects of the whole corpus, compared in both directions with istiod and the schemas of its kinds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from meshcompile.accept import accepted
from meshcompile.source.reading import stream
from tests.conformance import corpus

Key = tuple[str, str, str]


@pytest.mark.parametrize("area", corpus.areas())
def test_what_istiod_rejects_is_rejected(area: str) -> None:
    """In every case, exactly the objects that istiod or the API server's schema rejects are ignored."""
    wrong = [
        f"{case.name}: {'/'.join(key)} is {'rejected' if key in rejected else 'accepted'}"
        for case in cases(area)
        for wanted, rejected in [(rejected_by_istiod(case), rejected_here(case))]
        for key in sorted(wanted ^ rejected)
    ]
    assert wrong == []


@pytest.mark.parametrize("area", corpus.areas())
def test_rejections_say_where(area: str) -> None:
    """Every finding has a line of the file, and a message without unfilled placeholders."""
    for case in cases(area):
        for found in accepted(stream([case / "input.yaml"]), "default").diagnostics:
            assert found.line > 0
            assert found.message
            assert "None" not in found.message.split()


def cases(area: str) -> Iterator[Path]:
    """The cases of an area for which istiod's rejections are known."""
    folders = sorted((corpus.cases_dir() / area).iterdir())
    return (case for case in folders if (case / "istiod" / "validation.json").exists())


def rejected_by_istiod(case: Path) -> set[Key]:
    findings = json.loads((case / "istiod" / "validation.json").read_text()) or []
    return {
        (found["Kind"], found.get("Namespace") or "default", found["Name"])
        for found in findings
        if found.get("Error") or found.get("SchemaError")
    }


def rejected_here(case: Path) -> set[Key]:
    found = accepted(stream([case / "input.yaml"]), "default").diagnostics
    return {(one.kind, one.namespace or "default", one.name) for one in found if one.rejected}
