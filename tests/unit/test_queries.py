from __future__ import annotations

import copy
import gc
import pickle
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import meshcompile
from meshcompile.compile import compiled
from meshcompile.documents import NOWHERE, Document
from meshcompile.envoy.message import to_json_by_kind
from meshcompile.queries import Answers, Reads, Source, derived, query
from meshcompile.snapshot.snapshot import Snapshot

GOLDEN = Path(__file__).resolve().parents[1] / "golden"


@dataclass(frozen=True)
class Numbers:
    """The subject of the queries below."""

    offset: int
    answers: Answers = field(default_factory=Answers, compare=False)
    reads: Reads | None = field(default=None, compare=False)

    def view(self) -> Numbers:
        return Numbers(self.offset, self.answers, {})


@query
def added(numbers: Numbers, key: int) -> list[int]:
    """A new list for each key."""
    return [numbers.offset + key]


class Value(Source, frozen=True):
    """The value that results are derived from."""

    number: int


@derived
def multiplied(value: Value, factor: int) -> list[int]:
    return [value.number * factor]


def test_a_query_is_answered_once_per_key() -> None:
    """Equal keys share the same object, other keys and other snapshots do not, and hits are counted."""
    numbers, others = Numbers(1), Numbers(2)
    assert added(numbers, 1) is added(numbers, 1)
    assert added(numbers, 2) == [3]
    assert added(others, 1) == [3]
    assert numbers.answers.counted() == {f"{__name__}.added": (2, 1)}
    assert others.answers.counted() == {f"{__name__}.added": (1, 0)}


def test_what_is_derived_lives_with_its_value() -> None:
    """One value returns the same result for equal arguments, and an equal value has its own results."""
    value = Value(2)
    assert multiplied(value, 3) is multiplied(value, 3)
    assert multiplied(value, 4) == [8]
    assert multiplied(Value(2), 3) is not multiplied(value, 3)
    assert value == Value(2)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
def test_copies_leave_answers_behind(copied: Callable[[Any], Any]) -> None:
    """A snapshot with cached answers can be copied, and the copy gives equal answers."""
    mesh = meshcompile.load(GOLDEN / "least-privilege" / "input.yaml")
    proxy = mesh.proxies()[0]
    json = mesh.compile(proxy).to_json()
    found: Snapshot = copied(mesh.snapshot)
    assert found.answers.counted() == {}
    assert to_json_by_kind({"listeners": compiled(found, proxy).resources.listeners})[:-2] in json


@pytest.mark.slow
@pytest.mark.parametrize("case", ["gateway-telemetry", "least-privilege", "envoy-filters"])
def test_a_mesh_that_nobody_holds_is_gone(case: str) -> None:
    """After forty meshes were loaded, compiled and dropped, no document of any of them is left."""
    compile_and_drop(GOLDEN / case / "input.yaml")
    gc.collect()
    before = documents()
    for _ in range(40):
        compile_and_drop(GOLDEN / case / "input.yaml")
    gc.collect()
    assert documents() - before == Counter()


def compile_and_drop(path: Path) -> None:
    mesh = meshcompile.load(path)
    for proxy in mesh.proxies():
        mesh.compile(proxy).to_json()
    mesh.analyze()


def documents() -> Counter[str]:
    """The documents that are alive, by file name, without the shared NOWHERE document."""
    return Counter(
        each.file for each in gc.get_objects() if isinstance(each, Document) and each is not NOWHERE.document
    )
