"""pydantic's errors in the user's words: the field as it was spelt, what was expected, and what may be meant."""

import difflib
import re
import types
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic_core import ErrorDetails

from meshcompile.codes import models as codes
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Origin, Path
from meshcompile.models.base import Node, json_name

EXPECTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "list_type": "a list",
    "mapping_type": "an object",
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
    "bytes_type": "base64",
    "literal_error": "as expected",
}
"""pydantic's errors about types -> what the field takes."""

UNQUOTED = {"a whole number": "[-+]?[0-9]+", "a number": r"[-+]?[0-9]+(\.[0-9]+)?", "true or false": "true|false"}
"""What a field takes -> the texts that are that without their quotes."""

LIMITS = {
    "greater_than_equal": ("ge", "at least {}"),
    "greater_than": ("gt", "more than {}"),
    "less_than_equal": ("le", "at most {}"),
    "less_than": ("lt", "less than {}"),
}
"""pydantic's errors about limits -> where it keeps the limit, and how to say it."""

SIZES = {
    "string_too_short": ("min_length", "at least {} character{}"),
    "string_too_long": ("max_length", "at most {} character{}"),
    "too_short": ("min_length", "at least {} item{}"),
    "too_long": ("max_length", "at most {} item{}"),
}
"""pydantic's errors about sizes -> where it keeps the limit, and how to say it."""


def problem(found: ErrorDetails, model: type[Node], top: Origin, written: object) -> Diagnostic:
    """The diagnostic for one error of pydantic, in an object of ``model`` that was made from ``written``."""
    path = _written_path(found["loc"], written)
    origin = top.at(*path)
    field, value, kind = origin.field, found["input"], found["type"]
    if kind == "extra_forbidden":
        return _unknown_field(origin, _model_at(model, path[:-1]), _value_at(written, path[:-1]))
    if kind == "missing":
        missing = f"{top.at(*_written_path(found['loc'][:-1], written)).field}.{found['loc'][-1]}".removeprefix(".")
        return codes.MISSING_FIELD(origin, field=missing, rejected=True)
    if value is None and kind != "value_error":
        return codes.NULL_VALUE(origin, field=field, rejected=True)
    if kind == "enum":
        return wrong_choice(origin, value, _choices(model, path))
    if kind in LIMITS:
        limit, words = LIMITS[kind]
        expected = words.format(found["ctx"][limit])
        return codes.OUT_OF_RANGE(origin, field=field, expected=expected, found=value, rejected=True)
    if kind in SIZES:
        limit, words = SIZES[kind]
        expected = words.format(found["ctx"][limit], "" if found["ctx"][limit] == 1 else "s")
        return codes.WRONG_SIZE(origin, field=field, expected=expected, rejected=True)
    if kind == "string_pattern_mismatch":
        pattern = found["ctx"]["pattern"]
        return codes.WRONG_FORM(origin, field=field, found=_shortened(value), expected=pattern, rejected=True)
    if kind in EXPECTED:
        return wrong_type(origin, EXPECTED[kind], value)
    return codes.WRONG_VALUE(origin, field=field, problem=_reason(found), rejected=True)


def wrong_type(origin: Origin, expected: str, value: object, *, rejected: bool = True) -> Diagnostic:
    """A value of another type than the field's."""
    return codes.WRONG_TYPE(
        origin,
        field=origin.field or origin.file.strip("<>"),  # such as `mesh config`
        expected=expected,
        found=type_name(value),
        rejected=rejected,
        suggestion=_quoting(expected, value),
    )


def wrong_choice(origin: Origin, value: object, choices: tuple[str, ...]) -> Diagnostic:
    """A value that is none of the names the field takes."""
    return codes.WRONG_CHOICE(
        origin,
        field=origin.field,
        expected=", ".join(choices),
        found=f"`{value}`" if isinstance(value, str) else type_name(value),
        hint=name_hint(value, choices) if isinstance(value, str) else "",
        rejected=True,
        suggestion=_instead(_nearest(value, choices)) if isinstance(value, str) else "",
    )


def unknown_field(origin: Origin, known: Iterable[str], *, rejected: bool) -> Diagnostic:
    """A field, at the end of ``origin``, that is none of those that are known there."""
    nearest = _nearest(str(origin.path[-1]), known)
    hint = f", did you mean `{nearest}`?" if nearest else ""
    return codes.UNKNOWN_FIELD(origin, field=origin.field, hint=hint, rejected=rejected, suggestion=_instead(nearest))


