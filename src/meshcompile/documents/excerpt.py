"""Parts of texts, which share the text that they are parts of. Lines of these texts."""

from __future__ import annotations

import re

from msgspec import Struct

from meshcompile.documents.position import Position

LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
"""The line breaks of YAML."""


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

    def line_at(self, number: int) -> str | None:
        """A line of the text, by its number in the file; None if it is before the excerpt or after the text."""
        start = line_start(self.text, self.start, number - 1 - self.line)
        if start is None:
            return None
        found = LINE_BREAK.search(self.text, start)
        line = self.text[start : found.start() if found else len(self.text)]
        missing = self.column - (self.start - start) if number == self.position.line else 0
        return " " * missing + line  # the text of a literal block lacks the indentation of its first line

    def with_comments_above(self) -> Excerpt:
        """This part together with the comments directly above it, which may have empty lines between them."""
        start, line = self.start - self.column, self.line
        at, row = start, line
        while at > 0:
            begin = self.text.rfind("\n", 0, at - 1) + 1
            above = self.text[begin:at].strip()
            if above and not above.startswith("#"):
                break
            at, row = begin, row - 1
            if above:
                start, line = at, row
        return Excerpt(self.text, start, self.end, line, 0, self.complete) if start < self.start else self


def line_start(text: str, position: int, further: int) -> int | None:
    """The offset of the line that is `further` lines after the one at `position`; None if there is no such line."""
    if further < 0:
        return None
    if further == 0:
        return _line_of(text, position)
    for found in LINE_BREAK.finditer(text, position):
        further -= 1
        if not further:
            return found.end()
    return None


def _line_of(text: str, position: int) -> int:
    """The offset of the line at a position."""
    return max(text.rfind(line_break, 0, position) for line_break in "\n\r\x85\u2028\u2029") + 1


class Reached(Struct, frozen=True):
    """The start of a line that was looked for, from which later lines are found without starting again."""

    start: int
    line: int

    def at_line(self, text: str, line: int) -> Reached:
        """A later line; the same if the text has no such line."""
        start = line_start(text, self.start, line - self.line)
        return self if start is None else Reached(start, line)
