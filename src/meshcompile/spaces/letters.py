"""The alphabet of strings, and sets of its letters.

A string is what a header, a path or a host can hold: tabs, spaces, printable ASCII, and every code point from U+0080.
Strings have no other control characters. The letters are numbered from 0 without gaps, so that a set of letters is a
sorted tuple of half-open ranges of numbers.
"""

from collections.abc import Iterable

Letters = tuple[tuple[int, int], ...]
"""A set of letters: disjoint, sorted, half-open ranges of letter numbers."""

CODE_POINTS = ((0x09, 0x0A), (0x20, 0x7F), (0x80, 0xD800), (0xE000, 0x110000))
"""The alphabet as half-open ranges of code points. Surrogates are no characters."""


def _numbered() -> tuple[tuple[int, int, int], ...]:
    rows, number = [], 0
    for low, high in CODE_POINTS:
        rows.append((low, high, number))
        number += high - low
    return tuple(rows)


_RANGES = _numbered()
"""The first code point, the code point after the last, and the number of the first letter."""
SIZE = _RANGES[-1][2] + _RANGES[-1][1] - _RANGES[-1][0]
ALL: Letters = ((0, SIZE),)
NONE: Letters = ()


def letter(character: str) -> int | None:
    """The number of a character; None for a character outside the alphabet."""
    code = ord(character)
    for low, high, first in _RANGES:
        if low <= code < high:
            return first + code - low
    return None


def character(number: int) -> str:
    """The character with this number."""
    low, _, first = next(row for row in reversed(_RANGES) if row[2] <= number)
    return chr(low + number - first)


def code_points(low: int, high: int) -> Letters:
    """The letters among the code points from `low` to `high`, both included."""
    return union(
        (first + max(low, start) - start, first + min(high + 1, end) - start)
        for start, end, first in _RANGES
        if max(low, start) < min(high + 1, end)
    )


def characters(text: str) -> Letters:
    """The letters of a text."""
    return union(each for symbol in text for each in code_points(ord(symbol), ord(symbol)))


def union(ranges: Iterable[tuple[int, int]]) -> Letters:
    """The letters in any of the ranges, which can overlap."""
    joined: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if joined and low <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], high))
        else:
            joined.append((low, high))
    return tuple(joined)


def complement(letters: Letters) -> Letters:
    """All other letters of the alphabet."""
    edges = [0, *(edge for each in letters for edge in each), SIZE]
    return tuple((low, high) for low, high in zip(edges[::2], edges[1::2], strict=True) if low < high)


def without_case(letters: Letters, *, unicode: bool) -> Letters:
    """The letters, and their other cases, for the letters of ASCII.

    With `unicode`, K and S also have a third case, U+212A and U+017F, as RE2 folds them.
    """
    folded = [each for each in letters if each[0] < each[1]]
    for cases in _CASES_UNICODE if unicode else _CASES:
        if any(low <= one < high for one in cases for low, high in letters):
            folded.extend((one, one + 1) for one in cases)
    return union(folded)


def beyond_ascii(letters: Letters) -> bool:
    """Whether a letter beyond ASCII is in the set."""
    return bool(letters) and letters[-1][1] > ASCII_END


def _cases(letters: str, more: dict[str, str]) -> tuple[tuple[int, ...], ...]:
    texts = (one + one.upper() + more.get(one, "") for one in letters)
    return tuple(tuple(number for symbol in text if (number := letter(symbol)) is not None) for text in texts)


_LOWER = "abcdefghijklmnopqrstuvwxyz"
_CASES = _cases(_LOWER, {})
_CASES_UNICODE = _cases(_LOWER, {"k": "K", "s": "ſ"})

ASCII_END = _RANGES[2][2]
WORD = characters("_0123456789" + _LOWER + _LOWER.upper())
"""The letters of `\\w`."""
_PLEASANT = tuple(number for symbol in _LOWER + "0123456789-._/" if (number := letter(symbol)) is not None)
_RANKS = {number: rank for rank, number in enumerate(_PLEASANT)}


def pleasant(low: int, high: int) -> int:
    """The letter of a range that reads best in an example: a small letter, a digit, or the first."""
    return next((number for number in _PLEASANT if low <= number < high), low)


def rank(number: int) -> int:
    """How well a letter reads in an example. The smallest rank reads best."""
    return _RANKS.get(number, len(_PLEASANT) + number)
