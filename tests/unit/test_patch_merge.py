"""Merging of Envoy configuration, and list operations."""

from __future__ import annotations

from typing import Any

import pytest

from meshcompile.documents import Document, Origin
from meshcompile.envoy.config.cluster import CircuitBreakers, CircuitBreakersThresholds, Cluster
from meshcompile.envoy.config.core import DataSource
from meshcompile.envoy.config.listener import Filter
from meshcompile.envoy.extensions.filters.http.lua import Lua
from meshcompile.envoy.extensions.filters.http.router import Router
from meshcompile.envoy.message import Unmodelled, at
from meshcompile.models.networking.envoy_filter import Operation
from meshcompile.patch.lists import edit, edits
from meshcompile.patch.merge import TypeMismatch, merged, merged_packed

CLUSTER = "envoy.config.cluster.v3.Cluster"
LISTENER = "envoy.config.listener.v3.Listener"
LUA = "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua"
UNKNOWN = "type.googleapis.com/envoy.extensions.filters.http.gcp_authn.v3.GcpAuthnFilterConfig"


@pytest.mark.parametrize(
    ("message", "old", "patch", "expected"),
    [
        (
            CLUSTER,
            {"name": "a", "connectTimeout": "1.5s"},
            {"connectTimeout": "2s"},
            {"name": "a", "connectTimeout": "2s"},
        ),
        (
            CLUSTER,
            {"circuitBreakers": {"thresholds": [{"maxRetries": 1}]}},
            {"circuitBreakers": {"thresholds": [{}]}},
            {"circuitBreakers": {"thresholds": [{"maxRetries": 1}, {}]}},
        ),
        (CLUSTER, {"type": "EDS"}, {"clusterType": {"name": "x"}}, {"clusterType": {"name": "x"}}),
        (LISTENER, {"bindToPort": True}, {"bindToPort": False}, {"bindToPort": True}),
        (LISTENER, {}, {"bindToPort": False}, {"bindToPort": False}),
        (
            CLUSTER,
            {"metadata": {"filterMetadata": {"a": {"x": 1}, "b": {}}}},
            {"metadata": {"filterMetadata": {"a": {"y": 2}}}},
            {"metadata": {"filterMetadata": {"a": {"y": 2}, "b": {}}}},
        ),
        (
            CLUSTER,
            {"transportSocket": {"name": "t", "typedConfig": {"@type": LUA, "inlineCode": "x"}}},
            {"transportSocket": {"typedConfig": {"@type": LUA, "statPrefix": "y"}}},
            {"transportSocket": {"name": "t", "typedConfig": {"@type": LUA, "statPrefix": "y"}}},
        ),
        (
            CLUSTER,
            {"transportSocket": {"typedConfig": {"@type": LUA, "inlineCode": "x"}}},
            {"transportSocket": {"typedConfig": {"@type": LUA}}},
            {"transportSocket": {"typedConfig": {"@type": LUA, "inlineCode": "x"}}},
        ),
    ],
    ids=["duration", "list", "oneof", "wrapper-false", "wrapper-unset", "map", "any", "any-empty"],
)
def test_merge(message: str, old: Any, patch: Any, expected: Any) -> None:
    """Scalars and durations are replaced, lists are appended, map entries and packed messages are replaced."""
    assert merged(message, old, patch) == expected


def test_merge_of_packed_messages() -> None:
    """Two packed messages of the same type are merged field by field, whether their type is generated or not."""
    source = DataSource(inline_string="y")
    patched = merged_packed(Lua(inline_code="x"), Lua(source_codes={"b": source}))
    assert patched == Lua(inline_code="x", source_codes={"b": source})
    old = Unmodelled({"@type": UNKNOWN, "cacheConfig": {"cacheSize": "1"}})
    assert merged_packed(old, Unmodelled({"@type": UNKNOWN, "timeout": "1s"})) == Unmodelled(
        {"@type": UNKNOWN, "cacheConfig": {"cacheSize": "1"}, "timeout": "1s"}
    )


def test_merge_of_different_types() -> None:
    """Packed messages of different types cannot be merged."""
    with pytest.raises(TypeMismatch, match=r"router.v3.Router cannot be merged into .*lua.v3.Lua"):
        merged_packed(Lua(), Router())


def test_what_is_not_touched_stays() -> None:
    """A merge keeps the origins of the message and of its parts, and shares unchanged parts."""
    document = Document("a.yaml", {})
    thresholds = CircuitBreakers(thresholds=(CircuitBreakersThresholds(max_retries=1),))
    cluster = at(Cluster(name="a", circuit_breakers=thresholds), Origin(document))
    patched = merged(CLUSTER, cluster, Cluster(connect_timeout="1s"))
    assert patched.origins == (Origin(document),)
    assert patched.circuit_breakers is thresholds


@pytest.mark.parametrize(
    ("operation", "wanted", "expected"),
    [
        (Operation.ADD, "b", "abcx"),
        (Operation.ADD, None, "abcx"),
        (Operation.INSERT_FIRST, "b", "xabc"),
        (Operation.INSERT_FIRST, "none", "xabc"),
        (Operation.INSERT_BEFORE, "b", "axbc"),
        (Operation.INSERT_BEFORE, None, "xabc"),
        (Operation.INSERT_BEFORE, "none", "abc"),
        (Operation.INSERT_AFTER, "c", "abcx"),
        (Operation.INSERT_AFTER, "a", "axbc"),
        (Operation.INSERT_AFTER, None, "abcx"),
        (Operation.INSERT_AFTER, "none", "abc"),
        (Operation.REPLACE, "b", "axc"),
        (Operation.REPLACE, None, "abc"),
        (Operation.REPLACE, "none", "abc"),
        (Operation.REMOVE, "b", "ac"),
        (Operation.REMOVE, None, "abc"),
    ],
)
def test_edits_of_a_list(operation: Operation, wanted: str | None, expected: str) -> None:
    """Every operation inserts at its position, with and without a reference filter."""
    items = [Filter(name=name) for name in "abc"]
    made = edits(items, operation, Filter(name="x"), None if wanted is None else lambda item: item.name == wanted)
    edit(items, made)
    assert "".join(item.name for item in items) == expected


def test_removal_of_several() -> None:
    """All matching items are removed, but only the first one is replaced."""
    items = [Filter(name=name) for name in "aba"]
    edit(items, edits(items, Operation.REMOVE, None, lambda item: item.name == "a"))
    assert [item.name for item in items] == ["b"]
