"""Files that were not named one by one: those of a folder and those of an archive."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from msgspec import Struct

from meshcompile.codes import source as codes
from meshcompile.diagnostics import Diagnostic, Severity
from meshcompile.documents.document import Document
from meshcompile.source.files import BEGINNING, data, decoded, place
from meshcompile.source.folders import files
from meshcompile.source.foreign import judged, template_findings
from meshcompile.source.ignored import Selection
from meshcompile.source.layout import Layout, layout
from meshcompile.source.look import foreign_at_a_glance, may_name_type
from meshcompile.source.objects import parts_in
from meshcompile.source.pieces import Closed, Listed, Opened, Piece, ReadEvent
from meshcompile.source.sources import ForeignFile, Found
from meshcompile.source.texts import Texts, foreign


class Collection(Struct, frozen=True):
    """A folder or an archive: its files by name, and the function that reads one."""

    path: str
    files: Sequence[str]
    data: Callable[[str], bytes | Diagnostic]


def folder_objects(path: str, selection: Selection, texts: Texts) -> Iterator[ReadEvent]:
    """The objects in a folder's files, the foreign files, and findings. Each file is a piece."""
    listed = texts.known.listed(path)
    if listed is None or not all(file in texts.known.files for file in listed.kustomizations):
        listed = _listed(path, selection, texts)
    yield listed
    yield from listed.diagnostics
    if not listed.files and not listed.diagnostics:
        yield codes.EMPTY_FOLDER(place(path), path=path)
    collection, together = _of_folder(path, listed.files, texts), listed.layout
    yield from _with_findings(collection, together, _pieces(collection, together, texts))


def _listed(path: str, selection: Selection, texts: Texts) -> Listed:
    """The files of a folder, and what its charts and kustomizations say about them."""
    found = tuple(files(path, selection))
    names = texts.known.wanted(item for item in found if isinstance(item, str))
    collection, values = _of_folder(path, names, texts), dict[str, object]()
    together = layout(names, lambda file: values.setdefault(file, _known_value(collection, file, texts)))
    return Listed(path, names, tuple(item for item in found if isinstance(item, Diagnostic)), together, values)


def _of_folder(path: str, names: Sequence[str], texts: Texts) -> Collection:
    return Collection(path, names, lambda file: _data(file, texts))


def archive_objects(path: str, texts: Texts) -> Iterator[Found]:
    """The objects in an archive's files, the foreign files, and findings."""
    from meshcompile.source.archives import members  # for a fast start: few inputs are archives

    held, findings = members(path, texts.limits, texts.budget)
    yield from findings
    if not held and not findings:
        yield codes.EMPTY_FOLDER(place(path), path=path)
    collection = Collection(path, sorted(held), held.__getitem__)
    together = layout(collection.files, lambda file: _first_value(collection, file, texts))
    each = (
        found for file in filter(texts.is_new, collection.files) for found in _of(file, collection, together, texts)
    )
    yield from _with_findings(collection, together, each)


E = TypeVar("E", Found, ReadEvent)


def _with_findings(collection: Collection, together: Layout, events: Iterable[E]) -> Iterator[E | Diagnostic]:
    """The objects of a collection's files, and findings about files that need rendering."""
    yield from together.findings
    silent, others = not together.findings and bool(collection.files), list[ForeignFile]()
    for event in events:
        match event:
            case ForeignFile():
                others.append(event)
            case Piece():
                others += event.foreign
                silent = silent and event.is_silent
            case Diagnostic():
                silent = silent and event.severity is Severity.INFO
            case Document():
                silent = False
            case _:
                pass
        yield event
    templates = tuple(template_findings(others, together))
    yield from templates
    if silent and not templates:
        yield codes.NO_OBJECTS(place(collection.path), path=collection.path)


def _pieces(collection: Collection, together: Layout, texts: Texts) -> Iterator[ReadEvent]:
    """The objects of each file that has not been read yet. What is known depends on the layout of the folder."""
    before = texts.known.folders.get(collection.path)
    known = texts.known.files if before is None or before.layout == together else {}
    for file in collection.files:
        if piece := known.get(file):
            if texts.is_unseen(piece.real):
                texts.count(piece)
                yield piece
        elif texts.is_new(file):
            budget = texts.budget
            yield Opened(file, os.path.realpath(file))
            yield from _of(file, collection, together, texts)
            yield Closed(budget - texts.budget)


def _of(file: str, collection: Collection, together: Layout, texts: Texts) -> Iterator[Found]:
    """The objects of one file."""
    if what := together.claimed.get(file):
        yield from foreign(ForeignFile(file, what))
        return
    data = collection.data(file)
    text = data if isinstance(data, Diagnostic) else decoded(file, data, texts.budget)
    match text:
        case str():
            yield from _found(file, text, together, texts)
        case Diagnostic() if isinstance(data, bytes) and (what := foreign_at_a_glance(file, _readable(data))):
            yield from foreign(ForeignFile(file, what))
        case Diagnostic():
            yield text


def _data(file: str, texts: Texts) -> bytes | Diagnostic:
    buffer = texts.known.buffer(file)
    return data(file, texts.budget, may_name_type) if buffer is None else buffer.encode()


def _known_value(collection: Collection, file: str, texts: Texts) -> object:
    """The data of a kustomization, which is not read again if its file is known."""
    before = texts.known.folders.get(collection.path)
    if before is not None and file in texts.known.files and file in before.kustomizations:
        return before.kustomizations[file]
    return _first_value(collection, file, texts)


def _found(file: str, text: str, together: Layout, texts: Texts) -> Iterator[Found]:
    """The objects in a text, or its file as a foreign file."""
    if what := foreign_at_a_glance(file, text):
        yield from foreign(ForeignFile(file, what))
    elif refused := texts.refused(file, text):
        yield refused
    else:
        yield from texts.objects(file, judged(parts_in(text, file, texts.reader), file, text, together))


def _first_value(collection: Collection, file: str, texts: Texts) -> object:
    data = collection.data(file)
    text = data if isinstance(data, Diagnostic) else decoded(file, data, texts.budget)
    return texts.first_value(text) if isinstance(text, str) else None


def _readable(data: bytes) -> str:
    """The readable beginning of bytes that are not UTF-8. UTF-16 has a zero byte next to every ASCII letter."""
    return data[:BEGINNING].replace(b"\0", b"").decode(errors="replace")
