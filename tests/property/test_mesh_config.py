"""Mesh configs are merged like Helm merges their values."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from meshcompile.models.mesh.merge import merged_values
from meshcompile.models.mesh.mesh_config import MeshConfig

TEXT = st.sampled_from(["a", "b"])
VALUES = st.fixed_dictionaries(
    {},
    optional={
        "accessLogFile": TEXT,
        "trustDomainAliases": st.lists(TEXT, max_size=2),
        "outboundTrafficPolicy": st.fixed_dictionaries({}, optional={"mode": st.just("REGISTRY_ONLY")}),
        "defaultConfig": st.fixed_dictionaries(
            {},
            optional={
                "concurrency": st.integers(1, 3),
                "proxyMetadata": st.dictionaries(TEXT, TEXT),
                "tracing": st.fixed_dictionaries(
                    {}, optional={"sampling": st.integers(1, 3), "maxPathTagLength": st.integers(1, 3)}
                ),
            },
        ),
    },
)


def merged(base: Any, over: Any) -> Any:
    """Plain data merged as Helm merges values."""
    if not (isinstance(base, dict) and isinstance(over, dict)):
        return over
    return base | {key: merged(base[key], value) if key in base else value for key, value in over.items()}


@settings(deadline=None)
@given(VALUES, VALUES)
def test_messages_merge_as_their_values(base: dict[str, Any], over: dict[str, Any]) -> None:
    """Reading and then merging equals merging and then reading."""
    read = MeshConfig.model_validate
    assert merged_values(read(base), read(over)) == read(merged(base, over))


@settings(deadline=None)
@given(VALUES, VALUES, VALUES)
def test_merging_is_associative(first: dict[str, Any], second: dict[str, Any], third: dict[str, Any]) -> None:
    """Merging three layers is associative."""
    a, b, c = map(MeshConfig.model_validate, (first, second, third))
    assert merged_values(merged_values(a, b), c) == merged_values(a, merged_values(b, c))
