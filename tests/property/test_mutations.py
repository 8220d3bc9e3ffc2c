"""Objects in which one part has another type cause findings, not exceptions."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import meshcompile
from meshcompile.models.registry import KINDS, Kind
from tests.property.test_models import messages

Path = tuple[str | int, ...]

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
replacements = st.one_of(
    st.none(),
    scalars,
    st.lists(scalars, max_size=2),
    st.dictionaries(st.text(max_size=5), scalars, max_size=2),
    st.lists(st.dictionaries(st.sampled_from(["name", "host", "port"]), scalars, max_size=2), max_size=2),
)


def written(kind: Kind) -> st.SearchStrategy[dict[str, Any]]:
    """Documents of one kind as a user may write them, with any of their fields."""
    return messages(kind.model).map(
        lambda fields: {
            **fields,
            "apiVersion": kind.api_versions[0],
            "kind": kind.name,
            "metadata": {"namespace": "shop", "labels": {"app": "shop"}, **fields.get("metadata", {}), "name": "x"},
        }
    )


ROLLOUT = {
    "apiVersion": "argoproj.io/v1alpha1",
    "kind": "Rollout",
    "metadata": {"name": "x", "namespace": "shop"},
    "spec": {
        "replicas": 2,
        "selector": {"matchLabels": {"app": "shop"}},
        "template": {
            "metadata": {"labels": {"app": "shop"}, "annotations": {"sidecar.istio.io/inject": "true"}},
            "spec": {"containers": [{"name": "shop", "ports": [{"name": "http", "containerPort": 80}]}]},
        },
    },
}
"""An object of a kind without a model. It is read because it creates Pods."""


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    """The paths of everything in ``value``."""
    match value:
        case Mapping():
            below: tuple[tuple[str | int, Any], ...] = tuple(value.items())
        case list():
            below = tuple(enumerate(value))
        case _:
            below = ()
    for key, item in below:
        yield (*path, key)
        yield from places(item, (*path, key))


def replaced(value: dict[str, Any], path: Path, replacement: Any) -> dict[str, Any]:
    """A copy of ``value`` with another value at ``path``."""
    result: dict[str, Any] = copy.deepcopy(value)
    inside: Any = result
    for key in path[:-1]:
        inside = inside[key]
    inside[path[-1]] = replacement
    return result


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, Any]:
    """A document in which one part, at any depth, has another type."""
    whole = draw(st.sampled_from(KINDS).flatmap(written) | st.just(ROLLOUT))
    return replaced(whole, draw(st.sampled_from(tuple(places(whole)))), draw(replacements))


@settings(max_examples=400)
@given(mutated())
def test_any_part_may_be_anything(document: dict[str, Any]) -> None:
    """An object with null, a scalar, a list or a mapping in any place never causes an exception."""
    mesh = meshcompile.load(document)
    assert all(str(found) for found in (*mesh.diagnostics, *mesh.analyze()))
    for proxy in mesh.proxies()[:1]:
        assert mesh.compile(proxy).to_json()
