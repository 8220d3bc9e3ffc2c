"""Converts Envoy configuration in any allowed spelling to canonical JSON, with the descriptors of the whole Envoy API.

A user may write a field in snake_case or lowerCamelCase, a number in quotes, a duration such as `1m30s`, or a default
value. The result is the single form that protobuf prints as JSON, which is also the form of the messages in this
package:

    read("envoy.config.cluster.v3.Cluster", {"connect_timeout": "1500ms", "lb_policy": "ROUND_ROBIN"}).value
    # {"connectTimeout": "1.500s"}

Follows golang/protobuf's `jsonpb` with unknown fields allowed, as istiod reads the values of EnvoyFilters. An unknown
field is omitted and reported as a Problem. Any other problem makes the whole value unreadable.
"""

import base64
import binascii
import math
import re
import struct
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from difflib import get_close_matches
from enum import Enum, auto
from typing import Any, NoReturn, TypeAlias

from msgspec import Struct

from meshcompile.envoy.descriptors import FieldDescriptor, MessageDescriptor, descriptor, enum_values
from meshcompile.envoy.message import JsonValue
from meshcompile.values.durations import Duration

Path: TypeAlias = tuple[str | int, ...]

GOOGLE = "google.protobuf."
ANY = f"{GOOGLE}Any"
WRAPPED: Mapping[str, str] = {
    f"{GOOGLE}BoolValue": "bool",
    f"{GOOGLE}BytesValue": "bytes",
    f"{GOOGLE}DoubleValue": "double",
    f"{GOOGLE}FloatValue": "float",
    f"{GOOGLE}Int32Value": "int32",
    f"{GOOGLE}Int64Value": "int64",
    f"{GOOGLE}StringValue": "string",
    f"{GOOGLE}UInt32Value": "uint32",
    f"{GOOGLE}UInt64Value": "uint64",
}
"""Wrapper messages. Their JSON is the JSON of the scalar in them."""
SPECIAL = (
    frozenset(WRAPPED)
    | {ANY}
    | {f"{GOOGLE}{name}" for name in ("Duration", "Empty", "ListValue", "Struct", "Timestamp", "Value")}
)
"""Messages with a special JSON form. In an Any, that form is under `value`."""

NULLABLE = (f"{GOOGLE}Value", f"{GOOGLE}NullValue")
"""Types for which null is a value. For all other types, null means absent."""

ZEROS: Mapping[str, JsonValue] = {"bool": False, "bytes": "", "string": "", "double": 0.0, "float": 0.0}
"""The zero values of scalars that are not integers."""


class Fault(Enum):
    """The kind of a problem. istiod rejects the whole value only for BAD_VALUE and UNKNOWN_TYPE."""

    UNKNOWN_FIELD = auto()
    UNKNOWN_TYPE = auto()
    BAD_VALUE = auto()
    UNSUPPORTED = auto()  # valid, but not representable in the generated messages


class Problem(Struct, frozen=True):
    """A problem at `path` in the data as it was written."""

    path: Path
    fault: Fault
    text: str
    suggestion: str = ""


class Reading(Struct, frozen=True):
    """The canonical form, or None if the value is unreadable, and the problems. The first problem comes first."""

    value: Mapping[str, Any] | None
    problems: tuple[Problem, ...] = ()


def read(message: str, data: object) -> Reading:
    """`data` as a message with this full name."""
    return _reading(_Reader([]), message, data)


def read_with_unknown_types(message: str, data: object) -> Reading:
    """`data` as a message. An Any of a type that Envoy's API does not have stays as it is written."""
    return _reading(_Reader([], keeps_unknown_types=True), message, data)


def _reading(reader: "_Reader", message: str, data: object) -> Reading:
    try:
        value = reader.message(message, data, ())
    except _Unreadable as error:
        return Reading(None, (*reader.problems, error.problem))
    return Reading(value, tuple(reader.problems))


