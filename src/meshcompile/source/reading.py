"""Reads all kinds of input into Documents: files, folders, standard input, texts and objects."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from itertools import count
from typing import Any

from msgspec import Struct

from meshcompile.codes import source as codes
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents.document import Document
from meshcompile.documents.limits import DEFAULT_LIMITS, Limits
from meshcompile.documents.named_text import NamedText
from meshcompile.errors import InvalidArgument, MeshcompileError, described
from meshcompile.source.files import ARCHIVES, STDIN, content, decoded
from meshcompile.source.ignored import EVERYTHING, Selection
from meshcompile.source.objects import objects
from meshcompile.source.pieces import NOTHING_KNOWN, Closed, Known, Listed, Opened, Piece, ReadEvent
from meshcompile.source.sources import Found, Sources, Tally
from meshcompile.source.texts import Texts

Input = str | bytes | os.PathLike[str] | Mapping[str, Any] | NamedText | Diagnostic
"""A path, a text, an object, or a finding. A folder or a tar archive means all its files, and `-` is standard input.

A str is a text if it has a line break, if it begins with `{` or `[`, or if it contains `: ` and no file has this name.
Any other str is a path. Bytes are always a UTF-8 text, and a PathLike is always a path.
"""
WRITTEN = (str, bytes, os.PathLike, Mapping)
"""The forms of input that a caller writes."""


class UnreadableInput(MeshcompileError):
    """Input that cannot be read. `diagnostics` say what is wrong, and where."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        super().__init__("\n".join(map(str, diagnostics)))
        self.diagnostics = diagnostics


class Inputs(Struct, frozen=True):
    """The documents in input order, findings that did not prevent reading, and counts."""

    documents: tuple[Document, ...]
    diagnostics: tuple[Diagnostic, ...]
    sources: Sources


def stream(
    inputs: Input | Iterable[Input], limits: Limits = DEFAULT_LIMITS, selection: Selection = EVERYTHING
) -> Iterator[Found]:
    """All documents of the inputs as they are read, each file once, and findings that do not prevent reading.

    Like in `kubectl apply`, a malformed document is a finding and does not affect the others. A file of a folder that
    does not appear to hold an object is foreign, and not an error. At the end, this raises UnreadableInput with all
    unreadable parts if a whole file or the whole input cannot be read.
    """
    for event in read_events(named_inputs(inputs), limits, selection):
        if not isinstance(event, Opened | Closed | Listed | Piece):
            yield event


def read_events(
    inputs: Iterable[Input | Piece],
    limits: Limits = DEFAULT_LIMITS,
    selection: Selection = EVERYTHING,
    known: Known = NOTHING_KNOWN,
) -> Iterator[ReadEvent]:
    """The events of reading, in the order of `stream`. Known parts are not read again, and come as a Piece."""
    fatal = codes.BROKEN_FILE | codes.BROKEN_DOCUMENT
    diagnostics: list[Diagnostic] = []
    for event in _Reading(limits, selection, known).everything(inputs):
        match event:
            case Diagnostic():
                diagnostics.append(event)
            case Document():
                fatal = codes.BROKEN_FILE
            case Piece():
                diagnostics += event.found
                fatal = codes.BROKEN_FILE if event.documents else fatal
            case _:
                pass
        yield event
    if any(item.code in fatal for item in diagnostics):
        raise UnreadableInput(tuple(item for item in diagnostics if item.code in UNREADABLE))


def read(inputs: Input | Iterable[Input], limits: Limits = DEFAULT_LIMITS, selection: Selection = EVERYTHING) -> Inputs:
    """The result of `stream`, collected."""
    tally = Tally()
    results = list(tally.without_foreign(stream(inputs, limits, selection)))
    documents = tuple(item for item in results if isinstance(item, Document))
    return Inputs(documents, tuple(item for item in results if isinstance(item, Diagnostic)), tally.sources)


