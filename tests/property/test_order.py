from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import meshcompile

COOLSTORE = Path(__file__).resolve().parents[2] / "examples" / "coolstore"
DOCUMENTS = [
    document
    for path in sorted(COOLSTORE.glob("*.yaml"))
    for document in yaml.safe_load_all(path.read_text())
    if document
]


def everything(documents: list[dict[str, Any]]) -> dict[str, Any]:
    """What every proxy of these documents gets."""
    mesh = meshcompile.load(documents)
    return {proxy.id: mesh.compile(proxy).to_dict() for proxy in mesh.proxies()}


@cache
def in_order() -> dict[str, Any]:
    return everything(DOCUMENTS)


@settings(max_examples=15, deadline=None)
@given(st.permutations(DOCUMENTS))
def test_the_order_of_input_does_not_matter(shuffled: list[dict[str, Any]]) -> None:
    """Documents in any order give every proxy the same configuration."""
    assert everything(shuffled) == in_order()
