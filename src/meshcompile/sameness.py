"""Which values of an earlier mesh can replace new ones: equal values with the same origins.

Equality is not enough. Nodes are equal regardless of their origins, and some records exclude origins from equality.
Such a value may have the line of a file before an edit. Sameness compares all fields of a record. Nodes, documents and
everything else that is compared by identity are the same only if they are the same object.
"""

from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from itertools import takewhile
from operator import is_
from typing import Any, Generic, TypeVar

from msgspec import Struct
from msgspec.structs import astuple

V = TypeVar("V")
PLAIN = frozenset({str, int, float, bool, bytes, type(None)})


class ById(Generic[V]):
    """A value that is compared by identity, as part of a key."""

    __slots__ = ("value",)

    def __init__(self, value: V) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ById) and other.value is self.value

    def __hash__(self) -> int:
        return id(self.value)


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
        case tuple() | list():
            return len(one) == len(other) and _are_same(one, other)
        case Struct():
            return one.__struct_config__.eq and _are_same(astuple(one), astuple(other))
        case dict():
            return len(one) == len(other) and _are_same(one, other) and _are_same(one.values(), other.values())
        case ById():
            return one.value is other.value
        case frozenset():
            return bool(one == other) and all(item.__class__ in PLAIN for item in one)
        case _ if is_dataclass(one) and one.__class__.__eq__ is not object.__eq__:
            return all(same(getattr(one, each.name), getattr(other, each.name)) for each in fields(one))
        case _:
            return False


def _are_same(some: Iterable[object], others: Iterable[object]) -> bool:
    return all(one is other or same(one, other) for one, other in zip(some, others, strict=True))


def reused(earlier: V, value: V) -> V:
    """The earlier value if it is the same as the new one, else the new one.

    A new tuple keeps each item that is the same as the earlier one at its place, or as another one where items moved.
    """
    if value.__class__ is tuple and earlier.__class__ is tuple:
        return _with_earlier_items(earlier, value)  # type: ignore[arg-type, return-value]  # both are tuples
    return earlier if same(earlier, value) else value


def _with_earlier_items(earlier: tuple[Any, ...], value: tuple[Any, ...]) -> tuple[Any, ...]:
    start = _number_of_same(earlier, value)
    if start == len(earlier) == len(value):
        return earlier
    end = _number_of_same(reversed(earlier[start:]), reversed(value[start:]))
    moved = _with_moved_items(earlier[start : len(earlier) - end], value[start : len(value) - end])
    kept = (*earlier[:start], *moved, *earlier[len(earlier) - end :])
    return earlier if len(earlier) == len(kept) and all(map(is_, earlier, kept)) else kept


def _number_of_same(some: Iterable[object], others: Iterable[object]) -> int:
    """The number of items at the start that are the same."""
    pairs = zip(some, others, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] is pair[1] or same(*pair), pairs))


def _with_moved_items(earlier: tuple[Any, ...], value: tuple[Any, ...]) -> tuple[Any, ...]:
    """The new items, with each earlier one in the place of one that is the same."""
    try:
        known = dict(zip(earlier, earlier, strict=True))
        found = [known.get(item, item) for item in value]
    except TypeError:  # items without a hash
        return value
    return tuple(old if old is item or same(old, item) else item for old, item in zip(found, value, strict=True))
