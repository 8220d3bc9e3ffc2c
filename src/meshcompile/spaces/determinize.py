"""The deterministic automaton of a pattern, by the subset construction.

A state is a set of positions in the pattern, with what the last letter was: conditions such as a word boundary are
decided when the next letter is known.
"""

from collections.abc import Iterable
from enum import IntEnum
from typing import TypeAlias, assert_never

import msgspec

from meshcompile.spaces.automaton import Automaton, explored
from meshcompile.spaces.errors import Undecided
from meshcompile.spaces.letters import SIZE, WORD, Letters
from meshcompile.spaces.patterns import Alternatives, Assertion, OneOf, Pattern, Repetition, Sequence

MOST_POSITIONS = 4000
"""The number of positions of a pattern, repetitions written out, from which on a question is undecided."""
MOST_STEPS = 3_000_000


class Side(IntEnum):
    """What stands on one side of a position."""

    EDGE = 0
    """The start or the end of the string."""
    WORD = 1
    OTHER = 2


class Reads(msgspec.Struct, frozen=True):
    """A position that reads a letter and goes on."""

    letters: Letters
    following: int


class Forks(msgspec.Struct, frozen=True):
    """A position that goes on at several others."""

    following: tuple[int, ...]


class Checks(msgspec.Struct, frozen=True):
    """A position that goes on if a condition holds."""

    assertion: Assertion
    following: int


Position: TypeAlias = Reads | Forks | Checks | None
"""None is the position where the pattern has matched."""
State: TypeAlias = tuple[frozenset[int], Side]


def automaton(pattern: Pattern) -> Automaton:
    """The automaton of the strings that match as a whole.

    Raises:
        Undecided: The pattern needs too many positions or states.
    """
    positions = _Positions()
    start = positions.before(pattern, positions.add(None))
    subsets = _Subsets(positions.all, positions.checks_words)
    return explored((frozenset([start]), Side.EDGE), subsets.starts, subsets.following, subsets.accepts)


class _Positions:
    """The positions of a pattern, built from its end."""

    def __init__(self) -> None:
        self.all: list[Position] = []
        self.checks_words = False

    def add(self, position: Position) -> int:
        if len(self.all) >= MOST_POSITIONS:
            raise Undecided(f"a regular expression has more than {MOST_POSITIONS} positions")
        self.all.append(position)
        return len(self.all) - 1

    def before(self, pattern: Pattern, following: int) -> int:
        """The position that matches the pattern and goes on at `following`."""
        match pattern:
            case OneOf(letters):
                return self.add(Reads(letters, following))
            case Sequence(parts):
                for part in reversed(parts):
                    following = self.before(part, following)
                return following
            case Alternatives(options):
                return self.add(Forks(tuple(self.before(option, following) for option in options)))
            case Repetition():
                return self._repetition(pattern, following)
            case Assertion():
                self.checks_words |= pattern in (Assertion.WORD_BOUNDARY, Assertion.NO_WORD_BOUNDARY)
                return self.add(Checks(pattern, following))
            case _:
                assert_never(pattern)

    def _repetition(self, repetition: Repetition, following: int) -> int:
        if repetition.most is None:
            following = self._loop(repetition.pattern, following)
        else:
            end = following
            for _ in range(repetition.most - repetition.least):
                following = self.add(Forks((self.before(repetition.pattern, following), end)))
        for _ in range(repetition.least):
            following = self.before(repetition.pattern, following)
        return following

    def _loop(self, pattern: Pattern, following: int) -> int:
        loop = self.add(None)
        self.all[loop] = Forks((self.before(pattern, loop), following))
        return loop


class _Subsets:
    """The states of the deterministic automaton."""

    def __init__(self, positions: list[Position], checks_words: bool) -> None:
        self.positions = positions
        self.end = 0
        self.checks_words = checks_words
        self.starts = _starts(positions, checks_words)
        self.sides = [Side.WORD if _within(start, WORD) else Side.OTHER for start in self.starts]
        self.known: dict[tuple[State, Side], tuple[int, ...]] = {}
        self.steps = 0

    def following(self, state: State, index: int) -> State:
        start, side = self.starts[index], self.sides[index]
        targets = (self.positions[each] for each in self._reached(state, side))
        found = frozenset(
            each.following for each in targets if isinstance(each, Reads) and _within(start, each.letters)
        )
        return found, side if self.checks_words and found else Side.OTHER

    def accepts(self, state: State) -> bool:
        return self.end in self._reached(state, Side.EDGE)

    def _reached(self, state: State, ahead: Side) -> tuple[int, ...]:
        """The positions that read a letter or match, reached before the next letter."""
        known = self.known.get((state, ahead))
        if known is None:
            known = self.known[state, ahead] = tuple(self._closure(state, ahead))
        return known

    def _closure(self, state: State, ahead: Side) -> Iterable[int]:
        seen, queue = set(state[0]), list(state[0])
        for each in queue:
            position = self.positions[each]
            if position is None or isinstance(position, Reads):
                yield each
            for following in _onward(position, state[1], ahead):
                if following not in seen:
                    seen.add(following)
                    queue.append(following)
        self.steps += len(seen) * len(self.starts)
        if self.steps > MOST_STEPS:
            raise Undecided(f"a regular expression takes more than {MOST_STEPS} steps")


def _onward(position: Position, behind: Side, ahead: Side) -> tuple[int, ...]:
    match position:
        case Forks(following):
            return following
        case Checks(assertion, following):
            return (following,) if _holds(assertion, behind, ahead) else ()
        case Reads() | None:
            return ()
        case _:
            assert_never(position)


def _holds(assertion: Assertion, behind: Side, ahead: Side) -> bool:
    match assertion:
        case Assertion.START:
            return behind is Side.EDGE
        case Assertion.END:
            return ahead is Side.EDGE
        case Assertion.WORD_BOUNDARY:
            return (behind is Side.WORD) != (ahead is Side.WORD)
        case Assertion.NO_WORD_BOUNDARY:
            return (behind is Side.WORD) == (ahead is Side.WORD)
        case _:
            assert_never(assertion)


def _starts(positions: list[Position], checks_words: bool) -> tuple[int, ...]:
    """The first letters of the classes that no position tells apart."""
    sets = [each.letters for each in positions if isinstance(each, Reads)]
    edges = {edge for letters in (*sets, *([WORD] if checks_words else [])) for each in letters for edge in each}
    return tuple(sorted({0, *edges} - {SIZE}))


def _within(number: int, letters: Letters) -> bool:
    return any(low <= number < high for low, high in letters)
