"""What differs between two tables: the requests that they decide differently."""

from collections.abc import Hashable, Iterator, Sequence
from functools import cached_property

import msgspec

from meshcompile.spaces.answers import Answer, Proved, Refuted, Unknown
from meshcompile.spaces.errors import Undecided
from meshcompile.spaces.first_match import FirstMatch, Row, row
from meshcompile.spaces.space import EVERYTHING, Request, Space

NO_MATCH: Hashable = None
"""The outcome of requests that no row matches."""


class Outcomes:
    """A table of rows with an outcome each, and a last row for all other requests."""

    def __init__(self, rows: Sequence[tuple[Row, Hashable]], universe: Space = EVERYTHING) -> None:
        """The table.

        Args:
            rows: The rows, in order, with what happens to the requests that they match.
            universe: All requests that the table can be asked about.
        """
        self.table = FirstMatch([*(each for each, _ in rows), row(universe)])
        self.outcomes = (*(outcome for _, outcome in rows), NO_MATCH)

    @cached_property
    def first(self) -> dict[Space, int]:
        """The first row with exactly these requests."""
        return {each.certain: index for index, each in reversed(list(enumerate(self.table.rows)))}


class Difference(msgspec.Struct, frozen=True):
    """Requests that row `before` of the one table decides, and row `after` of the other, with different outcomes."""

    before: int
    after: int
    space: Space


def differences(before: Outcomes, after: Outcomes) -> Iterator[Difference]:
    """All requests with different outcomes, as disjoint spaces.

    Raises:
        Undecided: A space is too large, or depends on an unknown condition.
    """
    for one, this in enumerate(before.table.rows):
        for other in after.table.overlapping(this.possible, len(after.table.rows)):
            if before.outcomes[one] != after.outcomes[other]:
                space = _both(before, one, after, other)
                if not space.is_empty:
                    yield Difference(one, other, space)


def same(before: Outcomes, after: Outcomes) -> Answer:
    """Whether both tables decide every request alike."""
    try:
        difference = next(differences(before, after), None)
    except Undecided as undecided:
        return Unknown(str(undecided))
    return Proved() if difference is None else Refuted(_witness(difference.space))


def _witness(space: Space) -> Request:
    return space.example() or {}


def _both(before: Outcomes, one: int, after: Outcomes, other: int) -> Space:
    """The requests that row `one` decides before, and row `other` after."""
    this, that = before.table.rows[one], after.table.rows[other]
    if before.first.get(that.certain, one) < one or after.first.get(this.certain, other) < other:
        return Space()
    space = _known(this) & _known(that)
    space = _left(space, before.table, one)
    return _left(space, after.table, other)


def _left(space: Space, table: FirstMatch, index: int) -> Space:
    """What earlier rows leave of a space."""
    for earlier in table.overlapping(space, index):
        if space.is_empty:
            break
        space = space - _known(table.rows[earlier])
    return space


def _known(each: Row) -> Space:
    if each.unknown is not None:
        raise Undecided(each.unknown)
    return each.certain
