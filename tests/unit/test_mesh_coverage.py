"""What tests of a mesh reach."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

import pytest

import meshcompile
from meshcompile.testing.coverage import Coverage, coverage
from meshcompile.testing.formats.annotated import annotated
from meshcompile.testing.formats.cobertura import cobertura
from meshcompile.testing.formats.lcov import lcov
from meshcompile.testing.judge import Judge
from tests.cli.conftest import MESH
from tests.unit.test_mesh_tests import RULES, asked, reading

TEXT = MESH + RULES
SUBSETS = """
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: catalog, namespace: shop}
spec: {host: catalog, subsets: [{name: v1, labels: {version: v1}}]}
"""


def covered(*tests: Any) -> Coverage:
    mesh = meshcompile.load(TEXT + SUBSETS)
    return coverage(mesh, list(Judge(mesh).verdicts(reading(*tests).tests)))


def counts(found: Coverage) -> Mapping[str, int]:
    return {f"{each.what} {each.origin.document.name} {each.origin.field}": count for each, count in found.counts}


@pytest.fixture(scope="module")
def found() -> Coverage:
    """The coverage of three tests."""
    return covered(
        asked("http://catalog/api", {"status": 200}),
        asked("http://catalog/", {"status": 404}),
        asked("http://catalog/keys", {"status": 403}),
    )


def test_parts_are_counted_by_test(found: Coverage) -> None:
    """A part counts each test of which an outcome comes from it, whether or not the test passes."""
    assert counts(found) == {
        "host catalog spec.hosts[0]": 3,
        "rule catalog spec.http[0]": 0,
        "match catalog spec.http[0].match[0]": 0,
        "rule catalog spec.http[1]": 1,
        "match catalog spec.http[1].match[0]": 1,
        "destination catalog spec.http[1].route[0]": 1,
        "destination catalog spec.http[1].route[1]": 1,
        "rule catalog spec.http[2]": 2,
        "host other spec.hosts[0]": 1,
        "policy rule no-keys spec.rules[0]": 1,
        "subset catalog spec.subsets[0]": 0,
    }
    assert found.percent == pytest.approx(100 * 8 / 11)
    assert [each.what for each in found.missed] == ["rule", "match", "subset"]


def test_a_line_has_the_count_of_the_innermost_part(found: Coverage) -> None:
    """Every line of a rule is counted, and no line outside of one."""
    lines, text = found.lines(), (TEXT + SUBSETS).splitlines()
    by_text = {text[line - 1].strip(): count for line, count in lines.items()}
    assert by_text["- name: old"] == 0
    assert by_text["- name: api"] == 1
    assert by_text["- {destination: {host: catalog}, weight: 90}"] == 1
    assert by_text["- route: [{destination: {host: catalog}}]"] == 2
    assert "metadata: {name: catalog, namespace: shop}" not in by_text


def test_files_agree(found: Coverage) -> None:
    """The lcov file, the Cobertura file and the annotated text have the same counts."""
    lines = found.lines()
    records = [line.removeprefix("DA:").split(",") for line in lcov(found).splitlines() if line.startswith("DA:")]
    assert {int(line): int(count) for line, count in records} == lines
    top = ElementTree.fromstring(cobertura(found))
    assert {int(e.attrib["number"]): int(e.attrib["hits"]) for e in top.iter("line")} == lines
    assert top.get("lines-valid") == str(len(lines))
    margins = [line.partition("|")[0].strip() for line in annotated(TEXT + SUBSETS, found).splitlines()]
    shown = {at: 0 if margin == "!!" else int(margin) for at, margin in enumerate(margins, 1) if margin}
    assert shown == lines


def test_nothing_is_reached_without_tests() -> None:
    """Without tests nothing is reached, and a mesh without parts is covered."""
    assert covered().percent == 0
    assert coverage(meshcompile.load(MESH), []).percent == 100
