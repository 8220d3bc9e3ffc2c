"""Documents and positions in them. Positions are computed on first use."""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import copy
from enum import Enum
from itertools import takewhile
from typing import Any, TypeGuard

from msgspec import Struct

from meshcompile.documents.excerpt import Excerpt
from meshcompile.documents.position import NO_PLACE, Path, Position, SourceSpan


class _Value(Enum):
    """Marks a document whose data is not kept in memory."""

    FORGOTTEN = "forgotten"


PLAIN_KEY = re.compile(r"[A-Za-z_][\w-]*")


class Document:
    """One resource as read: plain dicts, lists and scalars, and the source text for positions.

    Each item of a `kind: List` is a Document of its own, with positions in the list. `index` counts the documents of a
    file. Two documents are equal if they hold the same data at the same position of the same file. Do not modify
    `value`.
    """

    __slots__ = ("_excerpt", "_inside", "_place", "_value", "file", "index", "kind", "name", "namespace")

    def __init__(
        self, file: str, value: Any, index: int = 0, excerpt: Excerpt | None = None, inside: Path = ()
    ) -> None:
        """`inside` is the path to the value in the excerpt, if the excerpt holds more than the value."""
        self.file = file
        self.index = index
        fields = value if is_mapping(value) else _NO_FIELDS
        metadata = fields.get("metadata")
        named = metadata if is_mapping(metadata) else _NO_FIELDS
        self.kind = _text(fields.get("kind"))
        """The `kind` as written. Empty if there is none; so are the name and the namespace."""
        self.namespace = _text(named.get("namespace"))
        self.name = _text(named.get("name"))
        self._value = value
        self._excerpt = excerpt
        self._inside = inside
        self._place: SourceSpan | None = None

    @property
    def value(self) -> Any:
        """The plain data."""
        return _value(self._excerpt) if self._value is _Value.FORGOTTEN and self._excerpt else self._value

    def forget(self) -> None:
        """Drop the plain data if it can be read again. It is rarely needed after a model is built from it."""
        if self._excerpt and self._excerpt.complete and not self._inside:
            self._value = _Value.FORGOTTEN

    @property
    def excerpt(self) -> Excerpt | None:
        """The part of a text from which the document was read; None for an object made in Python."""
        return self._excerpt

    @property
    def text(self) -> str:
        """The source text. Empty for an object created in Python."""
        return str(self._excerpt) if self._excerpt else ""

    def place(self, path: Path = ()) -> SourceSpan:
        """The positions of the value at `path` and of its key.

        For an absent value, the positions of the nearest enclosing value.
        """
        if self._place is None:
            self._place = _places(self._excerpt).nearest(self._inside) if self._excerpt else NO_PLACE
        return self._place.nearest(path)

    def position(self, path: Path = ()) -> Position:
        """The position of the last key or item of `path`."""
        if self._excerpt and not path and not self._inside:
            return self._excerpt.position  # the same position as that of the place, which is not computed yet
        return self.place(path).key

    def with_comments_above(self) -> Document:
        """This document from the comments above it on, so that its position is that of the first of them."""
        if self._excerpt is None or self._inside:
            return self
        whole = copy(self)
        whole._excerpt, whole._place = self._excerpt.with_comments_above(), None
        return whole

    def part(self, value: Any, *keys: str | int) -> Document:
        """A separate document for the part of this one at `keys`."""
        return Document(self.file, value, excerpt=self._excerpt, inside=(*self._inside, *keys))

    def embedded(self, value: Any, path: Path) -> Document:
        """A document for the YAML text at `path`.

        Its positions are inside the literal block (`|`) if the text is one. Otherwise they are the position of the
        text.
        """
        block = _literal_block(self._excerpt, self.place(path).start) if self._excerpt else None
        return Document(self.file, value, excerpt=block) if block else self.part(value, *path)

    def replaces(self, earlier: Document) -> bool:
        """Whether this document is an earlier one again: the same text at the same position of its file.

        The earlier document then refers to the new text of the file, so that the old text can be freed.
        """
        new, old = self._excerpt, earlier._excerpt
        if not (new and old and new.complete and old.complete) or self._inside or earlier._inside:
            return False
        if (self.file, self.index, new.line, new.column) != (earlier.file, earlier.index, old.line, old.column):
            return False
        if str(new) != str(old):
            return False
        earlier._excerpt = new
        return True

    def says_the_same(self, other: Document) -> bool:
        """Whether both have the same data, in the same order. Files, positions and comments may differ."""
        mine, others = self._whole, other._whole
        if mine and others and mine.column == others.column and str(mine) == str(others):
            return True
        return repr(self.value) == repr(other.value)

    @property
    def _whole(self) -> Excerpt | None:
        """The excerpt, if it holds this document alone, and all of it."""
        return self._excerpt if self._excerpt and self._excerpt.complete and not self._inside else None

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, Document) and self._content == other._content

    def __hash__(self) -> int:
        return hash(
            (self.file, self.index, self.name)
        )  # origins are hashed often, and these two fields tell most of them apart

    @property
    def _content(self) -> tuple[object, ...]:
        """What the plain data is read from: an excerpt, or the data of an object created in Python."""
        value = None if self._excerpt else self._value
        return self.file, self.index, self.kind, self.namespace, self.name, self._inside, self._excerpt, value

    def __repr__(self) -> str:
        return f"Document({self.file!r}, index={self.index})"


