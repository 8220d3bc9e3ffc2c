"""Objects generated from the table of Kubernetes' fields are valid, and each change is an error at its position."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from meshcompile.documents import Document, Path
from meshcompile.models.kubernetes.fields import Field, field_problems, object_type, table

DEPTH = 6
"""The depth at which optional fields are omitted, because some types are recursive."""

SAMPLES: dict[str, st.SearchStrategy[Any]] = {
    "string": st.text(max_size=3),
    "integer": st.integers(),
    "number": st.floats(allow_nan=False) | st.integers(),
    "boolean": st.booleans(),
    "base64": st.just("YQ=="),
    "time": st.just("2024-01-31T12:00:00Z"),
    "quantity": st.sampled_from(["1Gi", 1, 0.5]),
    "intOrString": st.integers() | st.text(max_size=3),
    "object": st.dictionaries(st.text(max_size=2), st.integers(), max_size=2),
    "any": st.none() | st.booleans() | st.dictionaries(st.text(max_size=2), st.integers(), max_size=2),
}
KINDS = [kind for kind in table().kinds if not kind.startswith("v1/Event")]


def value_of(draw: st.DrawFn, field: Field, depth: int) -> Any:
    """A value that the field accepts."""
    match field.shape:
        case "one":
            return element_of(draw, field.element, depth)
        case "list":
            return [element_of(draw, field.element, depth) for _ in range(draw(st.integers(0, 2)))]
        case "map":
            keys = draw(st.sets(st.text(max_size=3), max_size=2))
            return {key: element_of(draw, field.element, depth) for key in sorted(keys)}


def element_of(draw: st.DrawFn, element: str, depth: int) -> Any:
    return draw(SAMPLES[element]) if element in SAMPLES else object_of(draw, element, depth + 1)


def object_of(draw: st.DrawFn, name: str, depth: int = 0) -> dict[str, Any]:
    """An object of the type, with its required fields and a few others, some of them null."""
    known = object_type(name)
    optional = sorted(known.fields.keys() - known.required)
    chosen = draw(few_of(optional)) if depth < DEPTH else []
    made = {field: value_of(draw, known.fields[field], depth) for field in [*sorted(known.required), *chosen]}
    nulls: dict[str, Any] = dict.fromkeys(draw(few_of(optional)))
    return {**nulls, **made}


def few_of(names: list[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(names), max_size=3, unique=True) if names else st.just([])


@st.composite
def objects(draw: st.DrawFn) -> dict[str, Any]:
    """An object of one of Kubernetes' kinds."""
    api_version, _, kind = draw(st.sampled_from(KINDS)).rpartition("/")
    made = object_of(draw, table().kinds[f"{api_version}/{kind}"])
    return {**made, "apiVersion": api_version, "kind": kind}


def typed_objects(name: str, value: dict[str, Any], path: Path = ()) -> Iterator[tuple[Path, str]]:
    """The positions of all objects with known fields, and the names of their types."""
    yield path, name
    for key, item in value.items():
        field = object_type(name).fields[key]
        if item is None or field.element in SAMPLES:
            continue
        match field.shape:
            case "one":
                yield from typed_objects(field.element, item, (*path, key))
            case "list":
                for index, below in enumerate(item):
                    yield from typed_objects(field.element, below, (*path, key, index))
            case "map":
                for name_below, below in item.items():
                    yield from typed_objects(field.element, below, (*path, key, name_below))


def at(value: Any, path: Path) -> Any:
    for key in path:
        value = value[key]
    return value


@settings(max_examples=300, deadline=None)
@given(objects())
def test_objects_of_the_table_are_sound(value: dict[str, Any]) -> None:
    """An object with fields as in the table has no findings."""
    assert list(field_problems(Document("a.yaml", value))) == []


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_misspelt_field_is_found_at_its_place(data: st.DataObject) -> None:
    """A renamed field is unknown at its position, with the original name as the suggestion, and is the only finding."""
    value = data.draw(objects())
    name = table().kinds[f"{value['apiVersion']}/{value['kind']}"]
    path, inside = data.draw(st.sampled_from(list(typed_objects(name, value))))
    known = object_type(inside).fields
    place = at(value, path)
    long_names = sorted(key for key in place if len(key) > 5 and key not in ("apiVersion", "kind"))
    if not long_names:
        return
    renamed = data.draw(st.sampled_from(long_names))
    misspelt = f"{renamed}x"
    if misspelt in known:
        return
    place[misspelt] = place.pop(renamed)
    found = list(field_problems(Document("a.yaml", value)))
    unknown = [problem for problem in found if problem.code == "MC0110"]
    assert [problem.origin.path for problem in unknown] == [(*path, misspelt)]
    assert unknown[0].suggestion == f"write `{renamed}`"
    missing = [problem for problem in found if problem.code == "MC0118"]
    assert len(found) == len(unknown) + len(missing)
    assert len(missing) == (renamed in object_type(inside).required)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_field_of_another_type_is_found_at_its_place(data: st.DataObject) -> None:
    """A list in a field that is not a list is the only finding, at its position."""
    value = data.draw(objects())
    name = table().kinds[f"{value['apiVersion']}/{value['kind']}"]
    path, inside = data.draw(st.sampled_from(list(typed_objects(name, value))))
    fields = object_type(inside).fields
    place = at(value, path)
    typed = [key for key in sorted(place) if fields[key].shape != "list" and fields[key].element != "any"]
    typed = [key for key in typed if path or key not in ("apiVersion", "kind")]
    if not typed:
        return
    changed = data.draw(st.sampled_from(typed))
    place[changed] = [[]]
    (problem,) = field_problems(Document("a.yaml", value))
    assert (problem.code, problem.origin.path) == ("MC0113", (*path, changed))
    assert problem.rejected
