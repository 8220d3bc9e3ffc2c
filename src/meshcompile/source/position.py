"""Places in a text, and paths to them."""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Struct, field

Path = tuple[str | int, ...]
"""Keys and list indexes from the top of a document's value down to a place in it."""


class Position(NamedTuple):
    """A line and a column, both counted from 1; `(0, 0)` where there is no text to point into."""

    line: int
    column: int


UNKNOWN = Position(0, 0)


class Place(Struct, frozen=True):
    """Where one value of a document stands."""

    key: Position
    """Where its key begins; for a list item or a whole document, where the value does."""
    start: Position
    """Where the value itself begins."""
    end: Position
    """Where the value has ended; of a block mapping or list, where the next thing begins."""
    children: dict[str | int, Place] = field(default_factory=dict)
    """The places of a mapping's entries or a list's items; of an alias, those of what it stands for."""

    def nearest(self, path: Path) -> Place:
        """The place that `path` leads to, or the last one on the way that was written."""
        place = self
        for step in path:
            if (below := place.children.get(step)) is None:
                break
            place = below
        return place


NO_PLACE = Place(UNKNOWN, UNKNOWN, UNKNOWN)
