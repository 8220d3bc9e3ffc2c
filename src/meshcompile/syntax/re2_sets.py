"""Matching in polynomial time: all positions at once, without going back.

Python tries one way after the other, and there are exponentially many for an expression with nested repetitions, such
as `(a+)+b`. RE2 has no such expressions.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

BOUNDS = re.compile(r"\{(\d+)(?:(,)(\d*))?\}")


@dataclass(frozen=True, slots=True)
class Atom:
    """One character, or a condition on a position."""

    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Repeat:
    """So many times; `most` is None for any number."""

    what: Atom | Choice
    least: int
    most: int | None


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some sequences."""

    sequences: tuple[tuple[Atom | Choice | Repeat, ...], ...]


Part = Atom | Choice | Repeat


def parsed(tokens: Sequence[str]) -> Choice:
    """The tree of a translated expression. Each token is an atom, a `|`, a repetition, or one end of a group."""
    choice, _ = _choice(tokens, 0)
    return choice


def _choice(tokens: Sequence[str], at: int) -> tuple[Choice, int]:
    sequences: list[tuple[Part, ...]] = []
    parts: list[Part] = []
    while at < len(tokens) and tokens[at] != ")":
        token = tokens[at]
        at += 1
        if token == "|":
            sequences.append(tuple(parts))
            parts = []
        elif token in ("(", "(?:"):
            inner, at = _choice(tokens, at)
            parts.append(inner)
            at += 1
        elif token[0] in "*+?{" and len(parts) > 0:
            parts[-1] = _repeated(parts[-1], token)
        else:
            parts.append(Atom(re.compile(token)))
    return Choice((*sequences, tuple(parts))), at


def _repeated(what: Part, operator: str) -> Part:
    least, most = _bounds(operator)
    return Repeat(Choice(((what,),)) if isinstance(what, Repeat) else what, least, most)


def _bounds(operator: str) -> tuple[int, int | None]:
    if found := BOUNDS.match(operator):
        least = int(found[1])
        return least, least if found[2] is None else int(found[3]) if found[3] else None
    return {"*": (0, None), "+": (1, None), "?": (0, 1)}[operator[0]]


def is_nested(part: Part, *, repeated: bool = False) -> bool:
    """Whether a repetition without an end is inside of another one."""
    match part:
        case Atom():
            return False
        case Repeat(what, _, most):
            endless = most is None
            return (endless and repeated) or is_nested(what, repeated=repeated or endless)
        case Choice(sequences):
            return any(is_nested(each, repeated=repeated) for sequence in sequences for each in sequence)


def matches_all(part: Part, text: str) -> bool:
    """Whether the expression matches the whole text."""
    return len(text) in _ends(part, text, frozenset((0,)))


def _ends(part: Part, text: str, starts: frozenset[int]) -> frozenset[int]:
    """Where matches can end that begin at one of the positions."""
    match part:
        case Atom(pattern):
            found = (pattern.match(text, start) for start in starts)
            return frozenset(each.end() for each in found if each is not None)
        case Choice(sequences):
            return frozenset().union(*(_ends_of_all(sequence, text, starts) for sequence in sequences))
        case Repeat(what, least, most):
            for _ in range(least):
                starts = _ends(what, text, starts)
            return _repeated_ends(what, text, starts, None if most is None else most - least)


def _ends_of_all(parts: Sequence[Part], text: str, starts: frozenset[int]) -> frozenset[int]:
    for part in parts:
        starts = _ends(part, text, starts)
        if not starts:
            break
    return starts


def _repeated_ends(what: Atom | Choice, text: str, starts: frozenset[int], most: int | None) -> frozenset[int]:
    ends = new = starts
    rounds = 0
    while new and (most is None or rounds < most):
        new = _ends(what, text, new) - ends
        ends |= new
        rounds += 1
    return ends
