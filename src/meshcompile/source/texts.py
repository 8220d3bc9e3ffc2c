"""Converts texts to objects, and tracks the remaining budget of one call of `load`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from itertools import count

from meshcompile.codes import source as codes
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents.limits import Limits
from meshcompile.documents.malformed import Malformed
from meshcompile.documents.stream import Part, Reader, separated
from meshcompile.source.files import STDIN, place, too_large
from meshcompile.source.objects import objects_of, parts_in
from meshcompile.source.pieces import NOTHING_KNOWN, Known, Piece
from meshcompile.source.sources import ForeignFile, Found
from meshcompile.source.templates import ADVICE, may_be_template, template_kind


class Texts:
    """Reads texts one after the other: the remaining budget, and the files that have been read."""

    def __init__(self, limits: Limits, known: Known = NOTHING_KNOWN) -> None:
        self.limits = limits
        self.known = known
        self.budget = limits.total_size
        self.reader = Reader(limits)
        self.seen: set[str] = set()

    def is_new(self, path: str) -> bool:
        """Whether a file has not been read yet. Each file is read once."""
        return self.is_unseen(path if path == STDIN or "\0" in path else os.path.realpath(path))

    def is_unseen(self, real: str) -> bool:
        """Whether a file with this real path has not been read yet. It now has."""
        new = real not in self.seen
        self.seen.add(real)
        return new

    def count(self, piece: Piece) -> None:
        """Count a known piece as read."""
        self.budget -= piece.size

    def named(self, file: str, text: str, line: int = 0) -> Iterator[Found]:
        """The objects in a text that was passed directly. A template is an error and gets no other finding.

        The text begins at `line` (from 0) of its source.
        """
        if refused := self.refused(file, text):
            yield refused
            return
        parts: Iterable[Part | Diagnostic] = parts_in(text, file, self.reader, line)
        if may_be_template(text):
            parts = tuple(parts)
            broken = next((part for part in parts if isinstance(part, Diagnostic)), None)
            if broken and (what := template_kind(parts, text)):
                yield codes.TEMPLATE(broken.origin, what=what, suggestion=ADVICE[what], rejected=True)
                return
        yield from self.objects(file, parts)

    def first_value(self, text: str) -> object:
        """The plain data of the first document of a text; None if there is none, or if it is malformed."""
        try:
            return next((part.value for part in self.reader.stream(text)), None)
        except Malformed:
            return None

    def refused(self, file: str, text: str) -> Diagnostic | None:
        """The finding for a text that is too large. Any other text is counted as read."""
        if len(text) > self.budget:
            return too_large(file, "the rest of the input", self.budget)
        self.budget -= len(text)
        if _longest_document(text, self.limits) > self.limits.document_size:
            return too_large(file, "a document", self.limits.document_size)
        return None

    def objects(self, file: str, judged: Iterable[Part | Diagnostic | ForeignFile]) -> Iterator[Found]:
        """The objects of documents."""
        indexes = count()
        for item in judged:
            match item:
                case Part():
                    yield from objects_of(item, file, indexes)
                case ForeignFile():
                    yield from foreign(item)
                case Diagnostic():
                    yield item


def foreign(file: ForeignFile) -> Iterator[Found]:
    """A foreign file, for counting, and the finding that names it."""
    yield file
    yield codes.FOREIGN_FILE(place(file.path), what=file.reason)


def _longest_document(text: str, limits: Limits) -> int:
    """The length of the longest document, or of the whole text if the text is short."""
    if len(text) <= limits.document_size:
        return len(text)
    return max(map(len, separated(text)))
