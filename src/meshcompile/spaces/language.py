"""Sets of strings.

    paths = starting_with("/api") - exactly("/api/health")
    paths.accepts("/api/v1")   # True
    paths.example()   # "/api"

Sets of a few strings and prefixes, which are what most tables consist of, are compared as they are. Everything else is
compared as an automaton, which is made when it is needed.
"""

from collections.abc import Callable, Iterable
from functools import cached_property
from operator import and_, or_
from typing import TypeAlias

import msgspec

from meshcompile.spaces import determinize, re2_patterns
from meshcompile.spaces.automaton import Automaton, complement, product
from meshcompile.spaces.errors import Undecided
from meshcompile.spaces.letters import letter
from meshcompile.spaces.patterns import ANYTHING, Alternatives, Pattern, Sequence, literal

MOST_WORDS = 2000
"""The number of strings of one set from which on a question that needs their automaton is undecided."""


class Words(msgspec.Struct, frozen=True):
    """A finite set of strings."""

    words: frozenset[str]


class PrefixOf(msgspec.Struct, frozen=True):
    """All strings that start with a text."""

    text: str


Form: TypeAlias = Words | PrefixOf | Sequence | Automaton


class Language(msgspec.Struct, frozen=True, dict=True):
    """A set of strings. `==` compares how sets are written; `same` compares what is in them.

    Every operation can raise `Undecided`.
    """

    form: Form

    @cached_property
    def automaton(self) -> Automaton:
        match self.form:
            case Automaton():
                return self.form
            case Words(words) if len(words) > MOST_WORDS:
                raise Undecided(f"a set has more than {MOST_WORDS} strings")
            case Words(words):
                return determinize.automaton(Alternatives(tuple(literal(word) for word in sorted(words))))
            case PrefixOf(text):
                return determinize.automaton(Sequence((literal(text), ANYTHING)))
            case Sequence():
                return determinize.automaton(self.form)

    def accepts(self, text: object) -> bool:
        """Whether a value is a string of the set."""
        if not isinstance(text, str):
            return False
        match self.form:
            case Words(words):
                return text in words
            case PrefixOf(prefix):
                return text.startswith(prefix) and _is_in_alphabet(text)
            case _:
                return self.automaton.accepts(text)

    @property
    def is_empty(self) -> bool:
        match self.form:
            case Words(words):
                return not words
            case PrefixOf():
                return False
            case _:
                return self.automaton.is_empty

    def example(self) -> str | None:
        """A shortest string of the set; None if the set is empty."""
        match self.form:
            case Words(words):
                return min(words, key=lambda word: (len(word), word), default=None)
            case PrefixOf(text):
                return text
            case _:
                return self.automaton.shortest()

    def __and__(self, other: "Language") -> "Language":
        if self == other:
            return self
        match self.form, other.form:
            case (Words(words), _):
                return _words(filter(other.accepts, words))
            case (_, Words(words)):
                return _words(filter(self.accepts, words))
            case (PrefixOf(one), PrefixOf(two)) if one.startswith(two):
                return self
            case (PrefixOf(one), PrefixOf(two)):
                return other if two.startswith(one) else NOTHING
            case (PrefixOf(""), _):
                return other
            case (_, PrefixOf("")):
                return self
            case _:
                return self._product(other, and_)

    def __sub__(self, other: "Language") -> "Language":
        if self == other:
            return NOTHING
        match self.form, other.form:
            case (Words(words), _):
                return _words(word for word in words if not other.accepts(word))
            case (_, Words(words)) if not any(map(self.accepts, words)):
                return self
            case (PrefixOf(one), PrefixOf(two)) if one.startswith(two):
                return NOTHING
            case (PrefixOf(one), PrefixOf(two)) if not two.startswith(one):
                return self
            case (_, PrefixOf("")):
                return NOTHING
            case _:
                return self._product(other, _but_not)

    def __or__(self, other: "Language") -> "Language":
        match self.form, other.form:
            case (Words(one), Words(two)):
                return _words(one | two)
            case (Words(words), _) if all(map(other.accepts, words)):
                return other
            case (_, Words(words)) if all(map(self.accepts, words)):
                return self
            case (PrefixOf(one), PrefixOf(two)) if one.startswith(two) or two.startswith(one):
                return Language(PrefixOf(min(one, two, key=len)))
            case _:
                return self._product(other, or_)

    def __invert__(self) -> "Language":
        return Language(complement(self.automaton))

    def same(self, other: "Language") -> bool:
        """Whether both sets hold the same strings."""
        return self == other or ((self - other).is_empty and (other - self).is_empty)

    def _product(self, other: "Language", keep: "Callable[[bool, bool], bool]") -> "Language":
        return Language(product(self.automaton, other.automaton, keep))


