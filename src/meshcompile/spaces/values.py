"""Sets of the values that one dimension of a request can have."""

from collections.abc import Hashable, Iterable
from typing import TypeAlias

import msgspec

from meshcompile.spaces.language import ANY, NOTHING, Language
from meshcompile.spaces.several import Several


class OptionalText(msgspec.Struct, frozen=True):
    """Values of something that a request can lack, such as a header. None stands for its absence."""

    texts: Language
    absent: bool = False

    def accepts(self, value: object) -> bool:
        return self.absent if value is None else isinstance(value, str) and self.texts.accepts(value)

    @property
    def is_empty(self) -> bool:
        return not self.absent and self.texts.is_empty

    def example(self) -> str | None:
        """The value None if it is in the set; otherwise a shortest string."""
        return None if self.absent else self.texts.example()

    def __and__(self, other: "OptionalText") -> "OptionalText":
        return OptionalText(self.texts & other.texts, self.absent and other.absent)

    def __sub__(self, other: "OptionalText") -> "OptionalText":
        return OptionalText(self.texts - other.texts, self.absent and not other.absent)

    def __invert__(self) -> "OptionalText":
        return OptionalText(~self.texts, not self.absent)


PRESENT = OptionalText(ANY)
ABSENT = OptionalText(NOTHING, absent=True)


class Choices(msgspec.Struct, frozen=True):
    """Some values, or with `excluded` all others, of a dimension whose values have no inner structure."""

    values: frozenset[Hashable]
    excluded: bool = False

    def accepts(self, value: Hashable) -> bool:
        return (value in self.values) != self.excluded

    @property
    def is_empty(self) -> bool:
        return not self.values and not self.excluded

    def example(self) -> Hashable:
        """The first value in the order of their texts. None stands for a value that was not named."""
        return None if self.excluded else min(self.values, key=str)

    def __and__(self, other: "Choices") -> "Choices":
        match self.excluded, other.excluded:
            case False, False:
                return Choices(self.values & other.values)
            case False, True:
                return Choices(self.values - other.values)
            case True, False:
                return Choices(other.values - self.values)
            case _:
                return Choices(self.values | other.values, excluded=True)

    def __sub__(self, other: "Choices") -> "Choices":
        return self & ~other

    def __invert__(self) -> "Choices":
        return Choices(self.values, not self.excluded)


def choices(*values: Hashable) -> Choices:
    """These values."""
    return Choices(frozenset(values))


class Ranges(msgspec.Struct, frozen=True):
    """Integers, such as ports or addresses: disjoint, sorted, half-open ranges from 0 to `end`."""

    ranges: tuple[tuple[int, int], ...]
    end: int

    def accepts(self, value: object) -> bool:
        return isinstance(value, int) and any(low <= value < high for low, high in self.ranges)

    @property
    def is_empty(self) -> bool:
        return not self.ranges

    def example(self) -> int:
        """The smallest integer."""
        return self.ranges[0][0]

    def __and__(self, other: "Ranges") -> "Ranges":
        met = ((max(a, c), min(b, d)) for a, b in self.ranges for c, d in other.ranges)
        return Ranges(tuple(sorted((low, high) for low, high in met if low < high)), self.end)

    def __sub__(self, other: "Ranges") -> "Ranges":
        return self & ~other

    def __invert__(self) -> "Ranges":
        edges = [0, *(edge for each in self.ranges for edge in each), self.end]
        pairs = zip(edges[::2], edges[1::2], strict=True)
        return Ranges(tuple((low, high) for low, high in pairs if low < high), self.end)


def ranges(pairs: Iterable[tuple[int, int]], end: int) -> Ranges:
    """The integers in any of the half-open ranges, which can overlap."""
    joined: list[tuple[int, int]] = []
    for low, high in sorted((max(low, 0), min(high, end)) for low, high in pairs):
        if joined and low <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], high))
        elif low < high:
            joined.append((low, high))
    return Ranges(tuple(joined), end)


Values: TypeAlias = Language | OptionalText | Several | Choices | Ranges
"""A set of values of one dimension. Both operands of an operation are of one type."""


def met(one: Values, other: Values) -> Values:
    """The values in both sets."""
    match one, other:
        case (Language(), Language()):
            return one & other
        case (OptionalText(), OptionalText()):
            return one & other
        case (Several(), Several()):
            return one & other
        case (Choices(), Choices()):
            return one & other
        case (Ranges(), Ranges()):
            return one & other
        case _:
            raise _other_dimension(one, other)


def left(one: Values, other: Values) -> Values:
    """The values of the first set that are not in the second."""
    match one, other:
        case (Language(), Language()):
            return one - other
        case (OptionalText(), OptionalText()):
            return one - other
        case (Several(), Several()):
            return one - other
        case (Choices(), Choices()):
            return one - other
        case (Ranges(), Ranges()):
            return one - other
        case _:
            raise _other_dimension(one, other)


def either(one: Values, other: Values) -> Values:
    """The values in one of both sets."""
    match one, other:
        case (Language(), Language()):
            return one | other
        case (OptionalText(), OptionalText()):
            return OptionalText(one.texts | other.texts, one.absent or other.absent)
        case (Several(), Several()):
            return Several(tuple(dict.fromkeys((*one.cases, *other.cases))), one.absent or other.absent)
        case (Choices(), Choices()):
            return ~(~one & ~other)
        case (Ranges(), Ranges()):
            return ranges((*one.ranges, *other.ranges), one.end)
        case _:
            raise _other_dimension(one, other)


def _other_dimension(one: Values, other: Values) -> TypeError:
    return TypeError(f"a dimension has one type of values, not {type(one).__name__} and {type(other).__name__}")
