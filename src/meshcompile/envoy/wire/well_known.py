"""The messages of `google.protobuf` with a JSON form of their own: durations, wrappers, and data without a schema."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from meshcompile.envoy.reading import GOOGLE, WRAPPED
from meshcompile.envoy.wire.errors import WireError
from meshcompile.envoy.wire.scalars import SCALARS, delimited, double_bytes, tag, text_bytes, varint

_DURATION = re.compile(r"(-?)(\d+)(?:\.(\d{1,9}))?s", re.ASCII)
_TIMESTAMP = re.compile(r"([^.]*?)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def value_bytes(value: Any) -> bytes:
    """The bytes of a google.protobuf.Value."""
    match value:
        case None:
            return b"\x08\0"
        case bool():
            return b"\x20\1" if value else b"\x20\0"
        case int() | float():
            return b"\x11" + double_bytes(value)
        case str():
            return b"\x1a" + text_bytes(value)
        case Mapping():
            return b"\x2a" + delimited(struct_bytes(value))
        case Sequence():
            return b"\x32" + delimited(list_bytes(value))
        case _:
            raise WireError(f"{type(value).__name__} is no JSON")


def struct_bytes(fields: Mapping[str, Any]) -> bytes:
    """The bytes of a google.protobuf.Struct, with sorted keys."""
    return b"".join([b"\x0a" + delimited(_entry(key, fields[key])) for key in sorted(fields)])


def _entry(key: str, value: Any) -> bytes:
    return b"\x0a" + text_bytes(key) + b"\x12" + delimited(value_bytes(value))


def list_bytes(values: Sequence[Any]) -> bytes:
    """The bytes of a google.protobuf.ListValue."""
    return b"".join([b"\x0a" + delimited(value_bytes(value)) for value in values])


def duration_bytes(text: Any) -> bytes:
    """The bytes of a google.protobuf.Duration: `1.500s`. The sign holds for seconds and nanoseconds."""
    found = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise WireError(f"expected a duration such as 1.500s, not {text!r}")
    sign = -1 if found[1] else 1
    return _moment(sign * int(found[2]), sign * _nanoseconds(found[3]))


def timestamp_bytes(text: Any) -> bytes:
    """The bytes of a google.protobuf.Timestamp: `2024-01-31T12:00:00.5Z`."""
    found = _TIMESTAMP.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise WireError(f"expected a moment such as 2024-01-31T12:00:00Z, not {text!r}")
    since = datetime.fromisoformat(found[1] + found[3]) - _EPOCH
    return _moment(since // timedelta(seconds=1), _nanoseconds(found[2]))


def _nanoseconds(digits: str | None) -> int:
    return int((digits or "").ljust(9, "0"))


def _moment(seconds: int, nanoseconds: int) -> bytes:
    """Field 1 has the seconds, field 2 the nanoseconds. A zero is absent."""
    head = b"\x08" + SCALARS["int64"].write(seconds) if seconds else b""
    return head + (b"\x10" + SCALARS["int32"].write(nanoseconds) if nanoseconds else b"")


def duration_text(seconds: int, nanoseconds: int) -> str:
    """A duration as protobuf JSON has it."""
    sign = "-" if seconds < 0 or nanoseconds < 0 else ""
    return f"{sign}{abs(seconds)}{_decimals(abs(nanoseconds))}s"


def timestamp_text(seconds: int, nanoseconds: int) -> str:
    """A moment as protobuf JSON has it, in UTC. Raises WireError outside of the years 1 to 9999."""
    try:
        moment = _EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        raise WireError("a timestamp is not within the years 1 to 9999") from None
    return f"{moment.replace(tzinfo=None).isoformat()}{_decimals(nanoseconds)}Z"


def _decimals(nanoseconds: int) -> str:
    """A fraction of a second, with 0, 3, 6 or 9 decimals."""
    if not 0 <= nanoseconds < 10**9:
        raise WireError(f"{nanoseconds} nanoseconds are not within a second")
    digits = f"{nanoseconds:09}".removesuffix("000").removesuffix("000").removesuffix("000")
    return f".{digits}" if digits else ""


def _wrapper_writer(type_name: str) -> Callable[[Any], bytes]:
    """Writes a wrapper: a message with the scalar as field 1."""
    scalar = SCALARS[type_name]
    before = tag(1, scalar.wire_type)
    zeros = (varint(0), bytes(4), bytes(8))

    def write(value: Any) -> bytes:
        data = scalar.write(value)
        return b"" if data in zeros else before + data

    return write


WRITERS: Mapping[str, Callable[[Any], bytes]] = {
    f"{GOOGLE}Duration": duration_bytes,
    f"{GOOGLE}Empty": lambda _: b"",
    f"{GOOGLE}ListValue": list_bytes,
    f"{GOOGLE}Struct": struct_bytes,
    f"{GOOGLE}Timestamp": timestamp_bytes,
    f"{GOOGLE}Value": value_bytes,
    **{name: _wrapper_writer(type_name) for name, type_name in WRAPPED.items()},
}
"""Writers by full name, from the JSON form to the bytes of the message."""
