"""What Go reads from an object and prints again: the fields in the order of their type, without unknown ones.

Follows `encoding/json` and sigs.k8s.io/yaml. The names of fields may differ in case, a number or boolean becomes the
text that a field needs, and null is the zero value of a type.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from meshcompile.documents.scalars import short_float
from meshcompile.inject.problems import InjectionProblem, described
from meshcompile.inject.quantities import canonical_quantity
from meshcompile.inject.types import GoField, GoStruct, go_struct

Json = Mapping[str, Any]
"""An object, as plain data. It is never changed after it is made."""

_ZERO: Mapping[str, Any] = {
    "string": "",
    "bool": False,
    "int32": 0,
    "int64": 0,
    "intOrString": 0,
    "quantity": "0",
    "time": None,
    "bytes": None,
    "any": None,
}
_BITS = {"int32": 31, "int64": 63}


def typed(value: Any, type_name: str, *, coerce: bool = True) -> dict[str, Any]:
    """An object as Go prints it after it has read it into this type.

    `coerce` makes text of numbers, as the reader of YAML does. Raises InjectionProblem for a value of a wrong type.
    """
    read: dict[str, Any] = _read(value, type_name, coerce)
    return read


def _read(value: Any, type_name: str, coerce: bool) -> Any:
    if type_name.startswith("*"):
        return None if value is None else _read(value, type_name[1:], coerce)
    if type_name.startswith("[]"):
        return _list(value, type_name[2:], coerce)
    if type_name.startswith("{}"):
        return _map(value, type_name[2:], coerce)
    struct = go_struct(type_name)
    if struct is None:
        return _ZERO[type_name] if value is None else _scalar(value, type_name, coerce)
    return _object({} if value is None else value, struct, coerce)


def _list(value: Any, element: str, coerce: bool) -> list[Any] | None:
    if value is None:
        return None
    if not isinstance(value, list | tuple):
        raise InjectionProblem(f"expected a list, found {described(value)}")
    return [_below(item, element, coerce, index) for index, item in enumerate(value)]


def _map(value: Any, element: str, coerce: bool) -> dict[str, Any] | None:
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise InjectionProblem(f"expected an object, found {described(value)}")
    return {key: _below(value[key], element, coerce, key) for key in sorted(value)}


def _below(value: Any, type_name: str, coerce: bool, *path: str | int) -> Any:
    try:
        return _read(value, type_name, coerce)
    except InjectionProblem as problem:
        raise problem.below(*path) from None


def _object(value: Any, struct: GoStruct, coerce: bool) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise InjectionProblem(f"expected an object, found {described(value)}")
    written = {field.name: key for key in value if (field := struct.field(key)) is not None and key != field.name}
    written |= {name: name for name in struct.fields if name in value}
    result: dict[str, Any] = {}
    for name, field in struct.fields.items():
        key = written.get(name)
        given = None if key is None else value[key]
        item = _below(given, field.type, coerce and not field.embedded, *(() if key is None else (key,)))
        if _is_printed(item, field):
            result[name] = item
    return result


def _is_printed(item: Any, field: GoField) -> bool:
    """Whether Go prints a field with this value."""
    if field.omit_zero and item is None:
        return False
    if not field.omit_empty:
        return True
    if field.type.startswith("*"):
        return item is not None
    is_struct = field.type in ("time", "intOrString", "quantity") or go_struct(field.type) is not None
    return is_struct or item not in (None, "", 0, False, [], {})


def _scalar(value: Any, type_name: str, coerce: bool) -> Any:
    match type_name:
        case "string":
            return _text(value, coerce)
        case "bool" if isinstance(value, bool):
            return value
        case "int32" | "int64":
            return _integer(value, type_name)
        case "intOrString":
            return value if isinstance(value, str) else _integer(value, "int32")
        case "quantity":
            return _quantity(value)
        case "time":
            return _time(value)
        case "bytes" if isinstance(value, str):
            return value
        case "any":
            return value
        case _:
            raise InjectionProblem(f"expected {_EXPECTED[type_name]}, found {described(value)}")


_EXPECTED = {
    "string": "text",
    "bool": "true or false",
    "int32": "a whole number of 32 bits",
    "int64": "a whole number of 64 bits",
    "bytes": "text in base64",
}


def _text(value: Any, coerce: bool) -> str:
    match value:
        case str():
            return value
        case bool() if coerce:
            return "true" if value else "false"
        case int() if coerce:
            return str(value)
        case float() if coerce:
            return short_float(value)
        case _:
            raise InjectionProblem(f"expected text, found {described(value)}", suggestion="put quotes around the value")


def _integer(value: Any, type_name: str) -> int:
    limit = 1 << _BITS[type_name]
    if isinstance(value, int) and not isinstance(value, bool) and -limit <= value < limit:
        return value
    raise InjectionProblem(f"expected {_EXPECTED[type_name]}, found {described(value)}")


def _quantity(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise InjectionProblem(f"expected a quantity, such as 500m or 1Gi, found {described(value)}")
    try:
        return canonical_quantity(value.strip() if isinstance(value, str) else f"{value}")
    except ValueError as error:
        raise InjectionProblem(str(error)) from None


def _time(value: Any) -> str:
    """A time in UTC, without fractions of a second."""
    try:
        moment = datetime.fromisoformat(value)
        if "T" not in value or moment.tzinfo is None:
            raise ValueError
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (TypeError, ValueError, OverflowError):
        expected = "a time, such as 2024-01-31T12:00:00Z"
        raise InjectionProblem(f"expected {expected}, found {described(value)}") from None
