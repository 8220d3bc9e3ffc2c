"""Everything a user can hand in, as Documents: files, folders, standard input, texts and objects."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from meshcompile.codes import source as codes
from meshcompile.diagnostics import Code, Diagnostic
from meshcompile.errors import MeshcompileError
from meshcompile.source.document import Document, Origin
from meshcompile.source.files import STDIN, content, files, place_in, too_large
from meshcompile.source.limits import DEFAULT_LIMITS, Limits
from meshcompile.source.malformed import Fault, Malformed
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
    """What was read, in the order it was named; findings that did not prevent it."""

    documents: tuple[Document, ...]
    diagnostics: tuple[Diagnostic, ...]


def stream(inputs: Input | Iterable[Input], limits: Limits = DEFAULT_LIMITS) -> Iterator[Document | Diagnostic]:
    """All documents of the inputs, each file once, as they are read, and findings that do not prevent it.

    A document that makes no sense is a finding beside the others, as it is to `kubectl apply`. At the end
    UnreadableInput is raised, with all that cannot be read, if that is a whole file or all there is.
    """
    named = [inputs] if isinstance(inputs, str | os.PathLike | Mapping) else list(inputs)
    fatal = codes.BROKEN_FILE | codes.BROKEN_DOCUMENT
    diagnostics: list[Diagnostic] = []
    for item in _Reading(limits).everything(named):
        if isinstance(item, Diagnostic):
            diagnostics.append(item)
        else:
            fatal = codes.BROKEN_FILE
        yield item
    if any(item.code in fatal for item in diagnostics):
        raise UnreadableInput(tuple(item for item in diagnostics if item.code in UNREADABLE))


def read(inputs: Input | Iterable[Input], limits: Limits = DEFAULT_LIMITS) -> Inputs:
    """What `stream` yields, at once."""
    found = list(stream(inputs, limits))
    documents = tuple(item for item in found if isinstance(item, Document))
    return Inputs(documents, tuple(item for item in found if isinstance(item, Diagnostic)))


UNREADABLE = codes.BROKEN_FILE | codes.BROKEN_DOCUMENT
"""Codes of what could not be read."""


class _Reading:
    """One call of `stream`: the budget that is left, and the files that had their turn."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.budget = limits.total_size
        self.reader = Reader(limits)
        self.seen: set[str] = set()

    def everything(self, inputs: Iterable[Input]) -> Iterator[Document | Diagnostic]:
        for given in inputs:
            match given:
                case Mapping():
                    yield from _objects(Document("<object>", given), count())
                case str() if _is_text(given):
                    yield from self.text("<text>", given.removeprefix("\ufeff"))
                case _:
                    yield from self.path(os.fspath(given))

    def path(self, path: str) -> Iterator[Document | Diagnostic]:
        for file in files(path):
            if isinstance(file, Diagnostic):
                yield file
            elif (real := file if file == STDIN else os.path.realpath(file)) not in self.seen:
                self.seen.add(real)
                yield from self.file(file)

    def file(self, file: str) -> Iterator[Document | Diagnostic]:
        text = content(file, self.budget)
        if isinstance(text, Diagnostic):
            yield text
        else:
            yield from self.text("<stdin>" if file == STDIN else file, text)

    def text(self, file: str, text: str) -> Iterator[Document | Diagnostic]:
        """The objects in a text."""
        if len(text) > self.budget:
            yield too_large(file, "the rest of the input", self.budget)
            return
        self.budget -= len(text)
        if _longest_document(text, self.limits) > self.limits.document_size:
            yield too_large(file, "a document", self.limits.document_size)
            return
        indexes = count()
        for part in self.reader.documents(_with_whole_characters(text)):
            if isinstance(part, Malformed):
                yield _malformed(file, part)
            else:
                yield from _parts(file, part, indexes)


def _is_text(given: str) -> bool:
    return "\n" in given or given.lstrip().startswith("{")


