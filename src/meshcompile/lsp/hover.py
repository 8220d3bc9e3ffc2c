"""What is said about a position."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from meshcompile.codes import every_code
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Position
from meshcompile.documents.quote import quote


def hover_text(found: Iterable[Diagnostic], position: Position) -> str:
    """The findings at a position, with their effects and the pages of their codes, as Markdown; empty if none."""
    return "\n\n---\n\n".join("\n\n".join(_parts(each)) for each in found if _covers(each, position))


def _covers(found: Diagnostic, position: Position) -> bool:
    quoted = quote(found.origin)
    return quoted is not None and quoted.start <= position <= quoted.end


def _parts(found: Diagnostic) -> Iterator[str]:
    yield f"**{found.code}** {found.problem}"
    if found.effect:
        yield f"Effect: {found.effect}"
    if found.suggestion:
        yield f"Help: {found.suggestion}"
    yield from (code.docs for code in every_code() if code.id == found.code)
