"""Durations as Istio reads and prints them.

Istio's JSON goes through golang/protobuf's jsonpb, which reads a duration with Go's `time.ParseDuration`: `1h30m` and
`+2s` are as valid as `10s`, and the range is that of 64-bit nanoseconds. Printing follows protobuf JSON.
"""

from __future__ import annotations

import re
from typing import Any, Self

from msgspec import Struct

NANOSECONDS = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,  # micro sign
    "μs": 1_000,  # Greek mu
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}
LARGEST = 2**63 - 1
SMALLEST = -(2**63)

_TERM = re.compile(r"([0-9]*)(\.[0-9]*)?([^0-9.]+)")


class Duration(Struct, frozen=True, order=True):
    """A length of time in whole nanoseconds. As in Go, it may be negative."""

    nanoseconds: int = 0

    def __post_init__(self) -> None:
        if not SMALLEST <= self.nanoseconds <= LARGEST:
            raise ValueError("a duration must fit into 64 bits of nanoseconds, about 292 years")

    @classmethod
    def parse(cls, text: str) -> Self:
        """The duration of `text`, as Go's `time.ParseDuration` reads it. Raises ValueError for an invalid one."""
        digits = text[1:] if text[:1] in ("+", "-") else text
        if digits == "0":
            return cls()
        nanoseconds, end = 0, 0
        while match := _TERM.match(digits, end):
            nanoseconds += _term(text, *match.groups(default=""))
            end = match.end()
        if not digits or end != len(digits):
            raise _invalid(text)
        return cls(-nanoseconds if text[0] == "-" else nanoseconds)

    @classmethod
    def of_seconds(cls, seconds: int) -> Self:
        return cls(seconds * NANOSECONDS["s"])

    @property
    def milliseconds(self) -> int:
        """Whole milliseconds, truncated towards zero like Go's `Duration.Milliseconds`."""
        return _towards_zero(self.nanoseconds, NANOSECONDS["ms"])

    @property
    def seconds(self) -> float:
        return self.nanoseconds / NANOSECONDS["s"]

    @property
    def json(self) -> str:
        """The form of protobuf JSON, with 0, 3, 6 or 9 decimals: `10s`, `0.500s`, `1.000000001s`."""
        seconds, fraction = divmod(abs(self.nanoseconds), NANOSECONDS["s"])
        sign = "-" if self.nanoseconds < 0 else ""
        return f"{sign}{seconds}{_decimals(fraction)}s"

    def __str__(self) -> str:
        return self.json

    def __bool__(self) -> bool:
        """Whether the length is not zero."""
        return self.nanoseconds != 0

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        """The pydantic schema that reads it from text and prints it."""
        from pydantic_core import core_schema  # here, so that durations do not cost pydantic's import

        return core_schema.no_info_plain_validator_function(
            cls._validated,
            serialization=core_schema.plain_serializer_function_ser_schema(lambda duration: duration.json),
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: Any) -> dict[str, Any]:
        return {"type": "string", "description": "A duration such as 10s, 1.5h or 250ms", "pattern": JSON_PATTERN}

    @classmethod
    def _validated(cls, value: object) -> Duration:
        match value:
            case Duration():
                return value
            case str():
                return cls.parse(value)
            case _:
                raise ValueError("expected a duration in quotes or with a unit, such as 10s, 1.5h or 250ms")


JSON_PATTERN = r"^[+-]?(0|(([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)$"


def _term(text: str, whole: str, fraction: str, unit: str) -> int:
    """The nanoseconds of one number with its unit, with the rounding of Go's float64 arithmetic."""
    if unit not in NANOSECONDS or not (whole or fraction.strip(".")):
        raise _invalid(text)
    size = NANOSECONDS[unit]
    return int(whole or 0) * size + _fraction(fraction[1:], size)


def _fraction(digits: str, size: int) -> int:
    """`0.digits * size`, truncated. As in Go, digits beyond 63 bits are ignored."""
    value, scale = 0, 1.0
    for digit in digits:
        if value > LARGEST // 10 or value * 10 + int(digit) > LARGEST + 1:
            break
        value = value * 10 + int(digit)
        scale *= 10
    return int(value * (size / scale))


def _decimals(nanoseconds: int) -> str:
    if not nanoseconds:
        return ""
    text = f"{nanoseconds:09d}"
    return "." + text.removesuffix("000").removesuffix("000")


def _towards_zero(value: int, unit: int) -> int:
    return value // unit if value >= 0 else -(-value // unit)


def _invalid(text: str) -> ValueError:
    return ValueError(f"{text!r} is not a duration: expected numbers with units, such as 10s, 1.5h, 1h30m or 250ms")
