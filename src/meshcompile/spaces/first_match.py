"""Tables whose first matching row decides about a request.

    table = FirstMatch([Row(api), Row(health)])
    table.unreachable(1)   # Proved(by=(0,))

Most rows of real tables have nothing in common. An index over one dimension finds those that can have.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import count, islice, product
from typing import Any, TypeAlias

import msgspec

from meshcompile.spaces.answers import Answer, Proved, Refuted, Unknown
from meshcompile.spaces.errors import Undecided
from meshcompile.spaces.language import Language, PrefixOf, Words
from meshcompile.spaces.space import NO_USUAL_VALUES, Request, Space, UsualValues
from meshcompile.spaces.values import OptionalText, Values

MOST_GUESSES = 64
"""The number of requests that are tried for a row before its space is computed."""
MOST_PROOF_ROWS = 40
"""The number of rows of a proof up to which rows that it does not need are looked for."""


class Row(msgspec.Struct, frozen=True):
    """The requests that a row matches.

    A condition that cannot be expressed leaves two spaces: what the row matches for certain, and what it can match at
    most. `unknown` names the condition.
    """

    certain: Space
    possible: Space
    unknown: str | None = None


def row(space: Space) -> Row:
    """A row that matches exactly these requests."""
    return Row(space, space)


class FirstMatch:
    """A table of rows."""

    def __init__(self, rows: Sequence[Row], usual: UsualValues = NO_USUAL_VALUES) -> None:
        """The table of these rows.

        Args:
            rows: The rows, in order.
            usual: Values that witnesses prefer, by dimension, the best first.
        """
        self.rows = tuple(rows)
        self.usual = usual

    def hit(self, request: Request) -> int | None:
        """The row that decides about a request; None if no row matches.

        Raises:
            Undecided: It depends on a condition that cannot be expressed.
        """
        for index in self._index.at(request):
            if self.rows[index].certain.accepts(request):
                return index
            if self.rows[index].possible.accepts(request):
                raise Undecided(self.rows[index].unknown or "")
        return None

    def overlapping(self, space: Space, before: int) -> list[int]:
        """The rows in front of a place that can have requests of a space, in order."""
        return [index for index in self._index.meeting(space) if index < before]

    def remainder(self, index: int) -> Space:
        """The requests that reach a row, given that no condition is unknown.

        Raises:
            Undecided: The space is too large, or a condition is unknown.
        """
        space = self.rows[index].certain
        for earlier in (*self.overlapping(self.rows[index].possible, index), index):
            if (unknown := self.rows[earlier].unknown) is not None:
                raise Undecided(unknown)
            space = space if earlier == index else space - self.rows[earlier].certain
        return space

    def unreachable(self, index: int) -> Answer:
        """Whether no request reaches a row. The proof names the earlier rows that take all of its requests."""
        try:
            witness = self._guessed(index)
            return self._proof(index) if witness is None else Refuted(witness)
        except Undecided as undecided:
            return Unknown(str(undecided))

    def _guessed(self, index: int) -> Request | None:
        """A request that reaches a row, among a few likely ones."""
        for cube in self.rows[index].certain.cubes:
            for request in self._likely(cube.conditions):
                if self._reaches(request, index):
                    return request
        return None

    def _reaches(self, request: Request, index: int) -> bool:
        try:
            return self.hit(request) == index
        except Undecided:
            return False

    def _likely(self, conditions: tuple[tuple[str, Values], ...]) -> Iterator[dict[str, Any]]:
        """Requests that meet the conditions, and have an unusual value in all other dimensions."""
        names = [name for name, _ in conditions]
        choices = product(*(self._likely_values(name, values) for name, values in conditions))
        for values in islice(choices, MOST_GUESSES):
            yield {**self._unusual, **dict(zip(names, values, strict=True))}

    def _likely_values(self, name: str, values: Values) -> list[Any]:
        """Values of a set: the usual ones, the shortest, and some longer strings."""
        return [*filter(values.accepts, self.usual.get(name, ())), *_examples(values)]

    @cached_property
    def _unusual(self) -> dict[str, Any]:
        """A value for each dimension, which hardly any row matches: something absent, or a text not mentioned."""
        known = {name: values[0] for name, values in self.usual.items()}
        for each in self.rows:
            for cube in each.possible.cubes:
                for name, values in cube.conditions:
                    if name not in known:
                        known[name] = _unusual_value(values)
        return known

    def _proof(self, index: int) -> Answer:
        whole = rest = self.rows[index].possible
        unknown, by = self.rows[index].unknown, []
        for earlier in self._most_promising(index):
            if rest.is_empty:
                break
            remaining = rest - self.rows[earlier].certain
            unknown = unknown or self.rows[earlier].unknown
            if remaining != rest:
                by.append(earlier)
            rest = remaining
        if rest.is_empty:
            return Proved(tuple(sorted(self._needed(whole, by))))
        return Refuted(self._completed(rest)) if unknown is None else self._despite(unknown, index)

    def _despite(self, unknown: str, index: int) -> Answer:
        """The answer if a condition is unknown: a request that reaches the row whatever the condition says, or none."""
        rest = self.rows[index].certain
        for earlier in self._most_promising(index):
            rest = rest - self.rows[earlier].possible
        return Unknown(unknown) if rest.is_empty else Refuted(self._completed(rest))

    def _completed(self, space: Space) -> Request:
        return {**self._unusual, **(space.example(self.usual) or {})}

    def _most_promising(self, index: int) -> list[int]:
        """The earlier rows that can take requests, those with the fewest conditions first."""
        rows = self.overlapping(self.rows[index].possible, index)
        return sorted(rows, key=lambda each: (_size(self.rows[each].certain), each))

    def _needed(self, space: Space, by: list[int]) -> list[int]:
        """The rows of a proof without those that it does not need."""
        if len(by) > MOST_PROOF_ROWS:
            return by
        for candidate in sorted(by, reverse=True):
            fewer = [each for each in by if each != candidate]
            if self._covers(fewer, space):
                by = fewer
        return by

    def _covers(self, rows: Iterable[int], space: Space) -> bool:
        for each in rows:
            space = space - self.rows[each].certain
        return space.is_empty

    @cached_property
    def _index(self) -> "_Index":
        return _Index([each.possible for each in self.rows])


def _size(space: Space) -> tuple[int, int]:
    return min((len(cube.conditions) for cube in space.cubes), default=0), len(space.cubes)


def _examples(values: Values) -> list[Any]:
    """Values of a set: the shortest, and some longer strings."""
    example = values.example()
    texts = values.texts if isinstance(values, OptionalText) else values
    if not isinstance(example, str) or not isinstance(texts, Language) or isinstance(texts.form, Words):
        return [example]
    return [example, *(text for text in (f"{example}a", f"{example}/a") if texts.accepts(text))]


def _unusual_value(values: Values) -> Any:
    match values:
        case OptionalText():
            return None
        case Language():
            return next(text for number in count() if not values.accepts(text := f"other-{number}") or number > 9)
        case _:
            outside = ~values
            return (values if outside.is_empty else outside).example()


Literals: TypeAlias = tuple[Words | PrefixOf, ...]


class _Index:
    """The rows by the strings and prefixes that they want in one dimension."""

    def __init__(self, spaces: Sequence[Space]) -> None:
        self.dimension = _pivot(spaces)
        self.words: dict[str, list[int]] = {}
        self.prefixes: dict[str, list[int]] = {}
        self.others: list[int] = []
        for number, space in enumerate(spaces):
            self._add(number, space)
        self.sorted_words = sorted(self.words)
        self.sorted_prefixes = sorted(self.prefixes)
        self.count = len(spaces)

    def _add(self, number: int, space: Space) -> None:
        literals = _literals(space, self.dimension)
        if literals is None:
            self.others.append(number)
            return
        for literal in literals:
            match literal:
                case Words(words):
                    for word in words:
                        self.words.setdefault(word, []).append(number)
                case PrefixOf(text):
                    self.prefixes.setdefault(text, []).append(number)

    def at(self, request: Request) -> list[int]:
        """The rows that a request can match, in order."""
        value = request.get(self.dimension) if self.dimension is not None else None
        matching = self._matching(value) if isinstance(value, str) else ()
        return sorted({*self.others, *matching})

    def _matching(self, value: str) -> Iterator[int]:
        yield from self.words.get(value, ())
        for end in range(len(value) + 1):
            yield from self.prefixes.get(value[:end], ())

    def meeting(self, space: Space) -> list[int]:
        """The rows that can have a request in common with a space, in order."""
        literals = _literals(space, self.dimension)
        if literals is None:
            return list(range(self.count))
        found = set(self.others)
        for literal in literals:
            match literal:
                case Words(words):
                    found.update(number for word in words for number in self._matching(word))
                case PrefixOf(text):
                    found.update(self._matching(text))
                    found.update(_starting(self.sorted_words, self.words, text))
                    found.update(_starting(self.sorted_prefixes, self.prefixes, text))
        return sorted(found)


def _starting(texts: Sequence[str], rows: dict[str, list[int]], prefix: str) -> Iterator[int]:
    for index in range(bisect_left(texts, prefix), len(texts)):
        if not texts[index].startswith(prefix):
            return
        yield from rows[texts[index]]


def _pivot(spaces: Sequence[Space]) -> str | None:
    """The dimension in which most spaces want certain strings or prefixes."""
    wanted: dict[str, int] = {}
    for space in spaces:
        for name in {name for cube in space.cubes for name, values in cube.conditions if isinstance(values, Language)}:
            if _literals(space, name) is not None:
                wanted[name] = wanted.get(name, 0) + 1
    return max(wanted, key=lambda name: wanted[name], default=None)


def _literals(space: Space, dimension: str | None) -> Literals | None:
    """What a space wants in a dimension; None if that is more than strings and prefixes."""
    found = []
    for cube in space.cubes:
        values = cube.values(dimension) if dimension is not None else None
        if not isinstance(values, Language) or not isinstance(values.form, Words | PrefixOf):
            return None
        found.append(values.form)
    return tuple(found)
