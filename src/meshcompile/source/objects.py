"""The objects in a text: its documents, the items of its lists, and findings about malformed ones."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from meshcompile.codes import source as codes
from meshcompile.diagnostics import Code, Diagnostic
from meshcompile.documents.document import Document, Origin, is_mapping
from meshcompile.documents.excerpt import Reached
from meshcompile.documents.malformed import Malformed, YamlFault
from meshcompile.documents.stream import Part, Reader
from meshcompile.source.files import place_in


def parts_in(text: str, file: str, reader: Reader, line: int = 0) -> Iterator[Part | Diagnostic]:
    """The documents of a text as written, with a list as one document, and findings about malformed ones.

    The text begins at `line` (from 0) of its source.
    """
    reached = Reached(0, line + 1)
    for part in reader.documents(_with_whole_characters(text), line):
        if isinstance(part, Malformed):
            reached = reached.at_line(text, part.position.line)
            yield malformed_finding(file, part, text, reached.start + part.position.column - 1)
        else:
            yield part


def objects_of(part: Part, file: str, indexes: Iterator[int]) -> Iterator[Document | Diagnostic]:
    """The objects of one document of a text. The items of a list have their own part of the text."""
    if not part.items or not _is_list(part.value):
        yield from objects(Document(file, part.value, excerpt=part.excerpt), indexes)
        return
    for item in part.items:
        value, excerpt = _typed(item.value, part.value), item.excerpt
        if value is not item.value:
            excerpt = replace(excerpt, complete=False)
        yield from objects(Document(file, value, excerpt=excerpt), indexes)


def objects(document: Document, indexes: Iterator[int]) -> Iterator[Document | Diagnostic]:
    """The object of a document, or the objects of a list document; none if it is empty."""
    value = document.value
    if not is_mapping(value):
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
        yield from objects(document.part(_typed(item, document.value), "items", index), indexes)


def _is_list(value: object) -> bool:
    """Whether an object is a list of other objects: a `List`, or a kind such as `ServiceList` with `items`."""
    if not is_mapping(value):
        return False
    kind = value.get("kind")
    return kind == "List" or (isinstance(kind, str) and kind.endswith("List") and isinstance(value.get("items"), list))


def _typed(item: Any, listed: Mapping[str, Any]) -> Any:
    """The item with the type that the API server derives from the list: a `ServiceList` holds Services."""
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


_FAULT_CODES: dict[YamlFault, Code] = {
    YamlFault.SYNTAX: codes.NOT_YAML,
    YamlFault.CHARACTER: codes.NOT_YAML,
    YamlFault.DUPLICATE_KEY: codes.DUPLICATE_KEY,
    YamlFault.VALUE: codes.BAD_VALUE,
    YamlFault.ANCHOR: codes.BAD_ALIAS,
    YamlFault.TOO_DEEP: codes.TOO_DEEP,
    YamlFault.TOO_MANY_ALIASES: codes.TOO_MANY_ALIASES,
}


def malformed_finding(file: str, malformed: Malformed, text: str, start: int) -> Diagnostic:
    """The finding for a document that cannot be read, which begins at `start` of the text."""
    code = _FAULT_CODES[malformed.fault]
    return code(
        place_in(file, malformed.position, text, start),
        problem=malformed.problem,
        suggestion=malformed.suggestion,
        rejected=True,
    )


_SURROGATES = re.compile(r"\\\\|\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")


def _with_whole_characters(text: str) -> str:
    """The text. In JSON, each surrogate pair is replaced by one escape, which YAML requires."""
    if not text.lstrip().startswith(("{", "[")):
        return text
    return _SURROGATES.sub(lambda pair: pair[0] if pair[1] is None else _whole_character(pair[1], pair[2]), text)


def _whole_character(high: str, low: str) -> str:
    return f"\\U{0x10000 + ((int(high, 16) - 0xD800) << 10) + int(low, 16) - 0xDC00:08X}"
