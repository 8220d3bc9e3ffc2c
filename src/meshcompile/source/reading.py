"""Everything a user can hand in, as Documents: files, folders, standard input, texts and objects."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from itertools import count
from typing import Any

from msgspec import Struct

from meshcompile.codes import source as codes
from meshcompile.diagnostics import Diagnostic
from meshcompile.errors import InvalidArgument, MeshcompileError, described
from meshcompile.source.document import Document
from meshcompile.source.files import ARCHIVES, STDIN, content, decoded
from meshcompile.source.ignored import EVERYTHING, Selection
from meshcompile.source.limits import DEFAULT_LIMITS, Limits
from meshcompile.source.named_text import NamedText
from meshcompile.source.objects import objects
from meshcompile.source.sources import ForeignFile, Found, Sources, Tally
from meshcompile.source.texts import Texts

Input = str | bytes | os.PathLike[str] | Mapping[str, Any] | NamedText | Diagnostic
"""A path (a folder or a tar archive means all that it holds, `-` standard input), a text, an object, or a finding.

A str is a text if it has a line break, begins with `{` or `[`, or has `: ` in it and is the name of no file; any other
is a path. Bytes are always a text in UTF-8, a PathLike is always a path.
"""
WRITTEN = (str, bytes, os.PathLike, Mapping)
"""The forms of input that a caller writes."""


class UnreadableInput(MeshcompileError):
    """Input that cannot be read; `diagnostics` say what is wrong, and where."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        super().__init__("\n".join(map(str, diagnostics)))
        self.diagnostics = diagnostics


class Inputs(Struct, frozen=True):
    """What was read, in the order it was named; findings that did not prevent it; and the counts."""

    documents: tuple[Document, ...]
    diagnostics: tuple[Diagnostic, ...]
    sources: Sources


def stream(
    inputs: Input | Iterable[Input], limits: Limits = DEFAULT_LIMITS, selection: Selection = EVERYTHING
) -> Iterator[Found]:
    """All documents of the inputs, each file once, as they are read, and findings that do not prevent it.

    A document that makes no sense is a finding beside the others, as it is to `kubectl apply`. A file of a folder that
    does not try to hold an object is foreign, and no error. At the end UnreadableInput is raised, with all that cannot
    be read, if that is a whole file or all there is.
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
    """What `stream` yields, at once."""
    tally = Tally()
    found = list(tally.without_foreign(stream(inputs, limits, selection)))
    documents = tuple(item for item in found if isinstance(item, Document))
    return Inputs(documents, tuple(item for item in found if isinstance(item, Diagnostic)), tally.sources)


def _named(inputs: Input | Iterable[Input]) -> list[Input]:
    """The inputs, one or several. Raises InvalidArgument for what is none."""
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
"""Codes of what could not be read."""


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
        """The objects of what a name means: a file is itself, a folder or an archive all that it holds."""
        if "\0" not in path and os.path.isdir(path):
            from meshcompile.source.collection import folder_objects  # for a fast start, as below

            yield from folder_objects(path, self.selection, self.texts)
        elif self.texts.is_new(path):
            yield from self.archive(path) if path.endswith(ARCHIVES) else self.file(path)

    def piped(self, text: str) -> Iterator[Found]:
        """The objects in standard input, of which Helm's comments may name the templates."""
        from meshcompile.source.helm_output import by_template  # likewise

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
