"""Bytes to protobuf JSON, by the descriptors of Envoy's API. The bytes may come from anybody.

Unknown fields are skipped, as protobuf does. The JSON is canonical: fields in the order of the proto file, no fields
with default values. An Any of a type that Envoy does not have keeps its bytes, in base64 under `value`.
"""

import base64
from collections.abc import Iterator
from functools import cache
from typing import Any

from msgspec import Struct

from meshcompile.envoy.descriptors import FieldDescriptor, MessageDescriptor, descriptor, enum_values
from meshcompile.envoy.reading import GOOGLE, SPECIAL, WRAPPED, is_default
from meshcompile.envoy.wire.errors import WireError
from meshcompile.envoy.wire.records import Budget, Limits, Raw, Record, numbers, records
from meshcompile.envoy.wire.scalars import SCALARS, WireType, read_text
from meshcompile.envoy.wire.well_known import duration_text, timestamp_text

_STANDARD = Limits()


def decode(name: str, data: bytes, limits: Limits = _STANDARD) -> dict[str, Any]:
    """The protobuf JSON of a message of the type `name`. Raises WireError, with the path of the problem."""
    if len(data) > limits.size:
        raise WireError(f"the message has {len(data)} bytes, more than {limits.size}")
    value: dict[str, Any] = _Decoder(Budget(limits.values), limits.depth).message(name, memoryview(data))
    return value


class _Decoder(Struct, frozen=True):
    """Decodes one message. `depth` is how much deeper messages may nest."""

    budget: Budget
    depth: int

    def message(self, name: str, data: memoryview) -> Any:
        """The JSON of a message of any type."""
        if name in SPECIAL:
            return self.special(name, data)
        message = descriptor(name)
        if message is None:
            raise WireError(f"Envoy's API has no message {name}")
        found = self.occurrences(message, data)
        values = ((field, self.step(field, found[field.number])) for field in message.fields if field.number in found)
        return {field.json_name: value for field, value in values if field.has_presence or not is_default(field, value)}

    def occurrences(self, message: MessageDescriptor, data: memoryview) -> dict[int, list[Record]]:
        """The records by field number, without unknown fields, and with the last alternative of each oneof."""
        fields, found = _by_number(message.name), dict[int, list[Record]]()
        for record in records(data, self.budget):
            field = fields.get(record.number)
            if field is None or not _suits(field, record.wire_type):
                continue
            if field.oneof:
                for other in message.oneof(field.oneof):
                    if other is not field:
                        found.pop(other.number, None)
            found.setdefault(record.number, []).append(record)
        return found

    def step(self, field: FieldDescriptor, found: list[Record]) -> Any:
        """The JSON of a field. An error tells which one."""
        try:
            return self.field(field, found)
        except WireError as error:
            raise error.within(field.name) from None

    def field(self, field: FieldDescriptor, found: list[Record]) -> Any:
        """The JSON of a field, from all its records."""
        match field.cardinality:
            case "repeated":
                raws = (raw for record in found for raw in self.unpacked(field, record))
                return [self.element(field, raw) for raw in raws]
            case "map":
                return dict(self.entry(field, record.value) for record in found)
            case _:
                return self.element(field, _merged(field, found))

    def unpacked(self, field: FieldDescriptor, record: Record) -> Iterator[Raw]:
        """The values in a record of a repeated field. Numbers may be packed into one record."""
        wire_type = _wire_type(field)
        if wire_type is not WireType.LENGTH and isinstance(record.value, memoryview):
            return numbers(record.value, wire_type, self.budget)
        return iter((record.value,))

    def entry(self, field: FieldDescriptor, raw: Raw) -> tuple[str, Any]:
        """The key and the value of an entry of a map. Either may be absent."""
        key_type = field.map_key or "string"
        key, value = _zero(SCALARS[key_type].wire_type), _zero(_wire_type(field))
        for record in records(_bytes(raw), self.budget):
            if record.number == 1 and record.wire_type == SCALARS[key_type].wire_type:
                key = record.value
            elif record.number == 2 and record.wire_type == _wire_type(field):
                value = record.value
        return _key_text(_scalar(key_type, key)), self.element(field, value)

    def element(self, field: FieldDescriptor, raw: Raw) -> Any:
        """The JSON of one value."""
        match field.kind:
            case "message":
                return self.deeper().message(field.type, _bytes(raw))
            case "enum":
                return _enum_value(field.type, raw)
            case _:
                return _scalar(field.type, raw)

    def deeper(self) -> "_Decoder":
        """The decoder of the messages in this one."""
        if not self.depth:
            raise WireError("messages are nested too deeply")
        return _Decoder(self.budget, self.depth - 1)

    def special(self, name: str, data: memoryview) -> Any:
        """The JSON of a message with a JSON form of its own."""
        if name in WRAPPED:
            return self.scalar_of(WRAPPED[name], data)
        match name.removeprefix(GOOGLE):
            case "Any":
                return self.packed(data)
            case "Duration":
                return duration_text(*self.moment(data))
            case "Timestamp":
                return timestamp_text(*self.moment(data))
            case "Value":
                return self.value(data)
            case "Struct":
                return dict(self.struct_entry(_bytes(record.value)) for record in self.lengths(data, 1))
            case "ListValue":
                return [self.deeper().value(_bytes(record.value)) for record in self.lengths(data, 1)]
            case _:
                return {}

    def lengths(self, data: memoryview, number: int) -> Iterator[Record]:
        """The records of one field that holds bytes."""
        all_records = records(data, self.budget)
        return (record for record in all_records if (record.number, record.wire_type) == (number, WireType.LENGTH))

    def scalar_of(self, type_name: str, data: memoryview) -> Any:
        """The JSON of a wrapper: that of the scalar in field 1."""
        wire_type = SCALARS[type_name].wire_type
        raw = _zero(wire_type)
        for record in records(data, self.budget):
            if (record.number, record.wire_type) == (1, wire_type):
                raw = record.value
        return _scalar(type_name, raw)

    def moment(self, data: memoryview) -> tuple[int, int]:
        """The seconds and nanoseconds of a duration or a timestamp."""
        found = {record.number: record.value for record in records(data, self.budget) if not record.wire_type}
        return int(SCALARS["int64"].read(found.get(1, 0))), SCALARS["int32"].read(found.get(2, 0))

    def packed(self, data: memoryview) -> dict[str, Any]:
        """The JSON of an Any: the message of the type in `@type`, with `@type`."""
        found = {record.number: _bytes(record.value) for record in records(data, self.budget) if record.wire_type == 2}
        url, value = read_text(bytes(found.get(1, b""))), found.get(2, memoryview(b""))
        name = url.rpartition("/")[2]
        if not url:
            return {}
        if descriptor(name) is None:
            return {"@type": url, "value": base64.b64encode(value).decode()}
        inside = self.deeper().message(name, value)
        return {"@type": url, "value": inside} if name in SPECIAL else {"@type": url, **inside}

    def struct_entry(self, data: memoryview) -> tuple[str, Any]:
        """A key of a Struct, and its value."""
        found = {record.number: _bytes(record.value) for record in records(data, self.budget) if record.wire_type == 2}
        key = read_text(bytes(found.get(1, b"")))
        try:
            return key, self.deeper().value(found.get(2, memoryview(b"")))
        except WireError as error:
            raise error.within(key) from None

    def value(self, data: memoryview) -> Any:
        """The JSON of a google.protobuf.Value. Without any field it is null, as protobuf prints no such value."""
        last = None
        for record in records(data, self.budget):
            if record.wire_type == _VALUE_TYPES.get(record.number):
                last = record
        match last:
            case Record(2, _, number):
                return _scalar("double", number)
            case Record(3, _, text):
                return _scalar("string", text)
            case Record(4, _, flag):
                return bool(flag)
            case Record(5, _, fields):
                return self.deeper().special(f"{GOOGLE}Struct", _bytes(fields))
            case Record(6, _, items):
                return self.deeper().special(f"{GOOGLE}ListValue", _bytes(items))
            case _:
                return None


