"""JSON as Go's jsonpb prints free-form data: compact, keys sorted, numbers and escapes in Go's spelling."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from math import isfinite

# Go keeps JSON safe to embed in HTML and JavaScript.
_ESCAPES = str.maketrans({c: f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"})


def compact(value: object) -> str:
    """The JSON text of data made of mappings, sequences, texts, numbers, booleans and None."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return json.dumps(value, ensure_ascii=False).translate(_ESCAPES)
        case int() | float():
            return _number(float(value))
        case Mapping():
            return "{" + ",".join(f"{compact(str(key))}:{compact(value[key])}" for key in sorted(value)) + "}"
        case Sequence():
            return "[" + ",".join(compact(item) for item in value) + "]"
        case _:
            raise TypeError(f"{type(value).__name__} has no JSON form")


def in_order(value: object) -> str:
    """As `compact`, but with keys in the order of their mappings, as Go prints structs."""
    match value:
        case Mapping():
            return "{" + ",".join(f"{compact(str(key))}:{in_order(item)}" for key, item in value.items()) + "}"
        case list() | tuple():
            return "[" + ",".join(map(in_order, value)) + "]"
        case _:
            return compact(value)


def _number(value: float) -> str:
    """A double as `encoding/json` prints it: plain digits from 1e-6 up to 1e21, else an exponent without zeros."""
    if not isfinite(value):
        return '"NaN"' if value != value else '"Infinity"' if value > 0 else '"-Infinity"'
    if value == 0 or 1e-6 <= abs(value) < 1e21:
        plain = format(Decimal(repr(value)), "f")
        return plain.rstrip("0").rstrip(".") if "." in plain else plain
    mantissa, _, exponent = repr(value).partition("e")
    return f"{mantissa.removesuffix('.0')}e{int(exponent):+d}"
