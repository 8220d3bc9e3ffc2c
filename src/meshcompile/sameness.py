"""Which values of an earlier mesh can replace new ones: equal values with the same origins.

Equality is not enough. Nodes are equal regardless of their origins, and some records exclude origins from equality.
Such a value may have the line of a file before an edit. Sameness compares all fields of a record. Nodes, documents and
everything else that is compared by identity are the same only if they are the same object.
"""

from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any, TypeVar

from msgspec import Struct

V = TypeVar("V")
PLAIN = frozenset({str, int, float, bool, bytes, type(None)})


def same(one: object, other: object) -> bool:
    """Whether two values are equal and have the same origins throughout."""
    if one is other:
        return True
    kind = one.__class__
    if kind is not other.__class__:
        return False
    return one == other if kind in PLAIN else _has_same_parts(one, other)


def _has_same_parts(one: Any, other: Any) -> bool:
    match one:
        case Enum():
            return False
        case tuple() | list():
            return len(one) == len(other) and all(map(same, one, other))
        case dict():
            return len(one) == len(other) and all(map(same, one.items(), other.items()))
        case frozenset():
            return one == other and all(item.__class__ in PLAIN for item in one)
        case Struct() if one.__struct_config__.eq:
            return all(same(getattr(one, name), getattr(other, name)) for name in one.__struct_fields__)
        case _ if is_dataclass(one) and one.__class__.__eq__ is not object.__eq__:
            return all(same(getattr(one, each.name), getattr(other, each.name)) for each in fields(one))
        case _:
            return False


def reused(earlier: V, value: V) -> V:
    """The earlier value if it is the same as the new one, else the new one.

    A new tuple keeps each item that is the same as an earlier one.
    """
    if same(earlier, value):
        return earlier
    if value.__class__ is tuple and earlier.__class__ is tuple:
        return _with_earlier_items(earlier, value)  # type: ignore[arg-type, return-value]  # both are tuples
    return value


def _with_earlier_items(earlier: tuple[Any, ...], value: tuple[Any, ...]) -> tuple[Any, ...]:
    try:
        known = dict(zip(earlier, earlier, strict=True))
        found = [known.get(item, item) for item in value]
    except TypeError:  # items without a hash
        return value
    return tuple(old if same(old, item) else item for old, item in zip(found, value, strict=True))
