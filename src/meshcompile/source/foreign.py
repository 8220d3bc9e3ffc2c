"""Files of folders: which hold objects, and which are foreign."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from meshcompile.diagnostics import Diagnostic
from meshcompile.source.look import looks_like_objects
from meshcompile.source.recognise import NOT_YAML, foreign_as, tries
from meshcompile.source.sources import ForeignFile
from meshcompile.source.stream import Part
from meshcompile.source.templates import may_be_template, template_kind


def judged(parts: Iterable[Part | Diagnostic], file: str, text: str) -> Iterator[Part | Diagnostic | ForeignFile]:
    """The documents of a file if one of them tries to be an object; else the file, as a foreign one.

    A file with an object in it is a manifest, which the API server gets as a whole: what else is in it is judged too.
    """
    if may_be_template(text):
        parts = tuple(parts)
        if what := template_kind(parts, text):
            yield ForeignFile(file, what)
            return
    held: list[Part | Diagnostic] = []
    waiting = iter(parts)
    for part in waiting:
        held.append(part)
        if _tries(part, file, text):
            yield from held
            yield from waiting
            return
    if held:
        yield ForeignFile(file, _reason(held[0], file))


def _tries(part: Part | Diagnostic, file: str, text: str) -> bool:
    return looks_like_objects(text) if isinstance(part, Diagnostic) else tries(part.value, file)


def _reason(part: Part | Diagnostic, file: str) -> str:
    return NOT_YAML if isinstance(part, Diagnostic) else foreign_as(file, part.value)
