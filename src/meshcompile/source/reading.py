"""Everything a user can hand in, as Documents: files, folders, standard input, texts and objects."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

from meshcompile.codes import source as codes
from meshcompile.diagnostics import Diagnostic
from meshcompile.errors import MeshcompileError
from meshcompile.source.document import Document
from meshcompile.source.files import STDIN, content, files, place, too_large
from meshcompile.source.foreign import judged
from meshcompile.source.limits import DEFAULT_LIMITS, Limits
from meshcompile.source.look import foreign_at_a_glance
from meshcompile.source.objects import objects, objects_of, parts_in
from meshcompile.source.sources import ForeignFile, Found, Sources, Tally
from meshcompile.source.stream import Part, Reader, separated

Input = str | os.PathLike[str] | Mapping[str, Any]
"""A path (a folder means all that it holds, `-` standard input), a text of YAML or JSON, or an object.

A str is a text if it has a line break or begins with `{`; any other is a path. A PathLike is always a path.
"""


class UnreadableInput(MeshcompileError):
    """Input that cannot be read; `diagnostics` say what is wrong, and where."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        super().__init__("\n".join(map(str, diagnostics)))
        self.diagnostics = diagnostics


@dataclass(frozen=True, slots=True)
class Inputs:
    """What was read, in the order it was named; findings that did not prevent it; and the counts."""

    documents: tuple[Document, ...]
    diagnostics: tuple[Diagnostic, ...]
    sources: Sources


def stream(inputs: Input | Iterable[Input], limits: Limits = DEFAULT_LIMITS) -> Iterator[Found]:
    """All documents of the inputs, each file once, as they are read, and findings that do not prevent it.

    A document that makes no sense is a finding beside the others, as it is to `kubectl apply`. A file of a folder that
    does not try to hold an object is foreign, and no error. At the end UnreadableInput is raised, with all that cannot
    be read, if that is a whole file or all there is.
    """
    named = [inputs] if isinstance(inputs, str | os.PathLike | Mapping) else list(inputs)
    fatal = codes.BROKEN_FILE | codes.BROKEN_DOCUMENT
    diagnostics: list[Diagnostic] = []
    for item in _Reading(limits).everything(named):
        match item:
            case Diagnostic():
                diagnostics.append(item)
            case Document():
                fatal = codes.BROKEN_FILE
            case ForeignFile():
                pass
        yield item
    if any(item.code in fatal for item in diagnostics):
        raise UnreadableInput(tuple(item for item in diagnostics if item.code in UNREADABLE))


def read(inputs: Input | Iterable[Input], limits: Limits = DEFAULT_LIMITS) -> Inputs:
    """What `stream` yields, at once."""
    tally = Tally()
    found = list(tally.without_foreign(stream(inputs, limits)))
    documents = tuple(item for item in found if isinstance(item, Document))
    return Inputs(documents, tuple(item for item in found if isinstance(item, Diagnostic)), tally.sources)


UNREADABLE = codes.BROKEN_FILE | codes.BROKEN_DOCUMENT
"""Codes of what could not be read."""


class _Reading:
    """One call of `stream`: the budget that is left, and the files that had their turn."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.budget = limits.total_size
        self.reader = Reader(limits)
        self.seen: set[str] = set()

    def everything(self, inputs: Iterable[Input]) -> Iterator[Found]:
        for given in inputs:
            match given:
                case Mapping():
                    yield from objects(Document("<object>", given), count())
                case str() if _is_text(given):
                    yield from self.named("<text>", given.removeprefix("\ufeff"))
                case _ if os.path.isdir(given):
                    yield from self.folder(os.fspath(given))
                case _:
                    yield from self.file(os.fspath(given))

    def file(self, path: str) -> Iterator[Found]:
        """The objects of a file that was named."""
        if self.is_new(path):
            text = content(path, self.budget)
            name = "<stdin>" if path == STDIN else path
            yield from (text,) if isinstance(text, Diagnostic) else self.named(name, text)

    def folder(self, path: str) -> Iterator[Found]:
        """The objects of the files in a folder, and the files that are foreign."""
        for file in files(path):
            if isinstance(file, Diagnostic):
                yield file
            elif self.is_new(file):
                text = content(file, self.budget)
                yield from (text,) if isinstance(text, Diagnostic) else self.found(file, text)

    def is_new(self, path: str) -> bool:
        """Whether a file has its turn: each has one."""
        real = path if path == STDIN or "\0" in path else os.path.realpath(path)
        new = real not in self.seen
        self.seen.add(real)
        return new

    def named(self, file: str, text: str) -> Iterator[Document | Diagnostic]:
        """The objects in a text that was given as such."""
        yield from self.parsed(file, text) if (refused := self.refused(file, text)) is None else (refused,)

    def found(self, file: str, text: str) -> Iterator[Found]:
        """The objects in a file of a folder, or the file as a foreign one."""
        if what := foreign_at_a_glance(file, text):
            yield from _foreign(ForeignFile(file, what))
        elif refused := self.refused(file, text):
            yield refused
        else:
            yield from self.objects(file, judged(parts_in(text, file, self.reader), file, text))

    def refused(self, file: str, text: str) -> Diagnostic | None:
        """What is said of a text that is too large; what is not counts as read."""
        if len(text) > self.budget:
            return too_large(file, "the rest of the input", self.budget)
        self.budget -= len(text)
        if _longest_document(text, self.limits) > self.limits.document_size:
            return too_large(file, "a document", self.limits.document_size)
        return None

    def parsed(self, file: str, text: str) -> Iterator[Document | Diagnostic]:
        indexes = count()
        for part in parts_in(text, file, self.reader):
            yield from (part,) if isinstance(part, Diagnostic) else objects_of(part, file, indexes)

    def objects(self, file: str, judged: Iterable[Part | Diagnostic | ForeignFile]) -> Iterator[Found]:
        indexes = count()
        for item in judged:
            match item:
                case Part():
                    yield from objects_of(item, file, indexes)
                case ForeignFile():
                    yield from _foreign(item)
                case _:
                    yield item


def _foreign(file: ForeignFile) -> Iterator[Found]:
    """A foreign file, which is counted, and the finding that names it."""
    yield file
    yield codes.FOREIGN_FILE(place(file.path), what=file.reason)


def _is_text(given: str) -> bool:
    return "\n" in given or given.lstrip().startswith("{")


def _longest_document(text: str, limits: Limits) -> int:
    """The length of the longest document; that of the whole text if it is short anyway."""
    if len(text) <= limits.document_size:
        return len(text)
    return max(map(len, separated(text)))
