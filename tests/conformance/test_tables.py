from __future__ import annotations

import json
from pathlib import Path

import pytest

from meshcompile.output import tables
from tests.conformance.corpus import cases_dir

TABLES = {"listeners": tables.listener_table, "routes": tables.route_table, "clusters": tables.cluster_table}


@pytest.mark.parametrize("kind", TABLES)
def test_tables_are_those_of_istioctl(kind: str) -> None:
    """Every table of the corpus, made from istiod's own resources, is the text that istioctl prints."""
    expected = sorted(cases_dir().glob(f"*/*/istiod/*/tables/{kind}.txt"))
    assert expected
    assert [
        path for path in expected if TABLES[kind](_resources(path, kind)).rstrip() != path.read_text().rstrip()
    ] == []


def _resources(table: Path, kind: str) -> list[dict]:
    path = table.parents[1] / f"{kind}.json"
    return json.loads(path.read_text()) if path.exists() else []
