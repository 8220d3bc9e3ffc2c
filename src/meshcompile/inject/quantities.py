"""Quantities of Kubernetes, such as 500m and 1Gi, in their canonical form.

Follows `ParseQuantity` and `CanonicalizeBytes` of k8s.io/apimachinery (pkg/api/resource). A quantity keeps its family
of suffixes: 1024Mi is 1Gi, and 1000m is 1. A text that is canonical already stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import ROUND_UP, Context, Decimal
from enum import Enum

from msgspec import Struct

_QUANTITY = re.compile(
    r"(?P<sign>[+-]?)0*(?P<digits>[0-9]*)(?:\.(?P<decimals>[0-9]*))?(?P<suffix>[a-zA-Z]*[+-]?[0-9]*)"
)
_BINARY: Mapping[str, int] = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_DECIMAL: Mapping[str, int] = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_EXPONENT = re.compile(r"[eE]([+-]?[0-9]+)")
_LARGEST = 2**63 - 1
_NANO = Decimal("1e-9")
_EXACT = Context(prec=400)
_LONGEST = 300
"""Digits and exponents beyond this are refused: no amount of anything needs them."""


class Family(Enum):
    """The suffixes of a quantity."""

    DECIMAL = _DECIMAL
    BINARY = _BINARY
    EXPONENT = None


class _Parsed(Struct, frozen=True):
    digits: str
    decimals: str
    family: Family
    exponent: int
    negative: bool


def canonical_quantity(text: str) -> str:
    """The canonical form of a quantity. Raises ValueError for a text that is none."""
    if text == "0":
        return text
    parsed = _parsed(text)
    return text if _is_canonical(parsed) else _printed(_amount(parsed), parsed)


def _parsed(text: str) -> _Parsed:
    match = _QUANTITY.fullmatch(text)
    if match is None or not text.strip("+-") or len(text) > _LONGEST:
        raise ValueError(f"{text!r} is no quantity, such as 500m or 1Gi")
    family, exponent = _suffix(match["suffix"], text)
    if match["suffix"] in ("Pi", "Ei") and not any(each.isdigit() for each in text):
        raise ValueError(f"{text!r} has no number")  # Go takes other suffixes alone as zero
    zero = "0" if match.start("digits") > match.end("sign") or match["decimals"] is not None else ""
    digits = match["digits"] or zero
    if not digits and match["suffix"]:
        digits = "0"
    return _Parsed(digits, match["decimals"] or "", family, exponent, match["sign"] == "-")


def _suffix(suffix: str, text: str) -> tuple[Family, int]:
    if suffix in _DECIMAL:
        return Family.DECIMAL, _DECIMAL[suffix]
    if suffix in _BINARY:
        return Family.BINARY, _BINARY[suffix]
    written = _EXPONENT.fullmatch(suffix)
    if written is None or abs(int(written[1])) > _LONGEST:
        raise ValueError(f"{text!r} ends with {suffix!r}, which is no suffix of a quantity")
    return Family.EXPONENT, int(written[1])


def _is_canonical(parsed: _Parsed) -> bool:
    """True for a quantity that Go prints as it was written."""
    digits, decimals = parsed.digits, parsed.decimals
    shifted = int(digits + decimals or "0")
    if parsed.family is Family.BINARY:
        precision = -1 if decimals else 15 - len(digits) - int(parsed.exponent * 3 / 10) - 1
        return precision >= 0 and shifted & 7 != 0 and shifted << parsed.exponent <= _LARGEST
    scale = parsed.exponent - len(decimals)
    if 18 - len(digits + decimals) < 0 or scale < -9:
        return False
    return scale % 3 == 0 and not (digits + decimals).endswith("000") and not (digits + decimals).startswith("0")


def _amount(parsed: _Parsed) -> Decimal:
    """The amount, rounded up to whole nanos as Go does."""
    written = Decimal(f"{parsed.digits or '0'}.{parsed.decimals or '0'}")
    if parsed.family is Family.BINARY:
        amount = _EXACT.multiply(written, Decimal(2**parsed.exponent))
        amount = min(amount, Decimal(_LARGEST))
    else:
        amount = written.scaleb(parsed.exponent, _EXACT)
    rounded = amount.quantize(_NANO, ROUND_UP, _EXACT)
    return _EXACT.minus(rounded) if parsed.negative else rounded


def _printed(amount: Decimal, parsed: _Parsed) -> str:
    if not amount:
        return "0"
    whole = amount == amount.to_integral_value()
    if parsed.family is Family.BINARY and whole and abs(amount) >= 1024:
        return _binary(int(amount))
    exponent, digits = _thousands(amount)
    if parsed.family is Family.EXPONENT:
        return f"{digits}e{exponent}" if exponent else str(digits)
    suffixes = {value: suffix for suffix, value in _DECIMAL.items()}
    return f"{digits}{suffixes.get(exponent, '')}"


def _binary(amount: int) -> str:
    exponent = 0
    while abs(amount) >= 1024 and amount % 1024 == 0 and exponent < 60:
        amount, exponent = amount // 1024, exponent + 10
    suffixes = {value: suffix for suffix, value in _BINARY.items()}
    return f"{amount}{suffixes.get(exponent, '')}"


def _thousands(amount: Decimal) -> tuple[int, int]:
    """The exponent, a multiple of three, and the digits before it."""
    reduced = amount.normalize(_EXACT)
    exponent = reduced.as_tuple().exponent
    assert isinstance(exponent, int)  # the amount is finite
    floor = exponent - exponent % 3
    return floor, int(reduced.scaleb(-floor, _EXACT))
