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
from meshcompile.source.sources import ForeignFile, Found, Sources, Tally
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
    named = _named(inputs)
    fatal = codes.BROKEN_FILE | codes.BROKEN_DOCUMENT
    diagnostics: list[Diagnostic] = []
    for item in _Reading(limits, selection).everything(named):
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


def read(inputs: Input | Iterable[Input], limits: Limits = DEFAULT_LIMITS, selection: Selection = EVERYTHING) -> Inputs:
    """The result of `stream`, collected."""
    tally = Tally()
    found = list(tally.without_foreign(stream(inputs, limits, selection)))
    documents = tuple(item for item in found if isinstance(item, Document))
    return Inputs(documents, tuple(item for item in found if isinstance(item, Diagnostic)), tally.sources)


def _named(inputs: Input | Iterable[Input]) -> list[Input]:
    """The inputs as a list. Raises InvalidArgument for an invalid one."""
    match inputs:
        case str() | bytes() | os.PathLike() | Mapping() | NamedText() | Diagnostic():
            return [inputs]
        case Iterable():
            return [_checked(each) for each in inputs]
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

    def __init__(self, limits: Limits, selection: Selection) -> None:
        self.selection = selection
        self.texts = Texts(limits)

    def everything(self, inputs: Iterable[Input]) -> Iterator[Found]:
        for given in inputs:
            match given:
                case Mapping():
                    yield from objects(Document("<object>", given), count())
                case NamedText():
                    yield from self.texts.named(given.name, given.text, given.line)
                case Diagnostic():
                    yield given
                case bytes():
                    yield from self.text("<text>", decoded("<text>", given, self.texts.budget))
                case str() if _is_text(given):
                    yield from self.text("<text>", given.removeprefix("\ufeff"))
                case _:
                    yield from self.path(os.fspath(given))

    def path(self, path: str) -> Iterator[Found]:
        """The objects at a path: a file, or all files of a folder or an archive."""
        if "\0" not in path and os.path.isdir(path):
            from meshcompile.source.collection import folder_objects  # for a fast start, as below

            yield from folder_objects(path, self.selection, self.texts)
        elif self.texts.is_new(path):
            yield from self.archive(path) if path.endswith(ARCHIVES) else self.file(path)

    def piped(self, text: str) -> Iterator[Found]:
        """The objects in standard input. Helm's comments may name their templates."""
        from meshcompile.documents.helm_output import by_template  # likewise

        for part in by_template(text, "<stdin>"):
            yield from self.texts.named(part.name, part.text, part.line)

    def archive(self, path: str) -> Iterator[Found]:
        from meshcompile.source.collection import archive_objects

        return archive_objects(path, self.texts)

    def file(self, path: str) -> Iterator[Found]:
        match content(path, self.texts.budget):
            case str(text) if path == STDIN:
                yield from self.piped(text)
            case found:
                yield from self.text(path, found)

    def text(self, file: str, text: str | Diagnostic) -> Iterator[Found]:
        yield from (text,) if isinstance(text, Diagnostic) else self.texts.named(file, text)


def _is_text(given: str) -> bool:
    if "\n" in given or given.lstrip().startswith(("{", "[")):
        return True
    return ": " in given and not os.path.exists(given)
