"""The fields of Kubernetes' built-in kinds, and findings about the fields of an object.

The models next to this module define only the fields that affect proxies. The API server checks all fields: `kubectl
apply` rejects an object with an unknown field, a missing required field or a field of the wrong type.

`fields.json` is generated from the API's own description. One line describes a type, and one word describes a field:

    NAME:TYPE
    TYPE    string | integer | number | boolean | base64 | time | quantity | intOrString | object | any | a type's name
            !TYPE required, []TYPE a list, {}TYPE a map

The table is read with the first Kubernetes object, and a line is parsed with the first object of its type.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from itertools import repeat
from typing import Any, Literal, NamedTuple

from msgspec import Struct

from meshcompile.codes import models as codes
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Document, Origin
from meshcompile.models.problems import unknown_field, wrong_type

Shape = Literal["one", "list", "map"]
Takes = frozenset[type]
QuickCheck = Callable[[Any], bool]
"""A fast check whether a value is valid. False only means that the value needs the full check."""


class Scalar(NamedTuple):
    """A type without fields: its name in messages, and the Python types that it accepts."""

    expected: str
    takes: Takes


SCALARS: Mapping[str, Scalar] = {
    "string": Scalar("text", frozenset({str})),
    "integer": Scalar("a whole number", frozenset({int})),
    "number": Scalar("a number", frozenset({int, float})),
    "boolean": Scalar("true or false", frozenset({bool})),
    "base64": Scalar("text in base64", frozenset({str})),
    "time": Scalar("a time, such as 2024-01-31T12:00:00Z", frozenset({str})),
    "quantity": Scalar("a quantity, such as 500m or 1Gi", frozenset({str, int, float})),
    "intOrString": Scalar("a whole number or text", frozenset({str, int})),
    "object": Scalar("an object", frozenset({dict})),
    "any": Scalar("anything", frozenset({str, int, float, bool, dict, list})),
}

NOTHING: Takes = frozenset()
NULL: Takes = frozenset({type(None)})

ADVICE: Mapping[str, str] = dict.fromkeys(
    ("selector", "template"),
    "a patch of Kustomize may leave it out: pass the output of `kustomize build` instead of the patch",
)
"""Suggestions for missing required fields, where the fix is not obvious."""


class Field(Struct, frozen=True):
    """A field of a type."""

    element: str
    """The type of one value."""
    shape: Shape
    """The shape in which the field holds values."""
    takes: Takes
    """Python types that need no further check."""
    is_valid: QuickCheck
    """A fast check of a value of any other type."""


class ObjectType(Struct, frozen=True):
    """A type with fields, by their names."""

    fields: Mapping[str, Field]
    required: frozenset[str]


class Table(Struct, frozen=True):
    """The data file."""

    release: str
    """The Kubernetes release of the fields."""
    kinds: Mapping[str, str]
    """`API_VERSION/KIND` and the type of the kind."""
    types: Mapping[str, str]
    """The lines of all types."""


def field_problems(document: Document) -> Iterator[Diagnostic]:
    """Unknown fields, missing fields and wrong types in an object of a built-in kind.

    An unknown field does not reject the object: a cluster with lenient validation drops the field and uses the rest.
    """
    value = document.value
    name = table().kinds.get(f"{value['apiVersion']}/{value['kind']}")
    if name is None or _is_valid(object_type(name), value):
        return iter(())
    return _object_problems(name, value, Origin(document))


@cache
def table() -> Table:
    """The whole table."""
    from importlib.resources import files  # for a fast start: reading objects needs it nowhere else

    return Table(**json.loads(files(__package__).joinpath("fields.json").read_bytes()))


@cache
def object_type(name: str) -> ObjectType:
    """The type of this name, which must be in the table."""
    words = [word.split(":") for word in table().types[name].split()]
    required = frozenset(field for field, word in words if word.startswith("!"))
    return ObjectType({field: _field(word) for field, word in words}, required)


def _field(word: str) -> Field:
    """The field that a word of the table describes."""
    absent = NOTHING if word.startswith("!") else NULL
    match word.removeprefix("!"):
        case str(many) if many.startswith("[]"):
            return Field(many[2:], "list", absent, _list_check(many[2:]))
        case str(many) if many.startswith("{}"):
            return Field(many[2:], "map", absent, _map_check(many[2:]))
        case one if one in SCALARS:
            return Field(one, "one", SCALARS[one].takes | absent, _never)
        case one:
            return Field(one, "one", absent, _object_check(one))


def _never(_: Any) -> bool:
    return False


def _object_check(element: str) -> QuickCheck:
    """The fast check of an object of this type. Parses the line of the type with the first object."""
    return lambda value: _is_valid(object_type(element), value)


def _list_check(element: str) -> QuickCheck:
    """The fast check of a list."""
    if element not in SCALARS:
        return lambda value: value.__class__ is list and _are_valid(object_type(element), value)
    takes = SCALARS[element].takes
    return lambda value: value.__class__ is list and takes.issuperset(map(type, value))


def _map_check(element: str) -> QuickCheck:
    """The fast check of a map."""
    if element not in SCALARS:
        return lambda value: value.__class__ is dict and _are_valid(object_type(element), value.values())
    takes = SCALARS[element].takes
    return lambda value: value.__class__ is dict and takes.issuperset(map(type, value.values()))


def _are_valid(known: ObjectType, values: Iterable[Any]) -> bool:
    """Whether all these objects are valid."""
    return all(map(_is_valid, repeat(known), values))


def _is_valid(known: ObjectType, value: Any) -> bool:
    """Whether an object is valid. This fast check is enough for most objects."""
    if value.__class__ is not dict or (known.required and not known.required <= value.keys()):
        return False
    fields = known.fields
    for key, item in value.items():
        field = fields.get(key)
        if field is None or (item.__class__ not in field.takes and not field.is_valid(item)):
            return False
    return True


def _object_problems(name: str, value: Any, place: Origin) -> Iterator[Diagnostic]:
    """Findings about an object of a type with fields."""
    if not isinstance(value, Mapping):
        yield wrong_type(place, "an object", value)
        return
    known = object_type(name)
    for key, item in value.items():
        field = known.fields.get(key)
        if field is None:
            yield unknown_field(place.at(key), known.fields, rejected=False)
        elif item is not None:
            yield from _field_problems(field, item, place.at(key))
    for key in sorted(known.required):
        if value.get(key) is None:
            missing, advice = place.at(key).field, ADVICE.get(key, "")
            yield codes.MISSING_FIELD(place, field=missing, rejected=True, suggestion=advice)


def _field_problems(field: Field, value: Any, place: Origin) -> Iterator[Diagnostic]:
    """Findings about the value of a field."""
    match field.shape:
        case "one":
            yield from _value_problems(field.element, value, place)
        case "list" if isinstance(value, list | tuple):
            yield from _item_problems(field.element, enumerate(value), place)
        case "map" if isinstance(value, Mapping):
            yield from _item_problems(field.element, value.items(), place)
        case shape:
            yield wrong_type(place, "a list" if shape == "list" else "an object", value)


def _item_problems(element: str, items: Any, place: Origin) -> Iterator[Diagnostic]:
    """Findings about the items of a list or the values of a map, each with its index or key."""
    for key, item in items:
        if item is not None:
            yield from _value_problems(element, item, place.at(key))


def _value_problems(name: str, value: Any, place: Origin) -> Iterator[Diagnostic]:
    """Findings about one value of the type of this name."""
    scalar = SCALARS.get(name)
    if scalar is None:
        yield from _object_problems(name, value, place)
    elif not _takes(scalar, value):
        yield wrong_type(place, scalar.expected, value)


def _takes(scalar: Scalar, value: Any) -> bool:
    """Whether the scalar type accepts a value, including one of a subclass of Python's own types."""
    if isinstance(value, bool):
        return bool in scalar.takes
    return isinstance(value, tuple(scalar.takes)) or (dict in scalar.takes and isinstance(value, Mapping))
