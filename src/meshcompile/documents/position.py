"""Positions in a text, and paths to them."""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Struct, field

Path = tuple[str | int, ...]
"""Keys and list indexes from the top of a document's value to a value in it."""


class Position(NamedTuple):
    """A line and a column, both from 1; `(0, 0)` without a source text."""

    line: int
    column: int


UNKNOWN = Position(0, 0)


class SourceSpan(Struct, frozen=True):
    """The positions of one value of a document."""

    key: Position
    """The start of its key; for a list item or a whole document, the start of the value."""
    start: Position
    """The start of the value."""
    end: Position
    """The end of the value; for a block mapping or list, the start of the next token."""
    children: dict[str | int, SourceSpan] = field(default_factory=dict)
    """The spans of a mapping's entries or a list's items; for an alias, those of its anchor."""

    def nearest(self, path: Path) -> SourceSpan:
        """The span at `path`, or the last span on the way that exists."""
        place = self
        for step in path:
            if (below := place.children.get(step)) is None:
                break
            place = below
        return place


NO_PLACE = SourceSpan(UNKNOWN, UNKNOWN, UNKNOWN)
