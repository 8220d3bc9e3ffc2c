"""Fixes applied to the text of a file. Everything that they do not name stays as it is, byte for byte."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from meshcompile.diagnostics import Applicability, Diagnostic, Fix
from meshcompile.documents import Position
from meshcompile.documents.edits import Replacement
from meshcompile.documents.excerpt import LINE_BREAK


class Applied(Struct, frozen=True):
    """The text of a file after fixes, and the findings that they are for."""

    text: str
    fixed: tuple[Diagnostic, ...]


class Span(Struct, frozen=True):
    """A replacement by offsets."""

    start: int
    end: int
    text: str


def applicable_fix(diagnostic: Diagnostic, *, unsafe: bool) -> Fix | None:
    """The first fix of a finding that may be applied and changes something."""
    candidates = (fix for fix in diagnostic.fixes if unsafe or fix.applicability is Applicability.SAFE)
    return next((fix for fix in candidates if all(edit.replacements() for edit in fix.edits)), None)


def applied(text: str, diagnostics: Iterable[Diagnostic], *, unsafe: bool) -> Applied:
    """The text of one file after the fixes of its findings.

    A fix that overlaps with an earlier one waits for the next round, as does a fix for a text that has changed.
    """
    starts = (0, *(line_break.end() for line_break in LINE_BREAK.finditer(text)))
    taken: list[Span] = []
    fixed = []
    for diagnostic in diagnostics:
        fix = applicable_fix(diagnostic, unsafe=unsafe)
        spans = _spans(text, starts, fix) if fix else None
        if spans and not any(_overlap(span, other) for span in spans for other in taken):
            taken += spans
            fixed.append(diagnostic)
    return Applied(_replaced(text, taken), tuple(fixed))


def _spans(text: str, starts: Sequence[int], fix: Fix) -> list[Span] | None:
    """The replacements of a fix in a text; None if the text has changed since the fix was created."""
    spans = []
    for replacement in (each for edit in fix.edits for each in edit.replacements()):
        span = _span(text, starts, replacement)
        if span is None:
            return None
        spans.append(span)
    return spans


def _span(text: str, starts: Sequence[int], replacement: Replacement) -> Span | None:
    if replacement.end.line > len(starts):
        return None
    start, end = (_offset(starts, position) for position in (replacement.start, replacement.end))
    return Span(start, end, replacement.new) if text[start:end] == replacement.old else None


def _offset(starts: Sequence[int], position: Position) -> int:
    return starts[position.line - 1] + position.column - 1


def _overlap(one: Span, other: Span) -> bool:
    """True if two replacements touch: both ends belong to a replacement."""
    return one.start <= other.end and other.start <= one.end


def _replaced(text: str, spans: Iterable[Span]) -> str:
    for span in sorted(spans, key=lambda each: each.start, reverse=True):
        text = f"{text[: span.start]}{span.text}{text[span.end :]}"
    return text
