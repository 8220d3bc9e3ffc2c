"""The position of every key, value and item of one document. They come from parsing its text again."""

from __future__ import annotations

import yaml

from meshcompile.documents import scalars
from meshcompile.documents.libyaml import (
    Alias,
    Event,
    MappingEnd,
    MappingStart,
    Mark,
    NextEvent,
    Scalar,
    SequenceEnd,
    StreamEnd,
    event_source,
)
from meshcompile.documents.position import Position, SourceSpan
from meshcompile.documents.scalars import Merge, Unrepresentable


def places(text: str, line: int, column: int) -> SourceSpan:
    """The positions in a document that begins at `line` and `column` (from 0) of its file.

    The text has been read before, so it is well-formed. If it needs the rest of its file (for an alias or a tag), the
    unresolved values have no children.
    """
    start = Position(line + 1, column + 1)
    try:
        next_event = event_source(" " * column + text)
        next_event()
        if next_event().__class__ is not StreamEnd:
            return _Finder(next_event, line).place(next_event())
    except yaml.YAMLError:
        pass
    return SourceSpan(start, start, start)


class _Finder:
    """Finds positions, event by event, without repeating the checks of the first reading."""

    def __init__(self, next_event: NextEvent, line: int) -> None:
        self.next_event = next_event
        self.line = line
        self.anchors: dict[str, dict[str | int, SourceSpan]] = {}
        self.keys: dict[str, str] = {}

    def place(self, event: Event, key: Event | None = None) -> SourceSpan:
        """The span of the value that begins with `event`, under the key at `key`."""
        start = self.position(event.start_mark)
        children, last = self.children(event)
        if event.__class__ is not Alias and event.anchor:
            self.anchors[event.anchor] = children
        return SourceSpan(
            self.position(key.start_mark) if key else start, start, self.position(last.end_mark), children
        )

    def children(self, event: Event) -> tuple[dict[str | int, SourceSpan], Event]:
        """The spans below the value, and its last event."""
        if event.__class__ is Alias:
            return self.anchors.get(event.anchor or "", {}), event
        if event.__class__ is Scalar:
            return {}, event
        return self.entries() if event.__class__ is MappingStart else self.items()

    def entries(self) -> tuple[dict[str | int, SourceSpan], Event]:
        entries: dict[str | int, SourceSpan] = {}
        while (event := self.next_event()).__class__ is not MappingEnd:
            key = self.key(event)
            place = self.place(self.next_event(), event)
            if isinstance(key, Merge):
                entries.update(_merged(place))
            else:
                entries[key] = place
        return entries, event

    def items(self) -> tuple[dict[str | int, SourceSpan], Event]:
        entries: dict[str | int, SourceSpan] = {}
        while (event := self.next_event()).__class__ is not SequenceEnd:
            entries[len(entries)] = self.place(event)
        return entries, event

    def key(self, event: Event) -> str | Merge:
        if event.__class__ is Alias:
            return self.keys.get(event.anchor or "", "")
        try:
            key = scalars.key(event.value) if event.implicit[0] else _written_key(event)
        except Unrepresentable:
            key = str(event.value)
        if event.anchor and isinstance(key, str):
            self.keys[event.anchor] = key
        return key

    def position(self, mark: Mark) -> Position:
        return Position(self.line + mark.line + 1, mark.column + 1)


def _written_key(event: Event) -> str:
    return scalars.key_text(scalars.tagged(event.tag, event.value), event.value) if event.tag else event.value


def _merged(place: SourceSpan) -> dict[str | int, SourceSpan]:
    """The entries of a `<<`: those of a mapping, or of a list of mappings in which the first one takes precedence."""
    if all(isinstance(step, str) for step in place.children):
        return place.children
    below: dict[str | int, SourceSpan] = {}
    for item in reversed(place.children.values()):
        below |= item.children
    return below
