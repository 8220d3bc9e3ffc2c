"""Tables of a TOML file as documents with positions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from meshcompile.documents.document import Document
from meshcompile.documents.excerpt import Excerpt
from meshcompile.documents.position import Path, Position, SourceSpan

_NAME = r'(?:[A-Za-z0-9_-]+|"[^"\n]*"|\'[^\'\n]*\')'
_NAMES = rf"{_NAME}(?:\s*\.\s*{_NAME})*"
_LINE = re.compile(rf"\s*(?:(?P<opening>\[\[?)\s*(?P<table>{_NAMES})\s*\]\]?|(?P<key>{_NAMES})\s*=\s*(?P<value>.*))")
_PART = re.compile(_NAME)


def table_document(file: str, text: str, table: Path, value: Any) -> Document:
    """The document of one table with this data. Keys in inline tables have the position of the outer key."""
    document = Document(file, value, excerpt=Excerpt(text, 0, len(text), 0, 0))
    document._place = _span(text, table)
    return document


def _span(text: str, table: Path) -> SourceSpan:
    """The spans of the keys below a table."""
    top = SourceSpan(Position(1, 1), Position(1, 1), Position(1, 1))
    for path, position, end in _keys(text):
        if path[: len(table)] == table:
            _add(top, path[len(table) :], position, end)
    return top


def _add(top: SourceSpan, path: Path, position: Position, end: Position) -> None:
    span = top
    for step in path:
        span = span.children.setdefault(step, SourceSpan(position, position, end))


def _keys(text: str) -> Iterator[tuple[Path, Position, Position]]:
    """The path, start and end of each table and key. The tables in an array of tables are numbered."""
    table: Path = ()
    items: dict[Path, int] = {}
    for number, line in enumerate(text.split("\n"), 1):
        found = _LINE.match(line)
        if found is None:
            continue
        group = "table" if found["opening"] else "key"
        names = tuple(part.strip("\"'") for part in _PART.findall(found[group]))
        if found["opening"] == "[[":
            items[names] = items.get(names, -1) + 1
            names = (*names, items[names])
        if found["opening"]:
            table = names
        path = table if found["opening"] else (*table, *names)
        yield path, Position(number, found.start(group) + 1), Position(number, len(line.rstrip()) + 1)
