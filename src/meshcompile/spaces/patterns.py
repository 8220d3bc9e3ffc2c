"""Patterns: what a regular expression says about whole strings, as a tree."""

from collections.abc import Iterable
from enum import StrEnum, auto
from typing import TypeAlias

import msgspec

from meshcompile.spaces.letters import ALL, Letters, characters, without_case


class OneOf(msgspec.Struct, frozen=True, cache_hash=True):
    """One letter of a set."""

    letters: Letters


class Sequence(msgspec.Struct, frozen=True, cache_hash=True):
    """Patterns in a row. Without any, the empty string."""

    parts: "tuple[Pattern, ...]" = ()


class Alternatives(msgspec.Struct, frozen=True, cache_hash=True):
    """One of several patterns."""

    options: "tuple[Pattern, ...]"


class Repetition(msgspec.Struct, frozen=True, cache_hash=True):
    """A pattern `least` to `most` times; without an upper limit if `most` is None."""

    pattern: "Pattern"
    least: int = 0
    most: int | None = None


class Assertion(StrEnum):
    """A condition on the position between two letters."""

    START = auto()
    END = auto()
    WORD_BOUNDARY = auto()
    NO_WORD_BOUNDARY = auto()


Pattern: TypeAlias = OneOf | Sequence | Alternatives | Repetition | Assertion

EMPTY = Sequence()
ANYTHING = Repetition(OneOf(ALL))


def literal(text: str, *, ignore_case: bool = False) -> Pattern:
    """The text itself. Only the case of ASCII's letters can be ignored, as Envoy does it."""
    return Sequence(tuple(_symbols(text, ignore_case)))


def _symbols(text: str, ignore_case: bool) -> Iterable[OneOf]:
    for symbol in text:
        letters = characters(symbol)
        yield OneOf(without_case(letters, unicode=False) if ignore_case else letters)
