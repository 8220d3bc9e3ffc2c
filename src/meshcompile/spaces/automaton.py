"""Deterministic automata over the alphabet of strings.

An automaton is complete: each state has a next state for each letter. Letters that no state tells apart are one class.
State 0 is the initial state. Every operation returns an automaton without unreachable states, with at most one state
from which nothing is accepted, and at most one from which everything is.
"""

from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TypeAlias, TypeVar

import msgspec

from meshcompile.spaces.errors import Undecided
from meshcompile.spaces.letters import SIZE, character, letter, pleasant, rank

MOST_STATES = 5000
"""The number of states from which on a question is undecided."""

Numbers = tuple[int, ...]


class Automaton(msgspec.Struct, frozen=True, cache_hash=True):
    """A deterministic automaton."""

    starts: Numbers
    """The first letter of each class, from 0 upwards."""
    rows: tuple[Numbers, ...]
    """The next state of each state, by class."""
    accepting: tuple[bool, ...]

    def accepts(self, text: str) -> bool:
        """Whether the text is in the language. A text with a character outside the alphabet is in no language."""
        state = 0
        for symbol in text:
            number = letter(symbol)
            if number is None:
                return False
            state = self.rows[state][bisect_right(self.starts, number) - 1]
        return self.accepting[state]

    @property
    def is_empty(self) -> bool:
        return not any(self.accepting)

    def shortest(self) -> str | None:
        """A shortest text of the language, with letters that read well where there is a choice; None if it is empty."""
        came: dict[int, tuple[int, int]] = {}
        queue, order = [0], _by_pleasantness(self.starts)
        for state in queue:
            if self.accepting[state]:
                return "".join(reversed(list(self._back(state, came))))
            for index in order:
                following = self.rows[state][index]
                if following and following not in came:
                    came[following] = (state, index)
                    queue.append(following)
        return None

    def _back(self, state: int, came: dict[int, tuple[int, int]]) -> Iterable[str]:
        while state in came:
            state, index = came[state]
            yield character(_example(self.starts, index))


def _example(starts: Numbers, index: int) -> int:
    return pleasant(starts[index], starts[index + 1] if index + 1 < len(starts) else SIZE)


def _by_pleasantness(starts: Numbers) -> Sequence[int]:
    """The classes, those with a pleasant letter first."""
    return sorted(range(len(starts)), key=lambda index: rank(_example(starts, index)))


State = TypeVar("State", bound=Hashable)


def explored(
    initial: State, starts: Numbers, following: Callable[[State, int], State], accepts: Callable[[State], bool]
) -> Automaton:
    """The automaton whose states are found from an initial one.

    Args:
        initial: The initial state.
        starts: The first letter of each class.
        following: The next state, for a state and the index of a class.
        accepts: Whether a string that ends in a state is accepted.
    """
    numbers: dict[State, int] = {initial: 0}
    states, rows = [initial], []
    for state in states:
        row = []
        for index in range(len(starts)):
            target = following(state, index)
            if target not in numbers:
                numbers[target] = len(states)
                states.append(target)
            row.append(numbers[target])
        rows.append(tuple(row))
        if len(states) > MOST_STATES:
            raise Undecided(f"the strings need more than {MOST_STATES} states")
    return _trimmed(starts, rows, [accepts(state) for state in states])


Pair: TypeAlias = tuple[int, int] | bool
"""A state of each of two automata, or the answer for all pairs that no further letter changes."""


def product(one: Automaton, other: Automaton, keep: Callable[[bool, bool], bool]) -> Automaton:
    """The automaton of the texts for which `keep` holds of both answers."""
    starts = tuple(sorted({*one.starts, *other.starts}))
    left = [bisect_right(one.starts, start) - 1 for start in starts]
    right = [bisect_right(other.starts, start) - 1 for start in starts]
    settled = _Settled(one, other, keep)

    def following(state: Pair, index: int) -> Pair:
        if isinstance(state, bool):
            return state
        at, beside = state
        return settled.state(one.rows[at][left[index]], other.rows[beside][right[index]])

    def accepts(state: Pair) -> bool:
        if isinstance(state, bool):
            return state
        at, beside = state
        return keep(one.accepting[at], other.accepting[beside])

    return explored(settled.state(0, 0), starts, following, accepts)


class _Settled:
    """Finds the pairs whose answer no further letter changes."""

    def __init__(self, one: Automaton, other: Automaton, keep: Callable[[bool, bool], bool]) -> None:
        self.left, self.right, self.keep = _sinks(one), _sinks(other), keep

    def state(self, at: int, beside: int) -> Pair:
        left, right = self.left.get(at), self.right.get(beside)
        if left is not None and right is not None:
            return self.keep(left, right)
        if left is not None and self.keep(left, False) == self.keep(left, True):
            return self.keep(left, True)
        if right is not None and self.keep(False, right) == self.keep(True, right):
            return self.keep(True, right)
        return at, beside


def _sinks(automaton: Automaton) -> dict[int, bool]:
    """The states that no letter leaves, with their answer."""
    return {
        state: automaton.accepting[state]
        for state, row in enumerate(automaton.rows)
        if all(target == state for target in row)
    }


def complement(automaton: Automaton) -> Automaton:
    """The automaton of all other texts."""
    return Automaton(automaton.starts, automaton.rows, tuple(not each for each in automaton.accepting))


def minimal(automaton: Automaton) -> Automaton:
    """The automaton with the fewest states. Two languages are equal exactly if their minimal automata are."""
    blocks = [int(each) for each in automaton.accepting]
    count = len(set(blocks))
    while True:
        signatures: dict[Numbers, int] = {}
        blocks = [
            signatures.setdefault((blocks[state], *(blocks[target] for target in row)), len(signatures))
            for state, row in enumerate(automaton.rows)
        ]
        if len(signatures) == count:
            return _merged(automaton.starts, automaton.rows, automaton.accepting, blocks)
        count = len(signatures)


def _trimmed(starts: Numbers, rows: Sequence[Numbers], accepting: Sequence[bool]) -> Automaton:
    """The automaton with one state for all states that reach no acceptance, and one for those that reach no refusal."""
    into: list[list[int]] = [[] for _ in rows]
    for state, row in enumerate(rows):
        for target in set(row):
            into[target].append(state)
    live = _reaching([state for state, each in enumerate(accepting) if each], into)
    refusing = _reaching([state for state, each in enumerate(accepting) if not each], into)
    blocks = [state + 2 if state in live and state in refusing else int(state in live) for state in range(len(rows))]
    return _merged(starts, rows, accepting, blocks)


def _reaching(targets: list[int], into: list[list[int]]) -> set[int]:
    found, queue = set(targets), list(targets)
    for state in queue:
        for source in into[state]:
            if source not in found:
                found.add(source)
                queue.append(source)
    return found


def _merged(starts: Numbers, rows: Sequence[Numbers], accepting: Sequence[bool], blocks: Sequence[int]) -> Automaton:
    """The automaton with one state per block, numbered in the order of discovery, and with the fewest classes."""
    numbers: dict[int, int] = {blocks[0]: 0}
    states, merged = [0], []
    for state in states:
        row = []
        for target in rows[state]:
            block = blocks[target]
            if block not in numbers:
                numbers[block] = len(states)
                states.append(target)
            row.append(numbers[block])
        merged.append(tuple(row))
    columns = list(zip(*merged, strict=True))
    kept = [index for index in range(len(starts)) if index == 0 or columns[index] != columns[index - 1]]
    return Automaton(
        tuple(starts[index] for index in kept),
        tuple(tuple(row[index] for index in kept) for row in merged),
        tuple(accepting[state] for state in states),
    )
