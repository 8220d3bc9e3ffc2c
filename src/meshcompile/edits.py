"""The input of a mesh after an edit. Unchanged parts are kept as they were read.

The unit of reading is a file: a changed file is read again as a whole, and all its objects get new positions. An object
that is passed as data replaces the object with the same name, regardless of its position.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from meshcompile.accept import Accepted, Checked, ClusterInputs, ObjectKey, Part, checked, parts_of
from meshcompile.documents.named_text import NamedText
from meshcompile.inputs import Reading, accepted_inputs
from meshcompile.source.ignored import Selection
from meshcompile.source.paths import as_folder, name, real, reals, still_there
from meshcompile.source.pieces import Known, Listed, Piece, parents
from meshcompile.source.reading import Input, input_path, named_inputs, read, read_events


class InputEdit(Struct, frozen=True):
    """The changes: files and folders by path, texts of files, and objects."""

    changed: tuple[str, ...]
    removed: tuple[str, ...]
    texts: tuple[NamedText, ...]
    objects: tuple[Checked, ...]
    removed_objects: frozenset[ObjectKey]

    @property
    def paths(self) -> tuple[str, ...]:
        return (*self.changed, *self.removed, *(text.name for text in self.texts))

    def __bool__(self) -> bool:
        return bool(self.paths or self.objects or self.removed_objects)

    def within(self, paths: Collection[str], has_objects: bool) -> InputEdit:
        """The part of the edit about some paths, and about objects if they are included."""
        return InputEdit(
            changed=tuple(path for path in self.changed if path in paths),
            removed=tuple(path for path in self.removed if path in paths),
            texts=tuple(text for text in self.texts if text.name in paths),
            objects=self.objects if has_objects else (),
            removed_objects=self.removed_objects if has_objects else frozenset(),
        )


def edit_of(changed: Input | Iterable[Input], removed: Input | Iterable[Input], reading: Reading) -> InputEdit:
    """The edit that some inputs describe. Raises InvalidArgument for an invalid input."""
    now, gone = named_inputs(changed), named_inputs(removed)
    return InputEdit(
        changed=tuple(filter(None, map(input_path, now))),
        removed=tuple(filter(None, map(input_path, gone))),
        texts=tuple(each for each in now if isinstance(each, NamedText)),
        objects=tuple(_objects(now, reading)),
        removed_objects=frozenset(each.key for each in _objects(gone, reading)),
    )


def _objects(given: Iterable[Input], reading: Reading) -> Iterator[Checked]:
    """The objects that are passed as data or in texts."""
    for each in given:
        if not isinstance(each, NamedText) and input_path(each) is None:
            yield from (checked(document, reading.admission) for document in read(each, reading.limits).documents)


def knows(before: Accepted, path: str) -> bool:
    """Whether a path is a file that was read, or is in a folder that was read."""
    above = parents(real(path))
    return any(
        (isinstance(part, Piece) and bool(part.path) and part.real == above[0])
        or (isinstance(part, Listed) and real(part.folder) in above)
        for part in before.parts
    )


def edited(before: Accepted, edit: InputEdit, reading: Reading) -> Accepted:
    """The accepted objects after an edit. Raises UnreadableInput as `load` does."""
    parts, inputs = before.parts, before.inputs
    if edit.paths:
        inputs = _inputs_after(before, edit, reading.selection)
        events = read_events(
            inputs.given, reading.limits, reading.selection, _known_after(before, inputs, edit, reading)
        )
        pieces = {part.path: part for part in before.parts if isinstance(part, Piece) and part.path}
        parts = parts_of(events, reading.admission, pieces)
    if edit.objects or edit.removed_objects:
        parts, inputs = _with_objects(parts, inputs, edit)
    return accepted_inputs(parts, inputs)


def _inputs_after(before: Accepted, edit: InputEdit, selection: Selection) -> ClusterInputs:
    """The inputs without removed ones, and with new files that are not in a folder of the inputs."""
    gone, back = reals(edit.removed), reals(edit.changed)
    texts = {real(text.name): text.text for text in edit.texts}
    given = tuple(each for each in before.inputs.given if isinstance(each, Piece) or real(each) not in gone)
    new = [
        path
        for path in (*edit.changed, *(text.name for text in edit.texts))
        if not knows(before, path) and path not in given and name(path) not in selection.ignore_files
    ]
    return ClusterInputs(
        given=(*given, *dict.fromkeys(new)),
        left_out=(before.inputs.left_out | still_there(gone)) - back - texts.keys(),
        buffers={path: text for path, text in {**before.inputs.buffers, **texts}.items() if path not in gone | back},
    )


def _known_after(before: Accepted, inputs: ClusterInputs, edit: InputEdit, reading: Reading) -> Known:
    """The parts that need not be read again."""
    changed = reals(edit.paths)
    pieces = [part for part in before.parts if isinstance(part, Piece) and part.path]
    folders = {part.folder: part for part in before.parts if isinstance(part, Listed)}
    below = tuple(as_folder(path) for path in changed)
    known = {piece.path: piece for piece in pieces if piece.real not in changed and not piece.real.startswith(below)}
    read_before = {piece.real for piece in pieces}
    relisted = frozenset(
        folder for folder in folders if any(_is_listed_anew(path, folder, read_before, reading) for path in edit.paths)
    ) | frozenset(folder for folder in folders if _is_changed_in(edit.removed, folder))
    return Known(known, folders, relisted, inputs.left_out, inputs.buffers)


def _is_changed_in(paths: Sequence[str], folder: str) -> bool:
    """Whether one of the paths is in a folder, or is the folder."""
    above = real(folder)
    return any(above in parents(real(path)) for path in paths)


def _is_listed_anew(path: str, folder: str, read_before: set[str], reading: Reading) -> bool:
    """Whether a changed path may affect which files in a folder are read."""
    if name(path) in reading.selection.ignore_files:
        return True
    return real(path) not in read_before and _is_changed_in((path,), folder)


def _with_objects(
    parts: tuple[Part, ...], inputs: ClusterInputs, edit: InputEdit
) -> tuple[tuple[Part, ...], ClusterInputs]:
    """The parts with the objects of an edit. Each replaces the last one with its key, or comes at the end."""
    wanted = {each.key: each for each in edit.objects}
    gone = edit.removed_objects | wanted.keys()
    replaced: dict[Piece, Piece] = {}
    for part in reversed(parts):
        if isinstance(part, Piece) and any(isinstance(item, Checked) and item.key in gone for item in part.items):
            replaced[part] = _edited_piece(part, wanted, gone)
    added = tuple(Piece("", "", 0, 1, (), (), (each,)) for each in wanted.values())
    now = (replaced.get(part, part) if isinstance(part, Piece) else part for part in parts)
    given = (replaced.get(each, each) if isinstance(each, Piece) else each for each in inputs.given)
    return (
        (*(part for part in now if not _is_empty(part)), *added),
        replace(inputs, given=(*(each for each in given if not _is_empty(each)), *added)),
    )


def _edited_piece(piece: Piece, wanted: dict[ObjectKey, Checked], gone: frozenset[ObjectKey]) -> Piece:
    """The piece without removed objects, and with new objects in place of old ones. Those are taken from the edit."""
    items: list[object] = []
    for item in reversed(piece.items):
        if not isinstance(item, Checked) or item.key not in gone:
            items.append(item)
        elif (new := wanted.pop(item.key, None)) is not None:
            items.append(new)
    documents = sum(isinstance(item, Checked) for item in items)
    return replace(piece, items=tuple(reversed(items)), documents=documents)


def _is_empty(part: object) -> bool:
    """Whether a part is the piece of a removed object. Files are kept, so that they are not read again."""
    return isinstance(part, Piece) and not part.path and not part.items and not part.foreign
