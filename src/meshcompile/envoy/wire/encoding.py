"""Protobuf JSON to bytes, by the descriptors of Envoy's API."""

import struct
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeAlias

import msgspec

from meshcompile.envoy import message as json_form
from meshcompile.envoy.descriptors import FieldDescriptor, MessageDescriptor, descriptor, enum_values
from meshcompile.envoy.message import TYPE_URL, EncodedMessage, Message
from meshcompile.envoy.reading import GOOGLE, NULLABLE, SPECIAL
from meshcompile.envoy.wire.errors import WireError
from meshcompile.envoy.wire.scalars import SCALARS, WireType, delimited, tag, text_bytes, varint
from meshcompile.envoy.wire.well_known import WRITERS

Write: TypeAlias = Callable[[Any], bytes]

_UNSUITABLE = (AttributeError, TypeError, ValueError, OverflowError, struct.error)
"""What the conversions of Python raise for JSON of the wrong shape or type."""
_ZEROS = frozenset({b"\0", bytes(4), bytes(8)})
"""The values that a field without presence has when it is absent."""


_SHARED_PARTS = {"envoy.config.route.v3.RouteConfiguration": ("virtual_hosts", "virtualHosts")}
"""Fields whose values are in many messages, by both of their names. Their bytes stay with the values."""


def encode(name: str, message: Message | EncodedMessage) -> bytes:
    """The bytes of a message of the type `name`. They stay with the message, so proxies that share it share them.

    Raises WireError for a value that the type does not have.
    """
    known = message.__dict__
    data: bytes | None = known.get("wire")
    if data is None:
        data = known["wire"] = encode_json(name, _json(name, message))
    return data


def _json(name: str, message: Message | EncodedMessage) -> dict[str, Any]:
    """The JSON of a message, in which shared parts are still messages."""
    field, key = _SHARED_PARTS.get(name, ("", ""))
    parts = getattr(message, field, ())
    rest = json_form.replaced(message, **{field: ()}) if parts and isinstance(message, Message) else message
    data: dict[str, Any] = msgspec.json.decode(json_form.encode(rest))
    return {**data, key: parts} if parts else data


def packed(name: str, message: Message | EncodedMessage) -> bytes:
    """The bytes of a google.protobuf.Any with a message of the type `name`. They stay with the message."""
    known = message.__dict__
    data: bytes | None = known.get("wire Any")
    if data is None:
        data = known["wire Any"] = any_bytes(TYPE_URL + name, encode(name, message))
    return data


def packed_pieces(name: str, message: Message) -> tuple[bytes, ...]:
    """The bytes of a google.protobuf.Any in pieces. Each shared part is a piece, and its bytes stay with the part.

    Raises WireError for a value that the type does not have.
    """
    field, _ = _SHARED_PARTS.get(name, ("", ""))
    parts: tuple[Message, ...] = getattr(message, field, ())
    if not parts:
        return (any_bytes(TYPE_URL + name, message_bytes(name, _json(name, message))),)
    number = _fields(name)[field][0]
    rest = _numbered_pieces(name, msgspec.json.decode(json_form.encode(json_form.replaced(message, **{field: ()}))))
    before, after = (
        b"".join(data for each, data in rest if (each < number) is is_before) for is_before in (True, False)
    )
    shared = [_shared_piece(name, field, part) for part in parts]
    size = len(before) + sum(map(len, shared)) + len(after)
    return b"\x0a" + text_bytes(TYPE_URL + name) + b"\x12" + varint(size) + before, *shared, after


def _shared_piece(name: str, field: str, part: Message) -> bytes:
    """A shared part as a field of the message around it. The bytes stay with the part."""
    known = part.__dict__
    data: bytes | None = known.get("wire field")
    if data is None:
        data = known["wire field"] = _fields(name)[field][1]([part])
    return data


def encode_json(name: str, data: Mapping[str, Any]) -> bytes:
    """The bytes of a message of the type `name`, from its protobuf JSON. Raises WireError with a path."""
    try:
        return message_bytes(name, data)
    except RecursionError:
        raise WireError("the message is nested too deeply") from None


def any_bytes(url: str, value: bytes) -> bytes:
    """The bytes of a google.protobuf.Any."""
    return b"\x0a" + text_bytes(url) + (b"\x12" + delimited(value) if value else b"")


def message_bytes(name: str, data: Any) -> bytes:
    """The bytes of a message from its protobuf JSON."""
    if special := WRITERS.get(name):
        return special(data)
    if name == f"{GOOGLE}Any":
        return _packed_json(data)
    return b"".join([piece for _, piece in _numbered_pieces(name, data)])


