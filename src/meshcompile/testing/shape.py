"""Checks data against a fragment of JSON Schema, and says what is wrong and where.

It knows `type`, `properties` (closed, as `additionalProperties: false` says), `additionalProperties`, `required`,
`items`, `enum` and `pattern`.
"""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from meshcompile.codes.testing import UNUSABLE_TEST
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Origin
from meshcompile.models.problems import type_name

Shape = Mapping[str, Any]
WORDS = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}


def faults(value: object, shape: Shape, origin: Origin) -> Iterator[Diagnostic]:
    """What is wrong with a value."""
    types = _types(shape)
    if types and not any(_is(value, each) for each in types):
        expected = " or ".join(WORDS[each] for each in types)
        yield fault(origin, f"{_named(origin)}: expected {expected}, found {type_name(value)}")
        return
    match value:
        case Mapping():
            yield from _of_mapping(value, shape, origin)
        case list():
            for index, item in enumerate(value):
                yield from faults(item, shape.get("items", {}), origin.at(index))
        case _:
            yield from _of_scalar(value, shape, origin)


def fault(origin: Origin, problem: str, suggestion: str = "") -> Diagnostic:
    """The finding about a test that cannot be used."""
    return UNUSABLE_TEST(origin, problem=problem, suggestion=suggestion, kind="", namespace="", name="")


def nearest(name: str, known: list[str]) -> str:
    """`write `NAME``, with the known name that is most like a wrong one; "" if none is."""
    close = get_close_matches(name, known, n=1)
    return f"write `{close[0]}`" if close else ""


def _types(shape: Shape) -> tuple[str, ...]:
    given = shape.get("type", ())
    return (given,) if isinstance(given, str) else tuple(given)


def _is(value: object, kind: str) -> bool:
    match kind:
        case "object":
            return isinstance(value, Mapping)
        case "array":
            return isinstance(value, list)
        case "string":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case "null":
            return value is None
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case _:
            return isinstance(value, int | float) and not isinstance(value, bool)


def _of_mapping(value: Mapping[str, Any], shape: Shape, origin: Origin) -> Iterator[Diagnostic]:
    known, others = shape.get("properties", {}), shape.get("additionalProperties", {})
    for key, item in value.items():
        if key in known:
            yield from faults(item, known[key], origin.at(key))
        elif others is False:
            hint = nearest(key, list(known)) or f"known are {', '.join(known)}"
            yield fault(origin.at(key), f"unknown field `{origin.at(key).field}`", hint)
        else:
            yield from faults(item, others, origin.at(key))
    for key in shape.get("required", ()):
        if key not in value:
            yield fault(origin, f"{_named(origin)} needs `{key}`")


def _of_scalar(value: object, shape: Shape, origin: Origin) -> Iterator[Diagnostic]:
    choices = shape.get("enum")
    if choices is not None and value not in choices:
        hint = nearest(str(value), choices) or f"choose from {', '.join(choices)}"
        yield fault(origin, f"{_named(origin)}: `{value}` is no choice", hint)
    pattern = shape.get("pattern")
    if isinstance(value, str) and pattern and not re.search(pattern, value):
        yield fault(origin, f"{_named(origin)}: `{value}` has another form than {shape['examples'][0]}")


def _named(origin: Origin) -> str:
    return f"`{origin.field}`" if origin.path else "the suite"
