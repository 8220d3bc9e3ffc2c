"""Parts of texts. They share the text that they are parts of."""

from __future__ import annotations

from msgspec import Struct

from meshcompile.documents.position import Position


class Excerpt(Struct, frozen=True):
    """A part of a file's text: two offsets into the shared text, and the line and column of its start, from 0.

    `complete` means that the part can be parsed without the rest of the file: it has no aliases, and no tags that need
    a directive.
    """

    text: str
    start: int
    end: int
    line: int
    column: int
    complete: bool = True

    def __str__(self) -> str:
        return self.text[self.start : self.end]

    @property
    def position(self) -> Position:
        return Position(self.line + 1, self.column + 1)
