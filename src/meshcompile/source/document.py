"""Documents and the places in them, found only when somebody asks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

PLAIN_KEY = re.compile(r"[A-Za-z_][\w-]*")

Path = tuple[str | int, ...]
"""Keys and list indexes from the top of a document's value down to a place in it."""


class Position(NamedTuple):
    """A line and a column, both counted from 1; `(0, 0)` where there is no text to point into."""

    line: int
    column: int


UNKNOWN = Position(0, 0)


class Document:
    """One resource as read: plain dicts, lists and scalars, and what it takes to find a place in its text.

    An item of a `kind: List` is a Document of its own, whose positions point into the list.
    Two documents are equal only if they are the same one.
    """

    __slots__ = ("file", "index", "value")

    def __init__(self, file: str, value: Any, index: int = 0) -> None:
        self.file = file
        self.value = value
        self.index = index

    def position(self, path: Path) -> Position:
        """Where the key or the item that `path` ends in stands; the nearest part above it that was written."""
        return UNKNOWN

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
