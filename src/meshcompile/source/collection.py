"""Files that were not named one by one: those of a folder and those of an archive."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from meshcompile.codes import source as codes
from meshcompile.diagnostics import Diagnostic, Severity
from meshcompile.source.files import BEGINNING, data, decoded, place
from meshcompile.source.folders import files
from meshcompile.source.foreign import judged, template_findings
from meshcompile.source.ignored import Selection
from meshcompile.source.layout import Layout, layout
from meshcompile.source.look import foreign_at_a_glance, may_name_type
from meshcompile.source.objects import parts_in
from meshcompile.source.sources import ForeignFile, Found
from meshcompile.source.texts import Texts, foreign


@dataclass(frozen=True, slots=True)
class Collection:
    """A folder or an archive: its files by name, and the function that reads one."""

    path: str
    files: Sequence[str]
    data: Callable[[str], bytes | Diagnostic]


def folder_objects(path: str, selection: Selection, texts: Texts) -> Iterator[Found]:
    """The objects in a folder's files, the foreign files, and findings."""
    found = list(files(path, selection))
    yield from (item for item in found if isinstance(item, Diagnostic))
    if not found:
        yield codes.EMPTY_FOLDER(place(path), path=path)
    names = [item for item in found if isinstance(item, str)]
    yield from _objects(Collection(path, names, lambda file: data(file, texts.budget, may_name_type)), texts)


def archive_objects(path: str, texts: Texts) -> Iterator[Found]:
    """The objects in an archive's files, the foreign files, and findings."""
    from meshcompile.source.archives import members  # for a fast start: few inputs are archives

    held, findings = members(path, texts.limits, texts.budget)
    yield from findings
    if not held and not findings:
        yield codes.EMPTY_FOLDER(place(path), path=path)
    yield from _objects(Collection(path, sorted(held), held.__getitem__), texts)


def _objects(collection: Collection, texts: Texts) -> Iterator[Found]:
    """The objects of a collection's files, and findings about files that need rendering."""
    together = layout(collection.files, lambda file: _first_value(collection, file, texts))
    yield from together.findings
    silent, others = not together.findings and bool(collection.files), list[ForeignFile]()
    for item in _each(collection, together, texts):
        if isinstance(item, ForeignFile):
            others.append(item)
        elif not (isinstance(item, Diagnostic) and item.severity is Severity.INFO):
            silent = False
        yield item
    templates = tuple(template_findings(others, together))
    yield from templates
    if silent and not templates:
        yield codes.NO_OBJECTS(place(collection.path), path=collection.path)


def _each(collection: Collection, together: Layout, texts: Texts) -> Iterator[Found]:
    """The objects of each file that has not been read yet."""
    for file in filter(texts.is_new, collection.files):
        if what := together.claimed.get(file):
            yield from foreign(ForeignFile(file, what))
            continue
        data = collection.data(file)
        text = data if isinstance(data, Diagnostic) else decoded(file, data, texts.budget)
        match text:
            case str():
                yield from _found(file, text, together, texts)
            case Diagnostic() if isinstance(data, bytes) and (what := foreign_at_a_glance(file, _readable(data))):
                yield from foreign(ForeignFile(file, what))
            case Diagnostic():
                yield text


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
