"""Whether a name is another one with a typing error."""

from __future__ import annotations

import re

SHORTEST = 4
"""A shorter name differs from too many others in one letter."""
LONG = 8
"""From this length on, a name may have two errors."""
_DIGITS = re.compile(r"\d+")


def is_typo(name: str, meant: str) -> bool:
    """True if few letters of a name are wrong, missing or swapped. Numbers must be equal: `v1` is not `v2`."""
    if name == meant or len(meant) < SHORTEST or _DIGITS.findall(name) != _DIGITS.findall(meant):
        return False
    return distance(name.lower(), meant.lower()) <= (2 if len(meant) >= LONG else 1)


def distance(one: str, other: str) -> int:
    """The number of letters to insert, remove, replace or swap with their neighbour."""
    before: list[int] = []
    above = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        current = [row]
        for column, wanted in enumerate(other, 1):
            best = min(above[column] + 1, current[-1] + 1, above[column - 1] + (letter != wanted))
            if row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == wanted:
                best = min(best, before[column - 2] + 1)
            current.append(best)
        before, above = above, current
    return above[-1]
