"""Files of folders and archives: which ones hold objects, and which are foreign."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from meshcompile.codes.source import NOT_RENDERED
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents.stream import Part
from meshcompile.source.files import place
from meshcompile.source.layout import PATCH, Layout
from meshcompile.source.look import looks_like_objects
from meshcompile.source.recognise import NOT_YAML, foreign_as, tries
from meshcompile.source.sources import ForeignFile
from meshcompile.source.templates import ADVICE, may_be_template, template_kind

Judged = Part | Diagnostic | ForeignFile


def judged(parts: Iterable[Part | Diagnostic], file: str, text: str, layout: Layout) -> Iterator[Judged]:
    """The documents of a file if one of them appears to be an object; else the file, as a foreign one.

    A file with an object in it is a manifest, which the API server gets as a whole. All its documents are then checked.
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
        if _tries(part, file, text, layout):
            yield from held
            yield from waiting
            return
    if held:
        yield ForeignFile(file, _reason(held[0], file, layout))


def template_findings(foreign: Iterable[ForeignFile], layout: Layout) -> Iterator[Diagnostic]:
    """Findings about templates among foreign files, one for each folder. Charts have their own finding."""
    by_folder: dict[tuple[str, str], list[str]] = {}
    for file in foreign:
        if file.reason in ADVICE and not layout.is_of_chart(file.path):
            by_folder.setdefault((os.path.dirname(file.path), file.reason), []).append(file.path)
    for (_, what), files in by_folder.items():
        one = len(files) == 1
        noun = f"{what} is" if one else f"{len(files)} {what.removeprefix('a ')}s are"
        yield NOT_RENDERED(place(files[0]), what=noun, them="it" if one else "them", suggestion=ADVICE[what])


def _tries(part: Part | Diagnostic, file: str, text: str, layout: Layout) -> bool:
    if isinstance(part, Diagnostic):
        return looks_like_objects(text)
    return tries(part.value, file) and not layout.is_patch(file, part.value)


def _reason(part: Part | Diagnostic, file: str, layout: Layout) -> str:
    if isinstance(part, Diagnostic):
        return NOT_YAML
    return PATCH if layout.is_patch(file, part.value) else foreign_as(file, part.value)