def _but_not(one: bool, other: bool) -> bool:
    return one and not other


def _words(words: Iterable[str]) -> Language:
    return Language(Words(frozenset(words)))


def _is_in_alphabet(text: str) -> bool:
    return (text.isascii() and text.isprintable()) or all(letter(symbol) is not None for symbol in text)


ANY = Language(PrefixOf(""))
NOTHING = Language(Words(frozenset()))


def exactly(*texts: str, ignore_case: bool = False) -> Language:
    """These strings."""
    if not ignore_case:
        return _words(text for text in texts if _is_in_alphabet(text))
    return Language(Sequence((Alternatives(tuple(literal(text, ignore_case=True) for text in texts)),)))


def starting_with(text: str, *, ignore_case: bool = False) -> Language:
    """The strings with this prefix."""
    if not ignore_case and _is_in_alphabet(text):
        return Language(PrefixOf(text))
    return _pattern(literal(text, ignore_case=ignore_case), ANYTHING)


def ending_with(text: str, *, ignore_case: bool = False) -> Language:
    """The strings with this suffix."""
    return _pattern(ANYTHING, literal(text, ignore_case=ignore_case))


def containing(text: str, *, ignore_case: bool = False) -> Language:
    """The strings that contain this text."""
    return _pattern(ANYTHING, literal(text, ignore_case=ignore_case), ANYTHING)


def segments_below(path: str, *, ignore_case: bool = False) -> Language:
    """The path itself and everything below it: `/a` and `/a/b`, but not `/ab`. The path has no `/` at its end."""
    below = Sequence((literal("/"), ANYTHING))
    return _pattern(literal(path, ignore_case=ignore_case), Alternatives((Sequence(), below)))


def matching(expression: str) -> Language:
    """The strings that a regular expression of RE2 matches as a whole.

    Raises:
        Undecided: `re2_patterns.pattern` says for which expressions.
    """
    return _pattern(re2_patterns.pattern(expression))


def _pattern(*parts: Pattern) -> Language:
    return Language(Sequence(parts))


def numbers(low: int, high: int) -> Language:
    """The decimal integers from `low` to `high`, the second not included, as a header can write them.

    A sign and zeros may stand in front, and blanks around. That is how Envoy reads a header that is matched by range.
    """
    if low >= high:
        return NOTHING
    parts = [_signed("-", max(1 - high, 0), -low)] if low <= 0 else []
    if high > 0:
        parts.append(_signed(r"\+?", max(low, 0), high - 1))
    return matching(rf"[ \t]*(?:{'|'.join(parts)})[ \t]*")


def _signed(sign: str, low: int, high: int) -> str:
    return f"{sign}0*(?:{'|'.join(_decimals(low, high))})"


def _decimals(low: int, high: int) -> Iterable[str]:
    """Expressions for the integers from `low` to `high`, both included and not negative, by number of digits."""
    for digits in range(len(str(low)), len(str(high)) + 1):
        least, most = max(low, 10 ** (digits - 1) if digits > 1 else 0), min(high, 10**digits - 1)
        yield from _same_length(str(least), str(most))


def _same_length(least: str, most: str) -> Iterable[str]:
    """Expressions for the integers between two of the same number of digits."""
    if not least:
        yield ""
    elif least[0] == most[0]:
        yield from (least[0] + rest for rest in _same_length(least[1:], most[1:]))
    else:
        rest = len(least) - 1
        yield from (least[0] + each for each in _same_length(least[1:], "9" * rest))
        if int(most[0]) - int(least[0]) > 1:
            yield f"[{int(least[0]) + 1}-{int(most[0]) - 1}][0-9]{{{rest}}}"
        yield from (most[0] + each for each in _same_length("0" * rest, most[1:]))
