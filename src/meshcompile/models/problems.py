"""Explanations of pydantic's errors: the field as the user spelled it, the expected value, and a suggestion."""

import difflib
import re
import types
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Annotated, Any, Union, get_args, get_origin

from msgspec.structs import replace
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
"""pydantic's errors about types, each with the type that the field expects."""

UNQUOTED = {"a whole number": "[-+]?[0-9]+", "a number": r"[-+]?[0-9]+(\.[0-9]+)?", "true or false": "true|false"}
"""Strings that are a value of the expected type once their quotes are removed, by expected type."""

LIMITS = {
    "greater_than_equal": ("ge", "at least {}"),
    "greater_than": ("gt", "more than {}"),
    "less_than_equal": ("le", "at most {}"),
    "less_than": ("lt", "less than {}"),
}
"""pydantic's errors about limits, each with the place of the limit in the error and its description."""

SIZES = {
    "string_too_short": ("min_length", "at least {} character{}"),
    "string_too_long": ("max_length", "at most {} character{}"),
    "too_short": ("min_length", "at least {} item{}"),
    "too_long": ("max_length", "at most {} item{}"),
}
"""pydantic's errors about sizes, each with the place of the limit in the error and its description."""


def problem(error: ErrorDetails, model: type[Node], top: Origin, written: object) -> Diagnostic:
    """The diagnostic for one pydantic error in an object of ``model`` that was built from ``written``."""
    path = written_path(error["loc"], written)
    origin = top.at(*path)
    field, value, kind = origin.field, error["input"], error["type"]
    if kind == "extra_forbidden":
        found = _unknown_field(origin, _model_at(model, path[:-1]), value_at(written, path[:-1]))
        from meshcompile.models.fixes import indentation_fixes

        moved = indentation_fixes(origin, written, lambda at: _fields(_model_at(model, at)))
        return replace(found, suggestion=moved[0].title, fixes=moved) if moved else found
    if kind == "missing":
        missing = f"{top.at(*written_path(error['loc'][:-1], written)).field}.{error['loc'][-1]}".removeprefix(".")
        return codes.MISSING_FIELD(origin, field=missing, rejected=True)
    if value is None and kind != "value_error":
        return codes.NULL_VALUE(origin, field=field, rejected=True)
    if kind == "enum":
        return wrong_choice(origin, value, _choices(model, path))
    if kind in LIMITS:
        limit, words = LIMITS[kind]
        expected = words.format(error["ctx"][limit])
        return codes.OUT_OF_RANGE(origin, field=field, expected=expected, found=value, rejected=True)
    if kind in SIZES:
        limit, words = SIZES[kind]
        expected = words.format(error["ctx"][limit], "" if error["ctx"][limit] == 1 else "s")
        return codes.WRONG_SIZE(origin, field=field, expected=expected, rejected=True)
    if kind == "string_pattern_mismatch":
        pattern = error["ctx"]["pattern"]
        return codes.WRONG_FORM(origin, field=field, found=_shortened(value), expected=pattern, rejected=True)
    if kind in EXPECTED:
        return wrong_type(origin, EXPECTED[kind], value)
    return codes.WRONG_VALUE(origin, field=field, problem=_reason(error), rejected=True)


def wrong_type(origin: Origin, expected: str, value: object, *, rejected: bool = True) -> Diagnostic:
    """A value of a type that the field does not accept."""
    from meshcompile.models.fixes import quote_fixes  # here and below: only needed for mistakes

    return codes.WRONG_TYPE(
        origin,
        field=origin.field or origin.file.strip("<>"),  # for example `mesh config`
        expected=expected,
        found=type_name(value),
        rejected=rejected,
        suggestion=(quoting := _quoting(expected, value)),
        fixes=quote_fixes(origin, quoting, expected == "text"),
    )


def wrong_choice(origin: Origin, value: object, choices: tuple[str, ...]) -> Diagnostic:
    """A value that is not one of the names that the field accepts."""
    from meshcompile.models.fixes import value_fixes

    return codes.WRONG_CHOICE(
        origin,
        field=origin.field,
        expected=", ".join(choices),
        found=f"`{value}`" if isinstance(value, str) else type_name(value),
        hint=name_hint(value, choices) if isinstance(value, str) else "",
        rejected=True,
        suggestion=_instead(_nearest(value, choices)) if isinstance(value, str) else "",
        fixes=value_fixes(origin, value, _nearest(value, choices)) if isinstance(value, str) else (),
    )


