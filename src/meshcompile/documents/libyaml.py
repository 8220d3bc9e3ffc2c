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
    """For a scalar: whether its tag is implicit if it is unquoted, and if it is quoted."""
    tags: Mapping[str, str] | None
    """For the start of a document: the tag prefixes that its directives define."""


NextEvent = Callable[[], Event]


def event_source(text: str) -> NextEvent:
    """A function that returns the next event of `text` per call. Raises yaml.YAMLError if the text is not YAML."""
    parser: Any = cyaml.CParser  # type: ignore[attr-defined]  # not exported, but documented
    return cast(NextEvent, parser(_Chunks(text)).get_event)


class _Chunks:
    """A text as a file that libyaml reads in chunks. PyYAML would copy the whole text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.done = 0

    def read(self, size: int) -> str:
        start, self.done = self.done, self.done + size
        return self.text[start : self.done]