_VALUE_TYPES = {1: WireType.VARINT, 2: WireType.FIXED64, 3: WireType.LENGTH, 4: WireType.VARINT} | dict.fromkeys(
    (5, 6), WireType.LENGTH
)
"""The wire types of the alternatives of a google.protobuf.Value, by number."""


@cache
def _by_number(name: str) -> dict[int, FieldDescriptor]:
    message = descriptor(name)
    return {field.number: field for field in message.fields} if message else {}


def _wire_type(field: FieldDescriptor) -> WireType:
    """The wire type of one value of a field."""
    match field.kind:
        case "message":
            return WireType.LENGTH
        case "enum":
            return WireType.VARINT
        case _:
            return SCALARS[field.type].wire_type


def _suits(field: FieldDescriptor, wire_type: int) -> bool:
    """Whether a record of this wire type can be of the field. protobuf treats any other as an unknown field."""
    if field.cardinality == "map":
        return wire_type == WireType.LENGTH
    return wire_type == _wire_type(field) or (field.cardinality == "repeated" and wire_type == WireType.LENGTH)


def _merged(field: FieldDescriptor, found: list[Record]) -> Raw:
    """The value of a field that has one: the last one, or for messages all of them merged."""
    if field.kind == "message" and len(found) > 1:
        return memoryview(b"".join(_bytes(record.value) for record in found))
    return found[-1].value


def _zero(wire_type: WireType) -> Raw:
    return memoryview(b"") if wire_type is WireType.LENGTH else 0


def _bytes(raw: Raw) -> memoryview:
    if not isinstance(raw, memoryview):
        raise WireError("expected bytes, not a number")
    return raw


def _scalar(type_name: str, raw: Raw) -> Any:
    return SCALARS[type_name].read(bytes(raw) if isinstance(raw, memoryview) else raw)


def _key_text(key: Any) -> str:
    """A key of a map as JSON has it."""
    return str(key).lower() if isinstance(key, bool) else str(key)


def _enum_value(name: str, raw: Raw) -> Any:
    """The name of an enum value, or its number if it has no name."""
    number = _scalar("int32", raw)
    names = _enum_names(name)
    return None if name == f"{GOOGLE}NullValue" else names.get(number, number)


@cache
def _enum_names(name: str) -> dict[int, str]:
    """The first name of each number of an enum."""
    values = enum_values(name) or {}
    return {number: each for each, number in reversed([*values.items()])}