def named_inputs(inputs: Input | Iterable[Input]) -> list[Input]:
    """The inputs as a list. Raises InvalidArgument for an invalid one."""
    match inputs:
        case str() | bytes() | os.PathLike() | Mapping() | NamedText() | Diagnostic():
            return [inputs]
        case Iterable():
            return [_checked(item) for item in inputs]
        case _:
            return [_checked(inputs)]


def _checked(given: Input) -> Input:
    match given:
        case str() | bytes() | os.PathLike() | Mapping() | NamedText() | Diagnostic():
            return given
        case _:
            raise InvalidArgument(f"inputs must be paths, texts, bytes or mappings, not {described(given)}")


UNREADABLE = codes.BROKEN_FILE | codes.BROKEN_DOCUMENT
"""Codes of input that could not be read."""


class _Reading:
    """One call of `stream`."""

    def __init__(self, limits: Limits, selection: Selection, known: Known) -> None:
        self.selection = selection
        self.texts = Texts(limits, known)

    def everything(self, inputs: Iterable[Input | Piece]) -> Iterator[ReadEvent]:
        for given in inputs:
            match given:
                case Piece():
                    self.texts.count(given)
                    yield given
                case Mapping() | NamedText() | Diagnostic() | bytes():
                    yield from self.opened(self.given(given))
                case str() if is_text(given):
                    yield from self.opened(self.text("<text>", given.removeprefix("\ufeff")))
                case _:
                    yield from self.path(os.fspath(given))

    def given(self, given: Mapping[str, Any] | NamedText | Diagnostic | bytes) -> Iterator[Found]:
        """The objects in an input that is not a path."""
        match given:
            case Mapping():
                yield from objects(Document("<object>", given), count())
            case NamedText():
                yield from self.texts.named(given.name, given.text, given.line)
            case Diagnostic():
                yield given
            case bytes():
                yield from self.text("<text>", decoded("<text>", given, self.texts.budget))

    def opened(self, found: Iterable[Found], path: str = "") -> Iterator[ReadEvent]:
        """The objects in a file or another input, as one piece."""
        budget = self.texts.budget
        yield Opened(path, os.path.realpath(path) if path else "")
        yield from found
        yield Closed(budget - self.texts.budget)

    def path(self, path: str) -> Iterator[ReadEvent]:
        """The objects at a path: a file, or all files of a folder or an archive."""
        if "\0" not in path and os.path.isdir(path):
            from meshcompile.source.collection import folder_objects  # for a fast start, as below

            yield from folder_objects(path, self.selection, self.texts)
        elif piece := self.texts.known.files.get(path):
            if self.texts.is_unseen(piece.real):
                self.texts.count(piece)
                yield piece
        elif self.texts.is_new(path):
            found = self.archive(path) if path.endswith(ARCHIVES) else self.file(path)
            yield from self.opened(found, "" if path == STDIN or "\0" in path else path)

    def piped(self, text: str) -> Iterator[Found]:
        """The objects in standard input. Helm's comments may name their templates."""
        from meshcompile.documents.helm_output import by_template  # likewise

        for part in by_template(text, "<stdin>"):
            yield from self.texts.named(part.name, part.text, part.line)

    def archive(self, path: str) -> Iterator[Found]:
        from meshcompile.source.collection import archive_objects

        return archive_objects(path, self.texts)

    def file(self, path: str) -> Iterator[Found]:
        buffer = self.texts.known.buffer(path)
        match content(path, self.texts.budget) if buffer is None else buffer:
            case str(text) if path == STDIN:
                yield from self.piped(text)
            case text_or_finding:
                yield from self.text(path, text_or_finding)

    def text(self, file: str, text: str | Diagnostic) -> Iterator[Found]:
        yield from (text,) if isinstance(text, Diagnostic) else self.texts.named(file, text)


def input_path(given: object) -> str | None:
    """The path that an input is; None for an input that is none."""
    match given:
        case Mapping() | bytes() | NamedText():
            return None
        case str() if is_text(given):
            return None
        case str() | os.PathLike():
            return os.fspath(given)
        case _:
            return None


def is_text(given: str) -> bool:
    if "\n" in given or given.lstrip().startswith(("{", "[")):
        return True
    return ": " in given and not os.path.exists(given)
