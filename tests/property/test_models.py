"""Models and JSON: names round-trip, and printing what was read reads as the same value."""

import json
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic.fields import FieldInfo

from meshcompile.documents import Document
from meshcompile.models.base import Node, OneOf, json_name
from meshcompile.models.problems import alternatives, items
from meshcompile.models.read import read
from meshcompile.models.registry import KINDS, Kind
from meshcompile.values.durations import Duration

ISTIO_KINDS = [kind for kind in KINDS if kind.group.endswith(".istio.io")]

proto_names = st.from_regex(r"[a-z][a-z0-9]{0,8}(_[a-z0-9]{1,8}){0,4}", fullmatch=True)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)


@given(name=proto_names)
def test_json_names_are_those_that_protobuf_makes(name: str) -> None:
    """For every field name, the JSON name equals the one in protobuf's own descriptors."""
    file = descriptor_pb2.FileDescriptorProto(name=f"{name}.proto", syntax="proto3")
    file.message_type.add(name="M").field.add(name=name, number=1, type=9, label=1)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    assert json_name(name) == pool.FindMessageTypeByName("M").fields[0].json_name


def objects(kind: Kind) -> st.SearchStrategy[dict[str, Any]]:
    """Documents of one kind as a user may write them, with any of their fields."""
    spec = next(part for part in alternatives(kind.model.model_fields["spec"].annotation) if issubclass(part, Node))
    written = {"metadata": st.just({"name": "x"}), "spec": messages(spec)}
    return st.fixed_dictionaries(
        {"apiVersion": st.sampled_from(kind.api_versions), "kind": st.just(kind.name), **written}
    )


@st.composite
def messages(draw: st.DrawFn, model: type[Node]) -> dict[str, Any]:
    """A message as a user may write it: its required fields and some others, at most one of each oneof."""
    fields = model.model_fields
    required = [name for name, field in fields.items() if field.is_required()]
    others = [name for name in fields if name not in required and not _takes_few_texts(fields[name])]
    chosen = draw(st.lists(st.sampled_from(others), max_size=3, unique=True)) if others else []
    for group in model.one_of if issubclass(model, OneOf) else ():
        chosen = [name for name in chosen if name not in group] + [name for name in chosen if name in group][:1]
    return {fields[name].alias or name: draw(field_values(fields[name])) for name in required + chosen}


def _takes_few_texts(field: FieldInfo) -> bool:
    """Whether hardly any text is valid for the field: it has a pattern, or must be empty."""
    return any(getattr(limit, "pattern", None) or getattr(limit, "max_length", None) == 0 for limit in field.metadata)


def field_values(field: FieldInfo) -> st.SearchStrategy[Any]:
    """Values of a field. Every pattern of a required field accepts letters."""
    return st.sampled_from(["a", "Ab"]) if _takes_few_texts(field) else values(field.annotation)


def values(annotation: Any) -> st.SearchStrategy[Any]:
    """Values of a field of this type."""
    kind = next(part for part in alternatives(annotation) if part is not type(None))
    if isinstance(kind, type) and issubclass(kind, Node):
        return messages(kind)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return st.sampled_from([str(member) for member in kind])
    if kind in SCALARS:
        return SCALARS[kind]
    if (item := items(kind)) is None:
        return json_values
    if kind.__origin__ is tuple:
        return st.lists(values(item), min_size=1, max_size=2)
    keys = st.integers(1, 65535).map(str) if kind.__args__[0] is not str else st.text(max_size=5)
    return st.dictionaries(keys, values(item), min_size=1, max_size=2)


SCALARS: Mapping[Any, st.SearchStrategy[Any]] = {
    str: st.text(min_size=1, max_size=5),
    bool: st.booleans(),
    int: st.integers(1, 65535),
    float: st.floats(0, 100),
    bytes: st.sampled_from(["aGk=", "AAEC"]),
    Duration: st.integers(0, 10**12).map(lambda nanoseconds: Duration(nanoseconds).json),
}


@settings(max_examples=150)
@given(written=st.sampled_from(ISTIO_KINDS).flatmap(objects))
def test_printing_what_was_read_reads_the_same(written: dict[str, Any]) -> None:
    """A resource, printed as Python data or JSON text, reads as an equal resource."""
    resource, problems = read(Document("a.yaml", written))
    assert not problems
    assert resource is not None
    again: Callable[[Any], Node] = type(resource).model_validate
    assert again(resource.model_dump(exclude_unset=True)) == resource
    assert again(resource.model_dump(by_alias=False, exclude_unset=True)) == resource
    assert again(json.loads(resource.model_dump_json(exclude_defaults=True))) == resource


@settings(max_examples=150)
@given(written=st.sampled_from(ISTIO_KINDS).flatmap(objects))
def test_every_node_leads_back_to_its_text(written: dict[str, Any]) -> None:
    """The origin of each node in a resource leads to the data that it was built from."""
    document = Document("a.yaml", written)
    resource, _ = read(document)
    assert resource is not None
    for node in nodes_below(resource.spec):  # type: ignore[attr-defined]
        data: Any = written
        for key in node.origin.path:
            data = data[key]
        assert type(node).model_validate(data) == node


def nodes_below(value: Any) -> list[Node]:
    match value:
        case Node():
            return [value, *(node for name in type(value).model_fields for node in nodes_below(getattr(value, name)))]
        case tuple():
            return [node for item in value for node in nodes_below(item)]
        case Mapping():
            return [node for item in value.values() for node in nodes_below(item)]
        case _:
            return []


@settings(max_examples=300)
@given(
    kind=st.sampled_from(KINDS),
    metadata=json_values | st.just({"name": "x"}),
    spec=json_values,
    more=st.dictionaries(st.text(max_size=8), json_values, max_size=2),
)
def test_reading_never_raises(kind: Kind, metadata: Any, spec: Any, more: dict[str, Any]) -> None:
    """Any document yields a resource, or a finding that rejects it."""
    value = {**more, "apiVersion": kind.api_versions[0], "kind": kind.name, "metadata": metadata, "spec": spec}
    resource, problems = read(Document("a.yaml", value))
    assert (resource is None) == any(problem.rejected for problem in problems)
    assert all(str(problem) for problem in problems)
