"""The value of an unquoted YAML scalar in sigs.k8s.io/yaml: YAML 1.1 as Go reads it, converted to JSON values.

Follows `resolve` of go.yaml.in/yaml/v2 and `convertToJSONableObject` of sigs.k8s.io/yaml. Unlike in PyYAML, `y` and `n`
are booleans, `0o10` is a number, and `1:30` and dates are text. A value without a JSON form (`.inf`, a null key) is an
error.
"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as Base64Error
from decimal import Decimal
from math import isfinite
from struct import pack, unpack
from typing import Final

Scalar = str | int | float | bool | None


class Unrepresentable(ValueError):
    """A scalar without a JSON value, or one that does not match its tag."""


class Merge:
    """The key `<<`, which merges the entries of other mappings."""


MERGE: Final = Merge()

_WORDS: dict[str, Scalar] = (
    dict.fromkeys(["", "~", "null", "Null", "NULL"])
    | dict.fromkeys(["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"], True)
    | dict.fromkeys(["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"], False)
)
_NOT_FINITE = frozenset(f"{sign}.{word}" for sign in ("", "+", "-") for word in ("inf", "Inf", "INF")) | {
    ".nan",
    ".NaN",
    ".NAN",
}
_NUMBER_STARTS = frozenset("+-.0123456789")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INTEGER = re.compile(r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))")
_BETWEEN_DIGITS = re.compile(r"(?<=[0-9])_(?=[0-9])")
_SMALLEST_INTEGER, _LARGEST_INTEGER, _LARGEST_UNSIGNED = -(2**63), 2**63 - 1, 2**64 - 1
_FIRST_WITH_EXPONENT = 1e21
"""Go prints doubles from here on with an exponent. It prints smaller whole doubles as integers."""

_TAG = "tag:yaml.org,2002:"


def plain(text: str) -> Scalar:
    """The value of an unquoted scalar without a tag."""
    value = resolved(text)
    return _json_number(value) if isinstance(value, float) else value


def resolved(text: str) -> Scalar:
    """As `plain`, but with whole doubles still doubles."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMBER_STARTS:
        return text
    if text in _NOT_FINITE:
        raise Unrepresentable(f"{text} is a number that JSON cannot express")
    digits = _BETWEEN_DIGITS.sub("", text) if text[0] == "." else text.replace("_", "")
    if (integer := _integer(digits)) is not None:
        return integer
    return text if (number := _float(digits)) is None else number


def tagged(tag: str, text: str) -> Scalar:
    """The value of a scalar with a tag. Tags that YAML does not define leave the text unchanged."""
    match tag.removeprefix(_TAG):
        case "binary":
            return _binary(text)
        case "bool" | "int" | "float" | "null" | "timestamp" as type_name:
            return _converted(type_name, text)
        case _:
            return text


def key(text: str) -> str | Merge:
    """The string of an unquoted key. JSON keys are strings, so `on` is "true" and `1.50` is "1.5"."""
    if text == "<<":
        return MERGE
    return key_text(resolved(text), text)


def key_text(value: Scalar, text: str) -> str:
    """The JSON key for the value of a key that was written as `text`."""
    match value:
        case str():
            return value
        case bool():
            return str(value).lower()
        case int() if value <= _LARGEST_INTEGER:
            return str(value)
        case float():
            return short_float(value)
        case _:
            raise Unrepresentable(f"a key must be text, and {text or 'nothing'!r} is not")


def _integer(digits: str) -> int | None:
    """An integer as Go reads it: `strconv.ParseInt` in base 0, then `ParseUint`, which accepts no sign."""
    match = _INTEGER.fullmatch(digits)
    if match is None:
        return None
    sign, hexadecimal, binary, octal, decimal = match.groups()
    for written, base in ((decimal, 10), (octal, 8), (hexadecimal, 16), (binary, 2)):
        if written is not None:
            # Beyond 20 decimal digits no integer fits; Python refuses to read very long ones.
            value = _LARGEST_UNSIGNED + 1 if base == 10 and len(written) > 20 else int(written, base)
            value = -value if sign == "-" else value
            largest = _LARGEST_INTEGER if sign else _LARGEST_UNSIGNED
            return value if _SMALLEST_INTEGER <= value <= largest else None
    raise AssertionError("one alternative of the pattern matched")


def _float(digits: str) -> float | None:
    """The double. None for other text, and for a value that overflows: Go keeps such a value as text."""
    if not _FLOAT.fullmatch(digits):
        return None
    value = float(digits)
    return value if isfinite(value) else None


def _json_number(value: float) -> int | float:
    """A whole double as the integer that Go prints for it, with the shortest digits."""
    if not value.is_integer() or abs(value) >= _FIRST_WITH_EXPONENT:
        return value
    return int(Decimal(repr(value)))


def short_float(value: float) -> str:
    """A double as Go's `FormatFloat(value, 'g', -1, 32)` prints it."""
    nearest = unpack("f", pack("f", value))[0]
    if not isfinite(nearest):
        return ".inf" if value > 0 else "-.inf"
    for precision in range(1, 10):
        digits = f"{nearest:.{precision - 1}e}"
        if unpack("f", pack("f", float(digits)))[0] == nearest:
            break
    exponent = int(digits.partition("e")[2])
    if -4 <= exponent < 6:
        return f"{Decimal(digits):f}"
    return digits


def _binary(text: str) -> str:
    """The text of base64 data. As in Go, a replacement character stands for every byte that is not UTF-8."""
    try:
        data = b64decode(text.replace("\n", "").replace("\r", ""), validate=True)
    except Base64Error as error:
        raise Unrepresentable("!!binary needs base64") from error
    return re.sub("[\udc80-\udcff]", "\ufffd", data.decode(errors="surrogateescape"))


def _converted(type_name: str, text: str) -> Scalar:
    match type_name, resolved(text):
        case ("bool", bool() as value) | ("null", None as value) | ("timestamp", str() as value):
            return value
        case "int", int() as value if not isinstance(value, bool):
            return value
        case "float", int() | float() as value if not isinstance(value, bool):
            return _json_number(float(value))
        case _:
            raise Unrepresentable(f"{text!r} has the tag !!{type_name}, but is not a valid {type_name}")