def _literal_block(excerpt: Excerpt, start: Position) -> Excerpt | None:
    """The lines of the literal block at a position, without the indentation of its first line."""
    lines = str(excerpt).split("\n")
    row = start.line - 1 - excerpt.line
    if not lines[row][start.column - 1 - (0 if row else excerpt.column) :].startswith("|"):
        return None
    while not lines[row + 1].strip():
        row += 1
    indent = _indent(lines[row + 1])
    block = list(takewhile(lambda line: not line.strip() or _indent(line) >= indent, lines[row + 1 :]))
    text = "\n".join(block)[indent:]
    return Excerpt(text, 0, len(text), excerpt.line + row + 1, indent, complete=False)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _places(excerpt: Excerpt) -> SourceSpan:
    """The positions in an excerpt."""
    from meshcompile.documents.places import places  # here, so that an Origin does not cost the import of yaml

    return places(str(excerpt), excerpt.line, excerpt.column)


def _value(excerpt: Excerpt) -> Any:
    """The plain data of an excerpt, read again."""
    from meshcompile.documents.stream import value  # for a fast start, as above

    return value(" " * excerpt.column + str(excerpt))


class Origin(Struct, frozen=True):
    """The position of a resource, a field or a list item in a document.

    Line, column and field are computed on first use.
    """

    document: Document
    path: Path = ()

    def __bool__(self) -> bool:
        """False for NOWHERE and everything below it."""
        return self.document is not NOWHERE.document

    def at(self, *keys: str | int) -> Origin:
        """The origin of a field or list item below this one."""
        return Origin(self.document, self.path + keys)

    @property
    def file(self) -> str:
        """The file name as given, `<stdin>`, `<text>` for a text, or `<object>` for plain data."""
        return self.document.file

    @property
    def position(self) -> Position:
        """Line and column together."""
        return self.document.position(self.path)

    @property
    def line(self) -> int:
        """The line, from 1. 0 without a source text."""
        return self.position.line

    @property
    def column(self) -> int:
        """The column, from 1. 0 without a source text."""
        return self.position.column

    @property
    def field(self) -> str:
        """The path as text: `spec.http[0].route[0].destination.host`, `metadata.labels["a.b/c"]`.

        Empty for the whole document.
        """
        return "".join(map(_step, self.path)).removeprefix(".")

    def __str__(self) -> str:
        line, column = self.position
        return f"{self.file}:{line}:{column}" if line else self.file


def _step(key: str | int) -> str:
    match key:
        case int():
            return f"[{key}]"
        case _ if PLAIN_KEY.fullmatch(key):
            return f".{key}"
        case _:
            return f'["{key}"]'


def is_mapping(value: object) -> TypeGuard[Mapping[Any, Any]]:
    """Whether a value is a mapping. Nearly all are dicts, for which this is ten times as fast as a look at the ABC."""
    return value.__class__ is dict or isinstance(value, Mapping)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


_NO_FIELDS: Mapping[Any, Any] = {}

NOWHERE = Origin(Document("<none>", {}))
"""The origin of values without a source, such as defaults."""
