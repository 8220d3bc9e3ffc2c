"""The order in which documents are read does not affect the configuration."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import meshcompile
from tests.conformance.corpus import cases_dir

ROOT = Path(__file__).resolve().parents[2]
COOLSTORE = ROOT / "examples" / "coolstore"
MESHES = [COOLSTORE, *sorted(path.parent for path in (ROOT / "tests" / "golden").glob("*/input.yaml"))]


@cache
def documents(folder: Path) -> list[dict[str, Any]]:
    """The documents in a folder."""
    return [
        document
        for path in sorted(folder.glob("*.yaml"))
        for document in yaml.load_all(path.read_text(), Loader=yaml.CSafeLoader)
        if document
    ]


def everything(documents: list[dict[str, Any]]) -> dict[str, Any]:
    """The configuration of every proxy of these documents."""
    mesh = meshcompile.load(documents)
    return {proxy.id: mesh.compile(proxy).to_dict() for proxy in mesh.proxies()}


@cache
def in_order(folder: Path) -> dict[str, Any]:
    return everything(documents(folder))


@settings(max_examples=15)
@given(st.permutations(documents(COOLSTORE)))
def test_the_order_of_input_does_not_matter(shuffled: list[dict[str, Any]]) -> None:
    """Documents in any order give every proxy the same configuration."""
    assert everything(shuffled) == in_order(COOLSTORE)


@pytest.mark.parametrize("folder", MESHES, ids=lambda folder: folder.name)
def test_backwards(folder: Path) -> None:
    """The documents of each scenario in reverse order give every proxy the same configuration."""
    assert everything(documents(folder)[::-1]) == in_order(folder)


@settings(max_examples=25)
@given(st.sampled_from(MESHES), st.randoms(use_true_random=False))
def test_the_order_of_a_scenario_does_not_matter(folder: Path, random: Any) -> None:
    """The shuffled documents of any scenario give every proxy the same configuration."""
    shuffled = random.sample(documents(folder), len(documents(folder)))
    assert everything(shuffled) == in_order(folder)


BOOK = sorted(path.parent for path in cases_dir().glob("book/*/case.yaml"))


def answers(case: Path, documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The configuration of the proxies of a conformance case, with its mesh config."""
    spec = yaml.load((case / "case.yaml").read_text(), Loader=yaml.CSafeLoader)
    remote = {path.stem: [path] for path in sorted((case / "clusters").glob("*.yaml"))}
    mesh = meshcompile.load(documents, mesh_config=spec.get("mesh"), networks=spec.get("networks"), clusters=remote)
    nodes = [json.loads(path.read_text()) for path in sorted(case.glob("istiod/*/node.json"))]
    return [mesh.compile(meshcompile.Proxy.from_node(node)).to_dict() for node in nodes]


@settings(max_examples=25)
@given(st.sampled_from(BOOK), st.randoms(use_true_random=False))
def test_the_order_of_a_case_does_not_matter(case: Path, random: Any) -> None:
    """The shuffled documents of any of the book's conformance cases give its proxies the same configuration."""
    written = list(yaml.load_all((case / "input.yaml").read_text(), Loader=yaml.CSafeLoader))
    assert answers(case, random.sample(written, len(written))) == answers(case, written)
