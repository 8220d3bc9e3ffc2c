"""Documents and the places in them, found only when somebody asks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from meshcompile.source.position import NO_PLACE, Path, Place, Position

PLAIN_KEY = re.compile(r"[A-Za-z_][\w-]*")


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A part of a file's text, which it shares with the other parts: two offsets, and the line and column, from 0."""

    text: str
    start: int
    end: int
    line: int
    column: int

    def __str__(self) -> str:
        return self.text[self.start : self.end]

    def places(self) -> Place:
        from meshcompile.source.places import places  # here, so that an Origin does not cost the import of yaml

        return places(str(self), self.line, self.column)


class Document:
    """One resource as read: plain dicts, lists and scalars, and what it takes to find a place in its text.

    An item of a `kind: List` is a Document of its own, whose positions point into the list. `index` counts the
    documents of a file. Two documents are equal only if they are the same one. Nobody may change `value`.
    """

    __slots__ = ("_excerpt", "_inside", "_place", "file", "index", "value")

    def __init__(
        self, file: str, value: Any, index: int = 0, excerpt: Excerpt | None = None, inside: Path = ()
    ) -> None:
        """`inside` is the path to the value in what the excerpt says, where that says more."""
        self.file = file
        self.value = value
        self.index = index
        self._excerpt = excerpt
        self._inside = inside
        self._place: Place | None = None

    @property
    def text(self) -> str:
        """The text it was read from; empty for an object made in Python."""
        return str(self._excerpt) if self._excerpt else ""

    def place(self, path: Path = ()) -> Place:
        """Where the value at `path` and its key stand; of what nobody wrote, the nearest value around it."""
        if self._place is None:
            self._place = self._excerpt.places().nearest(self._inside) if self._excerpt else NO_PLACE
        return self._place.nearest(path)

    def position(self, path: Path = ()) -> Position:
        """Where the key or the item that `path` ends in stands."""
        return self.place(path).key

    def part(self, value: Any, *keys: str | int) -> Document:
        """A document of its own for the part of this one at `keys`."""
        return Document(self.file, value, excerpt=self._excerpt, inside=(*self._inside, *keys))

    def __repr__(self) -> str:
        return f"Document({self.file!r}, index={self.index})"

    @property
    def kind(self) -> str:
        """The `kind` as written; empty where there is none."""
        return _text(self.value, "kind")

    @property
    def namespace(self) -> str:
        """The `metadata.namespace` as written; empty where there is none."""
        return _text(_field(self.value, "metadata"), "namespace")

    @property
    def name(self) -> str:
        """The `metadata.name` as written; empty where there is none."""
        return _text(_field(self.value, "metadata"), "name")


@dataclass(frozen=True, slots=True)
class Origin:
    """A place in a document: that of a resource, a field or a list item. Line, column and field are made when asked."""

    document: Document
    path: Path = ()

    def at(self, *keys: str | int) -> Origin:
        """The place of a field or list item below this one."""
        return Origin(self.document, self.path + keys)

    @property
    def file(self) -> str:
        return self.document.file

    @property
    def position(self) -> Position:
        return self.document.position(self.path)

    @property
    def line(self) -> int:
        return self.position.line

    @property
    def column(self) -> int:
        return self.position.column

    @property
    def field(self) -> str:
        """The path as text: `spec.http[0].route[0].destination.host`, `metadata.labels["a.b/c"]`; "" for the whole."""
        return "".join(map(_step, self.path)).removeprefix(".")

    def __str__(self) -> str:
        line, column = self.position
        return f"{self.file}:{line}:{column}" if line else self.file


NOWHERE = Origin(Document("<none>", {}))
"""The place of what nobody wrote, such as a default."""


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
