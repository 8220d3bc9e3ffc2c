"""libyaml's events with their actual types. In PyYAML's stubs, every attribute may be None."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, cast

from yaml import cyaml, events

Scalar: type = events.ScalarEvent
Alias: type = events.AliasEvent
MappingStart: type = events.MappingStartEvent
MappingEnd: type = events.MappingEndEvent
SequenceStart: type = events.SequenceStartEvent
SequenceEnd: type = events.SequenceEndEvent
StreamEnd: type = events.StreamEndEvent


class Mark(Protocol):
    """A position in the text, counted from 0."""

    index: int
    line: int
    column: int


class Event(Protocol):
    """An event. Its class is one of the above, and decides which of these attributes exist."""

    start_mark: Mark
    end_mark: Mark
    anchor: str | None
    tag: str | None
    value: str
    implicit: tuple[bool, bool]
    """Of a scalar: whether it is unquoted, or quoted, and has no tag."""
    tags: Mapping[str, str] | None
    """Of the start of a document: the prefixes of tags that its directives name."""


NextEvent = Callable[[], Event]


def event_source(text: str) -> NextEvent:
    """A function that yields the events of `text`, one per call; raises yaml.YAMLError where it is not YAML."""
    parser: Any = cyaml.CParser  # type: ignore[attr-defined]  # not exported, but documented
    return cast(NextEvent, parser(_Chunks(text)).get_event)


class _Chunks:
    """A text as a file that libyaml reads in chunks. PyYAML would copy a whole text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.done = 0

    def read(self, size: int) -> str:
        start, self.done = self.done, self.done + size
        return self.text[start : self.done]
