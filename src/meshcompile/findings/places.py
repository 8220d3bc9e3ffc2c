"""The ends of what findings are about."""

from __future__ import annotations

from meshcompile.documents import Origin, Position
from meshcompile.documents.quote import quote


def end_position(origin: Origin) -> Position:
    """The position after the part of the line that the origin is about; `(0, 0)` without a source text."""
    quoted = quote(origin)
    return quoted.end if quoted else origin.position
