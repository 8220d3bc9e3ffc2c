"""Documents and the places in them, found only when somebody asks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from itertools import takewhile
from typing import Any

from msgspec import Struct

from meshcompile.source.excerpt import Excerpt
from meshcompile.source.position import NO_PLACE, Path, Place, Position


class _Value(Enum):
    """What stands for the data of a document that does not hold them."""

    FORGOTTEN = "forgotten"


PLAIN_KEY = re.compile(r"[A-Za-z_][\w-]*")


class Document:
    """One resource as read: plain dicts, lists and scalars, and what it takes to find a place in its text.

    An item of a `kind: List` is a Document of its own, whose positions point into the list. `index` counts the
    documents of a file. Two documents are equal when they hold the same at the same place of the same file. Nobody may
    change `value`.
    """

    __slots__ = ("_excerpt", "_inside", "_place", "_value", "file", "index", "kind", "name", "namespace")

    def __init__(
        self, file: str, value: Any, index: int = 0, excerpt: Excerpt | None = None, inside: Path = ()
    ) -> None:
        """`inside` is the path to the value in what the excerpt says, where that says more."""
        self.file = file
        self.index = index
        self.kind = _text(value, "kind")
        """The `kind` as written; empty where there is none, as the name and the namespace are."""
        metadata = _field(value, "metadata")
        self.namespace = _text(metadata, "namespace")
        self.name = _text(metadata, "name")
        self._value = value
        self._excerpt = excerpt
        self._inside = inside
        self._place: Place | None = None

    @property
    def value(self) -> Any:
        """The plain data."""
        return _value(self._excerpt) if self._value is _Value.FORGOTTEN and self._excerpt else self._value

    def forget(self) -> None:
        """Keep the plain data no longer, if they can be read again: few ask for them once a model is made of them."""
        if self._excerpt and self._excerpt.complete and not self._inside:
            self._value = _Value.FORGOTTEN

    @property
    def text(self) -> str:
        """The text it was read from; empty for an object made in Python."""
        return str(self._excerpt) if self._excerpt else ""

    def place(self, path: Path = ()) -> Place:
        """Where the value at `path` and its key stand; of what nobody wrote, the nearest value around it."""
        if self._place is None:
            self._place = _places(self._excerpt).nearest(self._inside) if self._excerpt else NO_PLACE
        return self._place.nearest(path)

    def position(self, path: Path = ()) -> Position:
        """Where the key or the item that `path` ends in stands."""
        if self._excerpt and not path and not self._inside:
            return self._excerpt.position  # as the place says, which is not known yet
        return self.place(path).key

    def part(self, value: Any, *keys: str | int) -> Document:
        """A document of its own for the part of this one at `keys`."""
        return Document(self.file, value, excerpt=self._excerpt, inside=(*self._inside, *keys))

    def embedded(self, value: Any, path: Path) -> Document:
        """A document for what the text at `path` says. Its places are inside a literal block (`|`), else the text's."""
        block = _literal_block(self._excerpt, self.place(path).start) if self._excerpt else None
        return Document(self.file, value, excerpt=block) if block else self.part(value, *path)

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, Document) and self._content == other._content

    def __hash__(self) -> int:
        return hash((self.file, self.index, self.name))  # origins are hashed often, and this tells most of them apart

    @property
    def _content(self) -> tuple[object, ...]:
        """Its place, and what the plain data were read from, or the data of an object made in Python."""
        value = None if self._excerpt else self._value
        return self.file, self.index, self.kind, self.namespace, self.name, self._inside, self._excerpt, value

    def __repr__(self) -> str:
        return f"Document({self.file!r}, index={self.index})"


def _literal_block(excerpt: Excerpt, start: Position) -> Excerpt | None:
    """The lines of the literal block that begins at a position, without the first one's indentation."""
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


def _places(excerpt: Excerpt) -> Place:
    """The places in an excerpt."""
    from meshcompile.source.places import places  # here, so that an Origin does not cost the import of yaml

    return places(str(excerpt), excerpt.line, excerpt.column)


def _value(excerpt: Excerpt) -> Any:
    """The plain data of an excerpt, read once more."""
    from meshcompile.source.stream import value  # likewise

    return value(" " * excerpt.column + str(excerpt))


class Origin(Struct, frozen=True):
    """A place in a document: that of a resource, a field or a list item. Line, column and field are made when asked."""

    document: Document
    path: Path = ()

    def __bool__(self) -> bool:
        """False for NOWHERE, and what is below it: nobody wrote that."""
        return self.document is not NOWHERE.document

    def at(self, *keys: str | int) -> Origin:
        """The place of a field or list item below this one."""
        return Origin(self.document, self.path + keys)

    @property
    def file(self) -> str:
        """The file as it was named, `<stdin>`, `<text>` for a text or `<object>` for plain data."""
        return self.document.file

    @property
    def position(self) -> Position:
        """Line and column together."""
        return self.document.position(self.path)

    @property
    def line(self) -> int:
        """The line, from 1; 0 when there is no text to point into."""
        return self.position.line

    @property
    def column(self) -> int:
        """The column, from 1; 0 when there is no text to point into."""
        return self.position.column

    @property
    def field(self) -> str:
        """The path as text: `spec.http[0].route[0].destination.host`, `metadata.labels["a.b/c"]`; "" for the whole."""
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


def _field(value: object, key: str) -> object:
    return value.get(key) if isinstance(value, Mapping) else None


def _text(value: object, key: str) -> str:
    found = _field(value, key)
    return found if isinstance(found, str) else ""


NOWHERE = Origin(Document("<none>", {}))
"""The place of what nobody wrote, such as a default."""
