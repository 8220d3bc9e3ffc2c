"""Hover: the text for a position."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from meshcompile.codes import every_code
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Position
from meshcompile.documents.quote import quote


def hover_text(diagnostics: Iterable[Diagnostic], position: Position) -> str:
    """The findings at a position, their effects and the pages of their codes, as Markdown. Empty if none."""
    return "\n\n---\n\n".join(
        "\n\n".join(_parts(diagnostic)) for diagnostic in diagnostics if _covers(diagnostic, position)
    )


def _covers(diagnostic: Diagnostic, position: Position) -> bool:
    quoted = quote(diagnostic.origin)
    return quoted is not None and quoted.start <= position <= quoted.end


def _parts(diagnostic: Diagnostic) -> Iterator[str]:
    yield f"**{diagnostic.code}** {diagnostic.problem}"
    if diagnostic.effect:
        yield f"Effect: {diagnostic.effect}"
    if diagnostic.suggestion:
        yield f"Help: {diagnostic.suggestion}"
    yield from (code.advice for code in every_code() if code.id == diagnostic.code)