def unknown_field(origin: Origin, known: Iterable[str], *, rejected: bool) -> Diagnostic:
    """An unknown field at the end of ``origin``. ``known`` are the fields that exist there."""
    from meshcompile.models.fixes import key_fixes

    nearest = _nearest(str(origin.path[-1]), known)
    hint = f", did you mean `{nearest}`?" if nearest else ""
    return codes.UNKNOWN_FIELD(
        origin,
        field=origin.field,
        hint=hint,
        rejected=rejected,
        suggestion=_instead(nearest),
        fixes=key_fixes(origin, nearest),
    )


def type_name(value: object) -> str:
    """The type of a value, in YAML terms."""
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
    """A question whether a similar name is meant, or an empty string."""
    nearest = _nearest(name, known)
    return f", did you mean `{nearest}`?" if nearest else ""


def _nearest(name: str, known: Iterable[str]) -> str | None:
    folded = {candidate.lower(): candidate for candidate in known}
    matches = difflib.get_close_matches(name.lower(), folded, n=1, cutoff=0.6)
    return folded[matches[0]] if matches else None


def _instead(name: str | None) -> str:
    return f"write `{name}`" if name else ""


def _unknown_field(origin: Origin, model: type[Node] | None, siblings: object) -> Diagnostic:
    """A field that the model does not have, or that has another spelling."""
    from meshcompile.models.fixes import spelling_fixes

    name = str(origin.path[-1])
    spellings = {} if model is None else {key: field.alias or key for key, field in model.model_fields.items()}
    json = json_name(name)
    if json != name and json in spellings.values():
        twice = isinstance(siblings, Mapping) and json in siblings
        code = codes.FIELD_TWICE if twice else codes.PROTO_SPELLING
        fixes = () if twice else spelling_fixes(origin, json)
        return code(origin, field=origin.field, expected=json, rejected=True, suggestion=_instead(json), fixes=fixes)
    return unknown_field(origin, spellings.values(), rejected=True)


def _reason(details: ErrorDetails) -> str:
    error = details.get("ctx", {}).get("error")
    return str(error) if error is not None else details["msg"]


def _quoting(expected: str, value: object) -> str:
    """A suggestion for a value that is only wrong because of its quotes, or because quotes are missing."""
    if expected == "text" and isinstance(value, bool | int | float):
        return "put it in quotes"
    meant = UNQUOTED.get(expected, "")
    return "write it without quotes" if meant and isinstance(value, str) and re.fullmatch(meant, value) else ""


def _shortened(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."


def written_path(loc: tuple[int | str, ...], written: Any) -> Path:
    """The part of pydantic's ``loc`` that is a path in the input: without names of union members and the like."""
    path: list[int | str] = []
    for key in loc:
        inside = isinstance(written, Mapping) and key in written
        if inside or (isinstance(written, list | tuple) and isinstance(key, int) and key < len(written)):
            path.append(key)
            written = written[key]
    return tuple(path)


def value_at(written: Any, path: Path) -> Any:
    for key in path:
        written = written[key]
    return written


def _model_at(model: type[Node], path: Path) -> type[Node] | None:
    """The model at ``path`` below an object of ``model``."""
    annotation = _type_at(model, path)
    return next((part for part in alternatives(annotation) if isinstance(part, type) and issubclass(part, Node)), None)


def _fields(model: type[Node] | None) -> frozenset[str]:
    """The JSON names of a model's fields."""
    return frozenset(field.alias or key for key, field in model.model_fields.items()) if model else frozenset()


def _choices(model: type[Node], path: Path) -> tuple[str, ...]:
    """The names in the enum at ``path``."""
    types = (part for part in alternatives(_type_at(model, path)) if isinstance(part, type))
    return tuple(str(member) for enum in types if issubclass(enum, StrEnum) for member in enum)


def _type_at(annotation: Any, path: Path) -> Any:
    """The type of the value at ``path``, or None if no model defines it."""
    for key in path:
        annotation = next((step for part in alternatives(annotation) if (step := _step(part, key)) is not None), None)
    return annotation


def _step(annotation: Any, key: int | str) -> Any:
    """The type of a field or an item of a value of this type."""
    if isinstance(annotation, type) and issubclass(annotation, Node):
        fields = (field for name, field in annotation.model_fields.items() if key in (field.alias, name))
        return next((field.annotation for field in fields), None)
    return items(annotation)


def items(annotation: Any) -> Any:
    """The type of the items in a list or map of this type; None for other types."""
    arguments = get_args(annotation)
    if not arguments:
        return None
    return arguments[0] if get_origin(annotation) is tuple else arguments[-1]


def alternatives(annotation: Any) -> tuple[Any, ...]:
    """The alternatives of a union, without annotations."""
    if get_origin(annotation) is Annotated:
        return alternatives(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return tuple(part for alternative in get_args(annotation) for part in alternatives(alternative))
    return (annotation,)
