from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from meshcompile.envoy.config.cluster import Cluster
from meshcompile.envoy.config.listener import Listener
from meshcompile.envoy.config.route import RouteConfiguration
from meshcompile.envoy.message import Message, from_json
from meshcompile.output import tables
from tests.conformance.corpus import cases_dir

TABLES: dict[str, tuple[type[Message], Callable[[list[Any]], str]]] = {
    "listeners": (Listener, tables.listener_table),
    "routes": (RouteConfiguration, tables.route_table),
    "clusters": (Cluster, tables.cluster_table),
}


@pytest.mark.parametrize("kind", TABLES)
def test_tables_are_those_of_istioctl(kind: str) -> None:
    """Every table of the corpus, built from istiod's own resources, equals the text that istioctl prints."""
    expected = sorted(cases_dir().glob(f"*/*/istiod/*/tables/{kind}.txt"))
    assert expected
    _, table = TABLES[kind]
    assert [path for path in expected if table(_resources(path, kind)).rstrip() != path.read_text().rstrip()] == []


def _resources(table: Path, kind: str) -> list[Message]:
    path = table.parents[1] / f"{kind}.json"
    cls, _ = TABLES[kind]
    return [from_json(cls, data) for data in json.loads(path.read_text())] if path.exists() else []