def _numbered_pieces(name: str, data: Mapping[str, Any]) -> list[tuple[int, bytes]]:
    """The bytes of each field with its number, in the order of the numbers."""
    fields, pieces = _fields(name), []
    for key, value in data.items():
        try:
            number, write = fields[key]
            pieces.append((number, write(value)))
        except KeyError:
            raise WireError(f"{name} has no field {key}", key) from None
        except WireError as error:
            raise error.within(key) from None
        except _UNSUITABLE as error:
            raise WireError(f"{value!r:.80} does not fit: {error}", key) from None
    pieces.sort()
    return pieces


def _packed_json(data: Mapping[str, Any]) -> bytes:
    """The bytes of an Any, whose JSON has the type in `@type` beside the fields."""
    if not data:
        return b""
    rest = dict(data)
    url = rest.pop("@type", None)
    if not isinstance(url, str):
        raise WireError("an Any needs @type", "@type")
    name = url.rpartition("/")[2]
    return any_bytes(url, message_bytes(name, rest.get("value", {}) if name in SPECIAL else rest))


@cache
def _fields(name: str) -> Mapping[str, tuple[int, Write]]:
    """The number and the writer of each field of a message, by both of its names."""
    message = descriptor(name)
    if message is None:
        raise WireError(f"Envoy's API has no message {name}")
    return {spelling: (field.number, _writer(field)) for spelling, field in _spellings(message)}


def _spellings(message: MessageDescriptor) -> list[tuple[str, FieldDescriptor]]:
    return [(spelling, field) for field in message.fields for spelling in (field.name, field.json_name)]


def _writer(field: FieldDescriptor) -> Write:
    """Writes a field with its tag. null is absent, except for types that have it as a value."""
    write = _present(field)
    if field.type in NULLABLE and field.cardinality in ("single", "optional"):
        return write
    return lambda value: b"" if value is None else write(value)


def _present(field: FieldDescriptor) -> Write:
    """Writes a field whose JSON is not null."""
    wire_type, element = _element(field)
    before = tag(field.number, wire_type)
    match field.cardinality:
        case "map":
            return _map_writer(field, element, wire_type)
        case "repeated" if wire_type is not WireType.LENGTH:
            together = tag(field.number, WireType.LENGTH)
            return lambda values: together + delimited(b"".join(map(element, values))) if values else b""
        case "repeated":
            return lambda values: b"".join([before + _item(element, index, each) for index, each in enumerate(values)])
        case "single" if not field.has_presence:
            return lambda value: b"" if (data := element(value)) in _ZEROS else before + data
        case _:
            return lambda value: before + element(value)


def _item(element: Write, step: object, value: Any) -> bytes:
    """One of several values. An error tells which one."""
    try:
        return element(value)
    except WireError as error:
        raise error.within(str(step)) from None


def _map_writer(field: FieldDescriptor, element: Write, wire_type: WireType) -> Write:
    """Writes a map: a message for each entry, with the key as field 1 and the value as field 2."""
    key_type = field.map_key or "string"
    key_element, before = SCALARS[key_type], tag(field.number, WireType.LENGTH)
    before_key, before_value = tag(1, key_element.wire_type), tag(2, wire_type)

    def entry(key: str, value: Any) -> bytes:
        written = key_element.write(key == "true" if key_type == "bool" else key)
        return before + delimited(before_key + written + before_value + _item(element, key, value))

    return lambda values: b"".join([entry(key, values[key]) for key in sorted(values)])


def _element(field: FieldDescriptor) -> tuple[WireType, Write]:
    """The wire type of one value of a field, and what writes it without its tag."""
    match field.kind:
        case "message":
            name = field.type
            return WireType.LENGTH, lambda value: delimited(_part(name, value))
        case "enum":
            return WireType.VARINT, _enum_writer(field.type)
        case _:
            scalar = SCALARS[field.type]
            return scalar.wire_type, scalar.write


def _part(name: str, value: Any) -> bytes:
    """The bytes of a message in another one."""
    return message_bytes(name, _json(name, value)) if isinstance(value, Message) else message_bytes(name, value)


def _enum_writer(name: str) -> Write:
    """Writes a value of an enum, which JSON has by name. A number stands for a value without a name."""
    values = {each: SCALARS["int32"].write(number) for each, number in (enum_values(name) or {}).items()}

    def write(value: Any) -> bytes:
        if isinstance(value, str):
            return values[value] if value in values else _no_value(name, value)
        return varint(0) if value is None else SCALARS["int32"].write(value)

    return write


def _no_value(name: str, value: str) -> bytes:
    raise WireError(f"{name} has no value {value}")
