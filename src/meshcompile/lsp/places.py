"""The object and the field at a position in a file."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from meshcompile.documents import Path, Position, SourceSpan
from meshcompile.models.base import Resource


class FieldAtPosition(Struct, frozen=True):
    """An object, and the path of the field at a position in it."""

    resource: Resource
    path: Path


def field_at(objects: Iterable[Resource], file: str, position: Position) -> FieldAtPosition | None:
    """The field at a position; None outside all objects."""
    for resource in objects:
        document = resource.origin.document
        if document.file == file:
            span = document.place()
            if span.start <= position < span.end:
                return FieldAtPosition(resource, _path(span, position))
    return None


def _path(span: SourceSpan, position: Position) -> Path:
    """The path of the innermost entry at a position."""
    for step, child in span.children.items():
        if child.key <= position <= child.end and (child.end > position or not child.children):
            return (step, *_path(child, position))
    return ()


def utf16_column(line: str, column: int) -> int:
    """A column as the protocol counts it: in UTF-16 units, from 0."""
    return len(line[: max(column - 1, 0)].encode("utf-16-le", "surrogatepass")) // 2


def column_of_utf16(line: str, units: int) -> int:
    """A column of the protocol, in UTF-16 units from 0, as a column in characters from 1."""
    return len(line.encode("utf-16-le", "surrogatepass")[: units * 2].decode("utf-16-le", "ignore")) + 1