def _longest_document(text: str, limits: Limits) -> int:
    """The length of the longest document; that of the whole text if it is short anyway."""
    if len(text) <= limits.document_size:
        return len(text)
    return max(map(len, separated(text)))


_SURROGATES = re.compile(r"\\\\|\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")


def _with_whole_characters(text: str) -> str:
    """The text, if it is JSON, with pairs of surrogates as YAML wants them: one escape per character."""
    if not text.lstrip().startswith(("{", "[")):
        return text
    return _SURROGATES.sub(lambda pair: pair[0] if pair[1] is None else _whole_character(pair[1], pair[2]), text)


def _whole_character(high: str, low: str) -> str:
    return f"\\U{0x10000 + ((int(high, 16) - 0xD800) << 10) + int(low, 16) - 0xDC00:08X}"


def _parts(file: str, part: Part, indexes: Iterator[int]) -> Iterator[Document | Diagnostic]:
    """The objects of one document of a text; the items of a list know their own part of the text."""
    if not part.items or not _is_list(part.value):
        yield from _objects(Document(file, part.value, excerpt=part.excerpt), indexes)
        return
    for item in part.items:
        value, excerpt = _typed(item.value, part.value), item.excerpt
        if value is not item.value:
            excerpt = replace(excerpt, complete=False)
        yield from _objects(Document(file, value, excerpt=excerpt), indexes)


def _objects(document: Document, indexes: Iterator[int]) -> Iterator[Document | Diagnostic]:
    """The object that a document is, or those that a list document holds; none if it is empty."""
    value = document.value
    if not isinstance(value, Mapping):
        yield codes.NOT_A_MAPPING(Origin(document), found=_described(value))
    elif _is_list(value):
        yield from _items(document, indexes)
    elif value:
        document.index = next(indexes)
        yield document


def _items(document: Document, indexes: Iterator[int]) -> Iterator[Document | Diagnostic]:
    items = document.value.get("items")
    if not isinstance(items, list | tuple | None):
        yield codes.ITEMS_NOT_A_LIST(Origin(document).at("items"), found=_described(items))
        return
    for index, item in enumerate(items or ()):
        yield from _objects(document.part(_typed(item, document.value), "items", index), indexes)


def _is_list(value: object) -> bool:
    """Whether an object is a list of others: a `List`, or a kind such as `ServiceList` with `items`."""
    if not isinstance(value, Mapping):
        return False
    kind = value.get("kind")
    return kind == "List" or (isinstance(kind, str) and kind.endswith("List") and isinstance(value.get("items"), list))


def _typed(item: Any, listed: Mapping[str, Any]) -> Any:
    """The item with the type that the API server leaves to the list: a `ServiceList` holds Services."""
    kind = str(listed["kind"]).removesuffix("List")
    if not kind or not isinstance(item, Mapping) or "kind" in item:
        return item
    return {"apiVersion": listed.get("apiVersion", ""), "kind": kind} | dict(item)


def _described(value: object) -> str:
    match value:
        case None:
            return "empty"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "a text"
        case Mapping():
            return "a mapping"
        case _:
            return "a list"


_FAULT_CODES: dict[Fault, Code] = {
    Fault.SYNTAX: codes.NOT_YAML,
    Fault.CHARACTER: codes.NOT_YAML,
    Fault.DUPLICATE_KEY: codes.DUPLICATE_KEY,
    Fault.VALUE: codes.BAD_VALUE,
    Fault.ANCHOR: codes.BAD_ALIAS,
    Fault.TOO_DEEP: codes.TOO_DEEP,
    Fault.TOO_MANY_ALIASES: codes.TOO_MANY_ALIASES,
}


def _malformed(file: str, malformed: Malformed) -> Diagnostic:
    code = _FAULT_CODES[malformed.fault]
    return code(
        place_in(file, malformed.position),
        problem=malformed.problem,
        suggestion=malformed.suggestion,
        rejected=True,
    )
