"""The place of every key, value and item of one document, found by reading its text once more."""

from __future__ import annotations

import yaml

from meshcompile.source import scalars
from meshcompile.source.libyaml import (
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
from meshcompile.source.position import Place, Position
from meshcompile.source.scalars import Merge, Unrepresentable


def places(text: str, line: int, column: int) -> Place:
    """The places in a document that begins at `line` and `column` (from 0) of its file.

    The text was read before, so it makes sense; if it needs the rest of its file to do so (an alias, a tag), what
    cannot be found stays without children.
    """
    start = Position(line + 1, column + 1)
    try:
        next_event = event_source(" " * column + text)
        next_event()
        if next_event().__class__ is not StreamEnd:
            return _Finder(next_event, line).place(next_event())
    except yaml.YAMLError:
        pass
    return Place(start, start, start)


class _Finder:
    """Places, event by event. It asks for nothing that reading the values has asked for."""

    def __init__(self, next_event: NextEvent, line: int) -> None:
        self.next_event = next_event
        self.line = line
        self.anchors: dict[str, dict[str | int, Place]] = {}
        self.keys: dict[str, str] = {}

    def place(self, event: Event, key: Event | None = None) -> Place:
        """The place of the value that begins with `event`, under the key that `key` is."""
        start = self.position(event.start_mark)
        children, last = self.children(event)
        if event.__class__ is not Alias and event.anchor:
            self.anchors[event.anchor] = children
        return Place(self.position(key.start_mark) if key else start, start, self.position(last.end_mark), children)

    def children(self, event: Event) -> tuple[dict[str | int, Place], Event]:
        """What is below the value, and the last event of it."""
        if event.__class__ is Alias:
            return self.anchors.get(event.anchor or "", {}), event
        if event.__class__ is Scalar:
            return {}, event
        return self.entries() if event.__class__ is MappingStart else self.items()

    def entries(self) -> tuple[dict[str | int, Place], Event]:
        found: dict[str | int, Place] = {}
        while (event := self.next_event()).__class__ is not MappingEnd:
            key = self.key(event)
            place = self.place(self.next_event(), event)
            if isinstance(key, Merge):
                found.update(_merged(place))
            else:
                found[key] = place
        return found, event

    def items(self) -> tuple[dict[str | int, Place], Event]:
        found: dict[str | int, Place] = {}
        while (event := self.next_event()).__class__ is not SequenceEnd:
            found[len(found)] = self.place(event)
        return found, event

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


def _merged(place: Place) -> dict[str | int, Place]:
    """The entries that a `<<` brings: those of a mapping, or of a list of mappings of which the first wins."""
    if all(isinstance(step, str) for step in place.children):
        return place.children
    below: dict[str | int, Place] = {}
    for item in reversed(place.children.values()):
        below |= item.children
    return below
