"""Findings for people: the sentence, the line of the source, other places, the effect, and a suggestion."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from textwrap import wrap
from unicodedata import combining, east_asian_width

from meshcompile.diagnostics import Applicability, Diagnostic
from meshcompile.documents import Origin
from meshcompile.documents.quote import Quote, quote
from meshcompile.findings.colours import BLUE, BOLD, GREEN, SEVERITIES, Paint
from meshcompile.findings.formats.concise import plain

WIDTH = 100
"""The width of the output in columns, unless a word or the name of a file is longer."""


def full(diagnostics: Iterable[Diagnostic], paint: Paint) -> str:
    """The findings, the worst one last, and by position among those of one severity."""
    ordered = sorted(diagnostics, key=lambda diagnostic: -diagnostic.severity.rank)
    return "".join(f"{line}\n" for diagnostic in ordered for line in (*_block(diagnostic, paint), ""))


def _block(diagnostic: Diagnostic, paint: Paint) -> Iterator[str]:
    """The lines of one finding."""
    quotes = [quote(diagnostic.origin), *(quote(related.origin) for related in diagnostic.related)]
    gutter = max(len(str(quoted.start.line)) if quoted else 1 for quoted in quotes)
    first, *others = quotes
    yield from _headline(diagnostic, paint)
    yield f"{' ' * gutter}{paint('-->', BLUE)} {_place(diagnostic.origin)}{_object(diagnostic)}"
    yield from _quoted(first, gutter, SEVERITIES[diagnostic.severity], paint)
    for related, quoted in zip(diagnostic.related, others, strict=True):
        yield from _noted(f"{_place(related.origin)}: {plain(related.message)}", gutter, ":::", BLUE, paint)
        yield from _quoted(quoted, gutter, BLUE, paint)
    if diagnostic.effect:
        yield from _noted(f"effect: {plain(diagnostic.effect)}", gutter, " =", BLUE, paint)
    if diagnostic.suggestion:
        yield from _noted(f"help: {plain(diagnostic.suggestion)}{_fix_note(diagnostic)}", gutter, " =", GREEN, paint)


def _fix_note(diagnostic: Diagnostic) -> str:
    """The option that does what the suggestion says."""
    fix = next(iter(diagnostic.fixes), None)
    if fix is None or not all(edit.replacements() for edit in fix.edits):
        return ""
    return " (`--fix`)" if fix.applicability is Applicability.SAFE else " (`--unsafe-fixes`)"


def _headline(diagnostic: Diagnostic, paint: Paint) -> Iterator[str]:
    head = f"{diagnostic.severity}[{diagnostic.code}]: "
    first, *rest = _wrapped(f"{head}{plain(diagnostic.problem)}", "  ")
    colour = SEVERITIES[diagnostic.severity]
    yield f"{paint(first[: len(head) - 2], f'1;{colour}')}{paint(first[len(head) - 2 :], BOLD)}"
    yield from (paint(line, BOLD) for line in rest)


def _object(diagnostic: Diagnostic) -> str:
    return f" in {plain(diagnostic.object_name)}" if diagnostic.kind else ""


def _place(origin: Origin) -> str:
    return plain(str(origin))


def _noted(text: str, gutter: int, sign: str, colour: str, paint: Paint) -> Iterator[str]:
    """A text behind a sign in the gutter."""
    indent = " " * (gutter + 1 + len(sign))
    first, *rest = _wrapped(f"{indent}{text}", indent)
    yield f"{' ' * gutter}{paint(sign, colour)} {first[len(indent) :]}"
    yield from rest


def _wrapped(text: str, indent: str) -> list[str]:
    """The lines of a text. A word that is wider than a line stays whole."""
    lines = (
        wrap(line, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
        for line in text.splitlines()
    )
    return [line for each in lines for line in each] or [text]


def _quoted(quoted: Quote | None, gutter: int, colour: str, paint: Paint) -> Iterator[str]:
    """The line of the source with the part underlined that the finding is about."""
    if quoted is None:
        return
    edge = paint(f"{' ' * gutter} |", BLUE)
    before, marked, after = _cropped(quoted, WIDTH - gutter - 3)
    yield edge
    yield f"{paint(f'{quoted.start.line:>{gutter}} |', BLUE)} {f'{before}{marked}{after}'.rstrip()}"
    yield f"{edge} {' ' * _columns(before)}{paint('^' * max(_columns(marked), 1), colour)}"


def _cropped(quoted: Quote, width: int) -> tuple[str, str, str]:
    """The line before, in and after the marked part, with as much of each as fits."""
    at = quoted.start.column - 1
    before, marked, after = (
        plain(part.expandtabs(1)) for part in (quoted.line[:at], quoted.marked, quoted.line[at + len(quoted.marked) :])
    )
    marked = _start(marked, width - 2)
    before = _end(before, max(width - _columns(marked) - min(_columns(after), width // 4), 1))
    return before, marked, _start(after, width - _columns(before) - _columns(marked))


def _start(text: str, width: int) -> str:
    """The beginning of a text, with an ellipsis if it is cut."""
    if _columns(text) <= width:
        return text
    while text and _columns(text) > width - 1:
        text = text[: min(len(text) - 1, max(width, 0))]
    return f"{text}\N{HORIZONTAL ELLIPSIS}" if width > 0 else ""


def _end(text: str, width: int) -> str:
    """The end of a text, with an ellipsis if it is cut."""
    return _start(text[::-1], width)[::-1]


def _columns(text: str) -> int:
    """The number of columns that a terminal needs for a text."""
    return len(text) if text.isascii() else sum(map(_column, text))


def _column(character: str) -> int:
    return 0 if combining(character) else 2 if east_asian_width(character) in "WF" else 1