class _Unreadable(Exception):
    """Stops reading. `read` converts it to a Problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.text)
        self.problem = problem


def _fail(path: Path, text: str, suggestion: str = "") -> NoReturn:
    raise _Unreadable(Problem(path, Fault.BAD_VALUE, text, suggestion))


class _Unsupported(Exception):
    """A value that must be omitted. The field that holds the value converts it to a Problem."""


class _Reader(Struct, frozen=True):
    problems: list[Problem]
    keeps_unknown_types: bool = False

    def message(self, name: str, data: object, path: Path) -> Any:
        """The canonical form of a message of any type."""
        if name in WRAPPED:
            return scalar(WRAPPED[name], data, path)
        match name.removeprefix(GOOGLE):
            case "Any":
                return self.packed(data, path)
            case "Duration":
                return _duration(data, path)
            case "Timestamp":
                return _timestamp(data, path)
            case "Value":
                return free_form(data)
            case "ListValue":
                return [free_form(item) for item in _list(data, path)]
            case "Struct":
                return {key: free_form(value) for key, value in _object(data, path).items()}
            case _:
                pass
        known = descriptor(name)
        return dict(self.fields(known, _object(data, path), path)) if known else {}

    def packed(self, data: object, path: Path) -> Mapping[str, Any]:
        """The canonical form of an Any: the message of the type in `@type`, with `@type`."""
        fields = dict(_object(data, path))
        url = fields.pop("@type", None)
        if not isinstance(url, str):
            _fail(path, "an Any needs `@type`", 'add "@type": type.googleapis.com/ and the full name of a message')
        name = url.rpartition("/")[2]
        if descriptor(name) is None and self.keeps_unknown_types:
            return {"@type": url, **free_form(fields)}
        if descriptor(name) is None:
            raise _Unreadable(Problem((*path, "@type"), Fault.UNKNOWN_TYPE, url))
        if name not in SPECIAL:
            return {"@type": url, **self.message(name, fields, path)}
        if "value" not in fields:
            _fail(path, f"an Any of {name} needs `value`")
        return {"@type": url, "value": self.message(name, fields["value"], (*path, "value"))}

    def fields(
        self, message: MessageDescriptor, data: Mapping[str, object], path: Path
    ) -> Iterator[tuple[str, JsonValue]]:
        """The JSON names and canonical values of the fields that are set and printed."""
        unread = dict(data)
        chosen: dict[str, FieldDescriptor] = {}
        found: dict[str, JsonValue] = {}
        for field in message.fields:
            key = field.json_name if field.json_name in unread else field.name
            unread.pop(field.name, None)
            unread.pop(field.json_name, None)
            if key not in data or (data[key] is None and field.type not in NULLABLE):
                continue
            try:
                value = self.field(field, data[key], (*path, key))
            except _Unsupported as error:
                self.problems.append(Problem((*path, key), Fault.UNSUPPORTED, str(error)))
                continue
            if field.oneof:  # the last alternative in the order of the proto file wins
                if field.oneof in chosen:
                    found.pop(chosen[field.oneof].json_name, None)
                chosen[field.oneof] = field
            if field.has_presence or not is_default(field, value):
                found[field.json_name] = value
        self.problems.extend(_unknown(message, key, (*path, key)) for key in unread)
        return iter(found.items())

    def field(self, field: FieldDescriptor, data: object, path: Path) -> Any:
        """The canonical value of a field."""
        match field.cardinality:
            case "repeated":
                return [self.element(field, item, (*path, index)) for index, item in enumerate(_list(data, path))]
            case "map":
                return {
                    _map_key(field, key, path): self.element(field, item, (*path, key))
                    for key, item in _object(data, path).items()
                }
            case _:
                return self.element(field, data, path)

    def element(self, field: FieldDescriptor, data: object, path: Path) -> Any:
        """The canonical form of one value of a field. Null means absent."""
        match field.kind:
            case "message":
                if data is None and field.type != f"{GOOGLE}Value":
                    data = {} if field.type not in WRAPPED else None
                return self.message(field.type, data, path)
            case "enum":
                return _enum(field.type, data, path)
            case _:
                return scalar(field.type, data, path)


def is_default(field: FieldDescriptor, value: object) -> bool:
    """Whether protobuf JSON omits the value of a field without presence."""
    if field.cardinality in ("repeated", "map"):
        return not value
    return value == default(field.kind, field.type)


def default(kind: str, type_name: str) -> JsonValue:
    """The zero value of a scalar or an enum in canonical form."""
    if kind == "enum":
        return next(iter(enum_values(type_name) or {}), None)
    return ZEROS.get(type_name, "0" if "64" in type_name else 0)


def _unknown(message: MessageDescriptor, key: str, path: Path) -> Problem:
    names = [field.name for field in message.fields]
    close = get_close_matches(key, names, n=1)
    hint = f"did you mean {close[0]}?" if close else f"{message.name} has {', '.join(names)}" if names else ""
    return Problem(path, Fault.UNKNOWN_FIELD, f"{message.name} has no field {key}", hint)


# ---- shapes


def _object(data: object, path: Path) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        _fail(path, f"expected a mapping, not {_shown(data)}")
    return data


def _list(data: object, path: Path) -> list[Any]:
    if not isinstance(data, list | tuple):
        _fail(path, f"expected a list, not {_shown(data)}")
    return list(data)


def _shown(data: object) -> str:
    match data:
        case Mapping():
            return "a mapping"
        case list() | tuple():
            return "a list"
        case str():
            return f'"{data}"'
        case bool():
            return str(data).lower()
        case None:
            return "null"
        case _:
            return str(data)


def free_form(data: Any) -> Any:
    """A value of a Struct. All numbers in it are doubles."""
    match data:
        case Mapping():
            return {key: free_form(value) for key, value in data.items()}
        case list() | tuple():
            return [free_form(item) for item in data]
        case bool():
            return data
        case int() | float():
            return as_number(data)
        case _:
            return data


def as_number(number: float) -> float:
    """A number as a double. Whole numbers have no fraction."""
    double = float(number)
    return int(double) if double.is_integer() and abs(double) < 1e21 else double


# ---- scalars


def scalar(type_name: str, data: object, path: Path) -> JsonValue:
    """The canonical form of a scalar."""
    match type_name:
        case "bool":
            return _bool(data, path)
        case "string":
            return _string(data, path)
        case "bytes":
            return _bytes(data, path)
        case "double" | "float":
            return _real(type_name, data, path)
        case _:
            return _whole(type_name, data, path)


def _bool(data: object, path: Path) -> bool:
    if data is not None and not isinstance(data, bool):
        _fail(path, f"expected true or false, not {_shown(data)}")
    return bool(data)


def _string(data: object, path: Path) -> str:
    if data is not None and not isinstance(data, str):
        _fail(path, f"expected a text, not {_shown(data)}", "put it in quotes")
    return data or ""


def _bytes(data: object, path: Path) -> str:
    text = _string(data, path).replace("\n", "").replace("\r", "")
    try:
        return base64.b64encode(base64.b64decode(text, validate=True)).decode()
    except (binascii.Error, ValueError):
        _fail(path, "expected bytes in base 64")


_WHOLE = re.compile(r"-?(0|[1-9][0-9]*)", re.ASCII)
_REAL = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?", re.ASCII)
_NOT_FINITE = ("NaN", "Infinity", "-Infinity")


def _whole(type_name: str, data: object, path: Path) -> JsonValue:
    """An integer. 64-bit integers are printed in quotes."""
    number = as_number(data) if isinstance(data, int | float) and not isinstance(data, bool) else data or 0
    text = str(number)
    if isinstance(data, bool) or not _WHOLE.fullmatch(text):
        _fail(path, f"expected a whole number, not {_shown(data)}")
    bits = 64 if "64" in type_name else 32
    unsigned = type_name.startswith(("u", "fixed"))
    least, most = (0, 2**bits - 1) if unsigned else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    if not least <= int(text) <= most:
        _fail(path, f"{text} is not within {least} to {most}")
    return str(int(text)) if bits == 64 else int(text)


def _real(type_name: str, data: object, path: Path) -> JsonValue:
    if data in _NOT_FINITE and isinstance(data, str):
        raise _Unsupported(f"{data} is not supported")
    if isinstance(data, bool) or not _REAL.fullmatch(str(data or 0)):
        _fail(path, f"expected a number, not {_shown(data)}")
    number = float(data or 0)  # type: ignore[arg-type]  # a number, or a string with a number
    if math.isinf(number):
        _fail(path, f"{data} is too large")
    return number if type_name == "double" else _single(number, path)


def _single(number: float, path: Path) -> float:
    try:
        return shortest_single(number)
    except OverflowError:
        _fail(path, f"{number} is too large")


def shortest_single(number: float) -> float:
    """The shortest decimal number that converts to the same 32-bit float. Raises OverflowError if there is none."""
    packed = struct.pack("f", number)
    (stored,) = struct.unpack("f", packed)
    shortest = (float(f"{stored:.{digits}g}") for digits in range(1, 10))
    return next(each for each in shortest if struct.pack("f", each) == packed)


def _enum(name: str, data: object, path: Path) -> JsonValue:
    if name == f"{GOOGLE}NullValue":
        return None
    values = enum_values(name) or {}
    if isinstance(data, str):
        if data not in values:
            close = get_close_matches(data.upper(), values, n=1)
            _fail(path, f"{data} is no value of {name}", f"did you mean {close[0]}?" if close else "")
        number = values[data]
    else:
        number = int(str(_whole("int32", data, path)))
    names = (value for value, other in values.items() if other == number)
    known = next(names, None)
    if known is None:
        raise _Unsupported(f"{name} has no value with the number {number}")
    return known


def _map_key(field: FieldDescriptor, key: str, path: Path) -> str:
    """A map key. JSON keys are always strings."""
    if field.map_key == "bool":
        return key if key in ("true", "false") else _fail(path, f"expected true or false, not {key}")
    return key if field.map_key == "string" else str(_whole(field.map_key or "", key, path))


def _duration(data: object, path: Path) -> str:
    if not isinstance(data, str):
        _fail(path, f"expected a duration, not {_shown(data)}", "write it with a unit, such as 10s or 250ms")
    try:
        return Duration.parse(data).json
    except ValueError as error:
        _fail(path, str(error))


_FRACTION = re.compile(r"\.([0-9]{1,9})")


def _timestamp(data: object, path: Path) -> str:
    """RFC 3339 in UTC, with 0, 3, 6 or 9 decimals."""
    text = _string(data, path)
    decimals = _FRACTION.search(text)
    try:
        moment = datetime.fromisoformat(_FRACTION.sub("", text))
    except ValueError:
        _fail(path, f"expected a moment such as 2024-01-31T12:00:00Z, not {_shown(data)}")
    if moment.tzinfo is None:
        _fail(path, f"{text} has no time zone", "end it with Z")
    digits = (decimals[1] if decimals else "").ljust(9, "0").removesuffix("000").removesuffix("000").removesuffix("000")
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}{'.' if digits else ''}{digits}Z"
