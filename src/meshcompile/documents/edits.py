"""Changes to the text of a document, as data: they are applied by whoever has the file."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from msgspec import Struct

from meshcompile.documents.document import Document, Origin
from meshcompile.documents.position import Position

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*")
_WORDS_WITH_MEANING = frozenset(["y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"])


class Replacement(Struct, frozen=True):
    """A part of a text, from `start` to before `end`, with what stands there now and what is to stand there."""

    start: Position
    end: Position
    old: str
    new: str


class NewValue(Struct, frozen=True):
    """Another text in place of a scalar. Its quotes stay as they are."""

    origin: Origin
    text: str

    def replacements(self) -> tuple[Replacement, ...]:
        return _of_scalar(self.origin, lambda old: _quoted_like(old, self.text))


class NewQuotes(Struct, frozen=True):
    """A scalar with quotes around it, or without those that it has."""

    origin: Origin
    quoted: bool

    def replacements(self) -> tuple[Replacement, ...]:
        return _of_scalar(self.origin, lambda old: json.dumps(old) if self.quoted else old.strip("\"'"))


class NewKey(Struct, frozen=True):
    """Another name in place of the key at the origin."""

    origin: Origin
    name: str

    def replacements(self) -> tuple[Replacement, ...]:
        document, old = self.origin.document, str(self.origin.path[-1])
        start = document.place(self.origin.path).key
        line = _line(document, start.line)
        for written in (old, f'"{old}"', f"'{old}'"):
            before, found, after = line[start.column - 1 :].partition(written)
            if not before and found and after.lstrip().startswith(":"):
                return (Replacement(start, _after(start, written), written, _quoted_like(written, self.name)),)
        return ()


class NewIndentation(Struct, frozen=True):
    """The lines of the entry at the origin, moved right by some columns; left for a negative number."""

    origin: Origin
    columns: int

    def replacements(self) -> tuple[Replacement, ...]:
        document = self.origin.document
        key = document.place(self.origin.path).key
        if _line(document, key.line)[: key.column - 1].strip():  # a flow mapping, or the first key of a list item
            return ()
        numbers = range(key.line, _last_line(document, key) + 1)
        return tuple(
            self._moved(number, _line(document, number)) for number in numbers if _line(document, number).strip()
        )

    def _moved(self, number: int, line: str) -> Replacement:
        indent = line[: len(line) - len(line.lstrip(" "))]
        new = " " * max(len(indent) + self.columns, 0)
        return Replacement(Position(number, 1), Position(number, len(indent) + 1), indent, new)


Edit = NewValue | NewQuotes | NewKey | NewIndentation


def _of_scalar(origin: Origin, change: Callable[[str], str]) -> tuple[Replacement, ...]:
    """The change of a scalar that is written on one line, without a tag or an anchor."""
    document = origin.document
    span = document.place(origin.path)
    if span.children or span.start.line != span.end.line or not document.excerpt or not span.start.line:
        return ()
    old = _line(document, span.start.line)[span.start.column - 1 : span.end.column - 1]
    return () if not old or old[0] in "&*!|>[{" else (Replacement(span.start, span.end, old, change(old)),)


def _quoted_like(old: str, text: str) -> str:
    """A text in the quotes of another one. Quotes are added where a text would be something else without them."""
    match old[:1]:
        case "'":
            return f"""'{text.replace("'", "''")}'"""
        case '"':
            return json.dumps(text, ensure_ascii=False)
        case _:
            plain = _PLAIN.fullmatch(text) and text.lower() not in _WORDS_WITH_MEANING
            return text if plain else json.dumps(text, ensure_ascii=False)


def _last_line(document: Document, key: Position) -> int:
    """The last line of the entry with this key: up to the next line that is not indented more."""
    last = number = key.line
    while document.excerpt and (line := document.excerpt.line_at(number + 1)) is not None:
        number += 1
        text = line.lstrip(" ")
        indent = len(line) - len(text)
        if not text or text.startswith("#"):
            continue
        if indent < key.column - 1 or (indent == key.column - 1 and not text.startswith("- ")) or text == "---":
            break
        last = number
    return last


def _line(document: Document, number: int) -> str:
    return (document.excerpt.line_at(number) if document.excerpt else None) or ""


def _after(start: Position, text: str) -> Position:
    return Position(start.line, start.column + len(text))
