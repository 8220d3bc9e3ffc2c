"""The records of a message: the number, the wire type and the raw value of each field, in the order of the bytes."""

from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

from msgspec import Struct

from meshcompile.envoy.wire.errors import WireError
from meshcompile.envoy.wire.scalars import WireType

Raw: TypeAlias = int | memoryview
"""The value of a record: a number for the wire types with a number, bytes for LENGTH."""


class Limits(Struct, frozen=True):
    """What `decode` accepts: the bytes of a message, the depth of messages in messages, and the number of values."""

    size: int = 4 * 1024 * 1024
    depth: int = 64
    values: int = 250_000


class Record(NamedTuple):
    """One occurrence of a field."""

    number: int
    wire_type: int
    value: Raw


class Budget:
    """Counts the values of a whole message, at all depths."""

    __slots__ = ("left",)

    def __init__(self, values: int) -> None:
        self.left = values

    def spend(self) -> None:
        """Count one value. Raises WireError after the last one that is allowed."""
        self.left -= 1
        if self.left < 0:
            raise WireError("the message has too many values")


def records(data: memoryview, budget: Budget) -> Iterator[Record]:
    """The records of a message. Raises WireError where the bytes are malformed."""
    position, end = 0, len(data)
    while position < end:
        budget.spend()
        key, position = read_varint(data, position)
        number, wire_type = key >> 3, key & 7
        if not 0 < number < 2**29:
            raise WireError(f"there is no field number {number}")
        value, position = _value(data, position, wire_type)
        yield Record(number, wire_type, value)


def _value(data: memoryview, position: int, wire_type: int) -> tuple[Raw, int]:
    """The value that starts at a position, and the position behind it."""
    match wire_type:
        case WireType.VARINT:
            return read_varint(data, position)
        case WireType.FIXED64:
            return _fixed(data, position, 8)
        case WireType.FIXED32:
            return _fixed(data, position, 4)
        case WireType.LENGTH:
            length, position = read_varint(data, position)
            return _slice(data, position, length), position + length
        case _:
            raise WireError(f"wire type {wire_type} is not part of proto3")


def _fixed(data: memoryview, position: int, size: int) -> tuple[int, int]:
    return int.from_bytes(_slice(data, position, size), "little"), position + size


def _slice(data: memoryview, position: int, size: int) -> memoryview:
    if size > len(data) - position:
        raise WireError("the message ends inside a field")
    return data[position : position + size]


def read_varint(data: memoryview, position: int) -> tuple[int, int]:
    """The number that starts at a position, and the position behind it."""
    number = 0
    for shift in range(0, 70, 7):
        if position >= len(data):
            raise WireError("the message ends inside a number")
        group = data[position]
        position += 1
        number |= (group & 0x7F) << shift
        if group < 0x80:
            return number & 2**64 - 1, position
    raise WireError("a number has more than ten bytes")


def numbers(data: memoryview, wire_type: WireType, budget: Budget) -> Iterator[int]:
    """The values of a packed field: numbers of one wire type, one after the other."""
    position = 0
    while position < len(data):
        budget.spend()
        value, position = _value(data, position, wire_type)
        assert isinstance(value, int)
        yield value
