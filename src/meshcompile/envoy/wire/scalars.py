"""Scalars of protobuf: their wire types, and how their JSON values are written and read."""

import base64
import binascii
import struct
from collections.abc import Callable, Mapping
from enum import IntEnum
from typing import Any, NamedTuple

from meshcompile.envoy.reading import shortest_single
from meshcompile.envoy.wire.errors import WireError

MASK = 2**64 - 1


class WireType(IntEnum):
    """What follows a tag. Groups (3 and 4) are not part of proto3."""

    VARINT = 0
    FIXED64 = 1
    LENGTH = 2
    FIXED32 = 5


class Scalar(NamedTuple):
    """A scalar type. `write` takes a JSON value; `read` takes a number, or bytes for the type LENGTH."""

    wire_type: WireType
    write: Callable[[Any], bytes]
    read: Callable[[Any], Any]


def varint(number: int) -> bytes:
    """A number from 0 to 2**64 - 1 in groups of seven bits, the lowest first."""
    if number < 0x80:
        return _ONE_BYTE[number]
    groups = bytearray()
    while number >= 0x80:
        groups.append(number & 0x7F | 0x80)
        number >>= 7
    groups.append(number)
    return bytes(groups)


_ONE_BYTE = tuple(bytes((number,)) for number in range(0x80))


def tag(number: int, wire_type: WireType) -> bytes:
    """The bytes in front of the value of a field."""
    return varint(number << 3 | wire_type)


def delimited(data: bytes) -> bytes:
    """Bytes with their length in front of them."""
    return varint(len(data)) + data


def text_bytes(value: Any) -> bytes:
    """A string with its length in front of it."""
    if not isinstance(value, str):
        raise WireError(f"expected a text, not {value!r}")
    return delimited(value.encode())


def _integer(bits: int, *, signed: bool) -> Callable[[Any], int]:
    """Converts a JSON value to an integer of so many bits."""
    least, most = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)

    def integer(value: Any) -> int:
        number = int(value)
        if number != value and not isinstance(value, str):
            raise WireError(f"expected a whole number, not {value!r}")
        if not least <= number <= most:
            raise WireError(f"{number} is not within {least} to {most}")
        return number

    return integer


def _printed(number: int, bits: int) -> int | str:
    """An integer as protobuf JSON has it: 64 bits in quotes."""
    return str(number) if bits == 64 else number


def _signed(number: int, bits: int) -> int:
    """The lowest bits of a number, as a signed integer."""
    number &= 2**bits - 1
    return number - 2**bits if number >= 2 ** (bits - 1) else number


def _varint_scalar(bits: int, *, signed: bool) -> Scalar:
    integer, mask = _integer(bits, signed=signed), 2**bits - 1

    def read(number: int) -> int | str:
        return _printed(_signed(number, bits) if signed else number & mask, bits)

    return Scalar(WireType.VARINT, lambda value: varint(integer(value) & MASK), read)


def _zigzag_scalar(bits: int) -> Scalar:
    integer, mask = _integer(bits, signed=True), 2**bits - 1

    def write(value: Any) -> bytes:
        number = integer(value)
        return varint((number << 1 ^ number >> bits - 1) & mask)

    def read(number: int) -> int | str:
        number &= mask
        return _printed(number >> 1 ^ -(number & 1), bits)

    return Scalar(WireType.VARINT, write, read)


def _fixed_scalar(bits: int, *, signed: bool) -> Scalar:
    integer, size = _integer(bits, signed=signed), bits // 8

    def write(value: Any) -> bytes:
        return integer(value).to_bytes(size, "little", signed=signed)

    def read(number: int) -> int | str:
        return _printed(_signed(number, bits) if signed else number, bits)

    return Scalar(WireType.FIXED64 if bits == 64 else WireType.FIXED32, write, read)


def double_bytes(value: Any) -> bytes:
    """A number, or the text of one, in 64 bits."""
    return struct.pack("<d", float(value))


def read_double(number: int) -> float | str:
    """The number in 64 bits, as protobuf JSON has it."""
    return _real(struct.unpack("<d", number.to_bytes(8, "little"))[0])


def _read_single(number: int) -> float | str:
    value = _real(struct.unpack("<f", number.to_bytes(4, "little"))[0])
    return shortest_single(value) if isinstance(value, float) else value


def _real(value: float) -> float | str:
    """A whole number has no fraction, and what is not finite is a text."""
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    return int(value) if value.is_integer() and abs(value) < 1e21 and str(value) != "-0.0" else value


def _bool_bytes(value: Any) -> bytes:
    if not isinstance(value, bool):
        raise WireError(f"expected true or false, not {value!r}")
    return b"\1" if value else b"\0"


def _base64_bytes(value: Any) -> bytes:
    try:
        return delimited(base64.b64decode(value, validate=True))
    except (binascii.Error, TypeError, ValueError):
        raise WireError("expected bytes in base64") from None


def read_text(data: bytes) -> str:
    """The text of UTF-8. Raises WireError for any other bytes."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise WireError("a text is not UTF-8") from None


SCALARS: Mapping[str, Scalar] = {
    "bool": Scalar(WireType.VARINT, _bool_bytes, bool),
    "string": Scalar(WireType.LENGTH, text_bytes, read_text),
    "bytes": Scalar(WireType.LENGTH, _base64_bytes, lambda data: base64.b64encode(data).decode()),
    "double": Scalar(WireType.FIXED64, double_bytes, read_double),
    "float": Scalar(WireType.FIXED32, lambda value: struct.pack("<f", float(value)), _read_single),
    "int32": _varint_scalar(32, signed=True),
    "int64": _varint_scalar(64, signed=True),
    "uint32": _varint_scalar(32, signed=False),
    "uint64": _varint_scalar(64, signed=False),
    "sint32": _zigzag_scalar(32),
    "sint64": _zigzag_scalar(64),
    "fixed32": _fixed_scalar(32, signed=False),
    "fixed64": _fixed_scalar(64, signed=False),
    "sfixed32": _fixed_scalar(32, signed=True),
    "sfixed64": _fixed_scalar(64, signed=True),
}
