"""The line of a text that a finding is about, and the part of the line to underline."""

from __future__ import annotations

from msgspec import Struct

from meshcompile.documents.document import Origin
from meshcompile.documents.position import Position


class Quote(Struct, frozen=True):
    """A line of the source, without its line break, and the part that a finding is about.

    `end` is the position after this part. If the part continues on other lines, it ends with the text of this line.
    """

    line: str
    start: Position
    end: Position

    @property
    def marked(self) -> str:
        """The part of the line that the finding is about."""
        return self.line[self.start.column - 1 : self.end.column - 1]


def quote(origin: Origin) -> Quote | None:
    """The line at an origin; None for an origin without a source text."""
    excerpt = origin.document.excerpt
    line = excerpt.line_at(origin.line) if excerpt else None
    if line is None:
        return None
    span = origin.document.place(origin.path)
    start = Position(origin.line, min(origin.column, len(line) + 1))
    ends_here = span.end.line == start.line and span.key == origin.position
    end = span.end.column if ends_here and origin.path else len(line.rstrip()) + 1
    return Quote(line, start, Position(start.line, max(end, start.column + 1)))