def type_name(value: object) -> str:
    """What a value is, in YAML's words."""
    match value:
        case None:
            return "null"
        case bool():
            return f"the boolean {str(value).lower()}"
        case int() | float():
            return f"the number {value}"
        case str():
            return f"the text {_shortened(value)!r}"
        case Mapping():
            return "an object"
        case list() | tuple():
            return "a list"
        case _:
            return type(value).__name__


def name_hint(name: str, known: Iterable[str]) -> str:
    """A question after the name that may be meant, or nothing."""
    nearest = _nearest(name, known)
    return f", did you mean `{nearest}`?" if nearest else ""


def _nearest(name: str, known: Iterable[str]) -> str | None:
    folded = {candidate.lower(): candidate for candidate in known}
    matches = difflib.get_close_matches(name.lower(), folded, n=1, cutoff=0.6)
    return folded[matches[0]] if matches else None


def _instead(name: str | None) -> str:
    return f"write `{name}`" if name else ""


def _unknown_field(origin: Origin, model: type[Node] | None, siblings: object) -> Diagnostic:
    """A field that the model does not have, or not in this spelling."""
    name = str(origin.path[-1])
    spellings = {} if model is None else {key: field.alias or key for key, field in model.model_fields.items()}
    json = json_name(name)
    if json != name and json in spellings.values():
        twice = isinstance(siblings, Mapping) and json in siblings
        code = codes.FIELD_TWICE if twice else codes.PROTO_SPELLING
        return code(origin, field=origin.field, expected=json, rejected=True, suggestion=_instead(json))
    return unknown_field(origin, spellings.values(), rejected=True)


def _reason(found: ErrorDetails) -> str:
    error = found.get("ctx", {}).get("error")
    return str(error) if error is not None else found["msg"]


def _quoting(expected: str, value: object) -> str:
    """What to do about a value that only its quotes, or their lack, make wrong."""
    if expected == "text" and isinstance(value, bool | int | float):
        return "put it in quotes"
    meant = UNQUOTED.get(expected, "")
    return "write it without quotes" if meant and isinstance(value, str) and re.fullmatch(meant, value) else ""


def _shortened(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."


def _written_path(loc: tuple[int | str, ...], written: Any) -> Path:
    """The part of pydantic's ``loc`` that is a place in the text; it also names members of unions and the like."""
    path: list[int | str] = []
    for key in loc:
        inside = isinstance(written, Mapping) and key in written
        if inside or (isinstance(written, list | tuple) and isinstance(key, int) and key < len(written)):
            path.append(key)
            written = written[key]
    return tuple(path)


def _value_at(written: Any, path: Path) -> Any:
    for key in path:
        written = written[key]
    return written


def _model_at(model: type[Node], path: Path) -> type[Node] | None:
    """The model of the object that ``path`` leads to from an object of ``model``."""
    found = _type_at(model, path)
    return next((part for part in alternatives(found) if isinstance(part, type) and issubclass(part, Node)), None)


def _choices(model: type[Node], path: Path) -> tuple[str, ...]:
    """The names that the enum at ``path`` has."""
    types = (part for part in alternatives(_type_at(model, path)) if isinstance(part, type))
    return tuple(str(member) for found in types if issubclass(found, StrEnum) for member in found)


def _type_at(annotation: Any, path: Path) -> Any:
    """The type of what ``path`` leads to, None where no model says."""
    for key in path:
        annotation = next((found for part in alternatives(annotation) if (found := _step(part, key)) is not None), None)
    return annotation


def _step(annotation: Any, key: int | str) -> Any:
    """The type of a field or an item of this type."""
    if isinstance(annotation, type) and issubclass(annotation, Node):
        fields = (field for name, field in annotation.model_fields.items() if key in (field.alias, name))
        return next((field.annotation for field in fields), None)
    return items(annotation)


def items(annotation: Any) -> Any:
    """The type of what a list or a map of this type holds, None for others."""
    arguments = get_args(annotation)
    if not arguments:
        return None
    return arguments[0] if get_origin(annotation) is tuple else arguments[-1]


def alternatives(annotation: Any) -> tuple[Any, ...]:
    """The alternatives of a union, without what only annotates them."""
    if get_origin(annotation) is Annotated:
        return alternatives(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return tuple(part for alternative in get_args(annotation) for part in alternatives(alternative))
    return (annotation,)
