"""Parses YAML text into plain values. libyaml finds the structure, and `scalars` determines the values.

All input passes through this module, so it is written for speed. It records no positions; `places` finds them on
demand. Every distinct key and unquoted scalar is parsed and stored once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from itertools import pairwise
from json import JSONDecoder
from typing import Any

import yaml
from msgspec import Struct

from meshcompile.documents import scalars
from meshcompile.documents.excerpt import LINE_BREAK, Excerpt
from meshcompile.documents.libyaml import (
    Alias,
    Event,
    MappingEnd,
    NextEvent,
    Scalar,
    SequenceEnd,
    SequenceStart,
    StreamEnd,
    event_source,
)
from meshcompile.documents.limits import DEFAULT_LIMITS, Limits
from meshcompile.documents.malformed import Malformed, YamlFault, from_libyaml, position_of
from meshcompile.documents.scalars import Merge, Unrepresentable


class Part(Struct, frozen=True):
    """A value, and the part of the text from which it was read."""

    value: Any
    excerpt: Excerpt
    items: tuple[Part, ...] = ()
    """The entries of the document's `items`, if it has any."""


class Reader:
    """Reads texts one after the other, and stores keys and scalars that they share once."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.plain = _Plain()
        self.keys = _Keys()

    def documents(self, text: str, line: int = 0) -> Iterator[Part | Malformed]:
        """The documents of a stream, without empty ones. A malformed document yields its error.

        The text begins at `line` (from 0) of its source.
        """
        done = 0
        try:
            for part in self.stream(text, line):
                yield part
                done = part.excerpt.end
        except Malformed:
            yield from self.one_by_one(text, done, line)

    def one_by_one(self, text: str, start: int, line: int) -> Iterator[Part | Malformed]:
        """The documents from `start` on, each read separately, so that a malformed one does not affect the others."""
        line += len(LINE_BREAK.findall(text, 0, start))
        column = start - text.rfind("\n", 0, start) - 1
        for single in separated(text[start:]):
            try:
                yield from self.stream(" " * column + single, line)
            except Malformed as malformed:
                yield malformed.further_down(line)
            line += len(LINE_BREAK.findall(single))
            column = len(single) - single.rfind("\n") - 1 + (column if "\n" not in single else 0)

    def stream(self, text: str, line: int = 0) -> Iterator[Part]:
        """The documents of a text that begins at `line` (from 0). Raises Malformed at the first malformed one."""
        try:
            next_event = event_source(text)
            next_event()
            while (start := next_event()).__class__ is not StreamEnd:
                builder = _Builder(self, next_event, text, line, has_directives=bool(start.tags))
                root = next_event()
                value = builder.document(root)
                end = next_event().end_mark.index
                if value is not None:
                    yield builder.part(value, root, end, builder.items_of(value))
        except (yaml.YAMLError, UnicodeEncodeError) as error:
            raise from_libyaml(error, text) from error


def value(text: str) -> Any:
    """The value of a text with a single document that was read before."""
    return next(Reader(DEFAULT_LIMITS).stream(text)).value


_SEPARATOR = re.compile(r"^---(?=\s|$)", re.MULTILINE)


def separated(text: str) -> Iterator[str]:
    """The text, split before every document. The parts join to the same text.

    A document begins with `---` or, in a stream of JSON, after the previous value.
    """
    done = 0
    if text.lstrip().startswith("{"):
        for end in _json_ends(text):
            yield text[done:end]
            done = end
    yield from _separated(text[done:])


def _json_ends(text: str) -> Iterator[int]:
    """The ends of the JSON objects at the beginning of a text."""
    decoder, end = JSONDecoder(), 0
    try:
        while (start := _NEXT.match(text, end)) is not None:
            end = decoder.raw_decode(text, start.end() - 1)[1]
            yield end
    except (ValueError, RecursionError):
        return


_NEXT = re.compile(r"\s*\{")


def _separated(text: str) -> Iterator[str]:
    starts = [match.start() for match in _SEPARATOR.finditer(text) if match.start()]
    for start, end in pairwise([0, *starts, len(text)]):
        yield text[start:end]


class _Plain(dict[str, scalars.Scalar]):
    """The unquoted scalars that have been parsed, by text."""

    def __missing__(self, text: str) -> scalars.Scalar:
        value = self[text] = scalars.plain(text)
        return value


class _Keys(dict[str, str | Merge]):
    """The unquoted keys that have been parsed, by text."""

    def __missing__(self, text: str) -> str | Merge:
        key = self[text] = scalars.key(text)
        return key


class _Builder:
    """Builds the value of one document, event by event.

    `entries` counts the entries of mappings and lists, including those of aliases. `expanded` counts only the latter.
    """

    def __init__(self, reader: Reader, next_event: NextEvent, text: str, line: int, *, has_directives: bool) -> None:
        self.has_directives = has_directives
        self.next_event = next_event
        self.text = text
        self.line = line
        self.plain = reader.plain
        self.keys = reader.keys
        self.limits = reader.limits
        self.entries = 0
        self.expanded = 0
        self.anchors: dict[str, tuple[Any, int] | None] = {}
        """Values by anchor, with the entries they hold; None while the value is being read."""
        self.end = 0
        """Offset at which the last mapping or list ended."""
        self.parts: dict[int, list[Part]] = {}
        """The items of the lists directly below the top, by the id of the list."""

    def document(self, event: Event) -> Any:
        try:
            return self.value(event, 1)
        except Unrepresentable as error:
            raise _unrepresentable(error, event) from error

    def part(self, value: Any, start: Event, end: int, items: tuple[Part, ...] = ()) -> Part:
        mark = start.start_mark
        complete = not self.anchors and not self.has_directives
        return Part(value, Excerpt(self.text, mark.index, end, self.line + mark.line, mark.column, complete), items)

    def items_of(self, value: Any) -> tuple[Part, ...]:
        return tuple(self.parts.get(id(value.get("items")), ())) if isinstance(value, dict) else ()

    def value(self, event: Event, depth: int) -> Any:
        """The value that begins with `event`."""
        if event.anchor is None:
            return self.unnamed(event, depth)
        return self.aliased(event) if event.__class__ is Alias else self.anchored(event, event.anchor, depth)

    def anchored(self, event: Event, anchor: str, depth: int) -> Any:
        before = self.entries
        self.anchors[anchor] = None
        value = self.unnamed(event, depth)
        self.anchors[anchor] = value, self.entries - before + 1
        return value

    def unnamed(self, event: Event, depth: int) -> Any:
        if event.__class__ is Scalar:
            return self.scalar(event)
        if depth > self.limits.depth:
            raise _too_deep(self.limits, event)
        if event.__class__ is not SequenceStart:
            return self.mapping(depth)
        return self.located_sequence() if depth == 2 else self.sequence(depth)

    def scalar(self, event: Event) -> scalars.Scalar:
        if event.implicit[0]:
            return self.plain[event.value]
        return scalars.tagged(event.tag, event.value) if event.tag else event.value

    def aliased(self, event: Event) -> Any:
        if (named := self.anchors.get(event.anchor or "")) is None:
            raise _bad_alias(event, itself=event.anchor in self.anchors)
        value, entries = named
        self.entries += entries
        self.expanded += entries
        if self.expanded > self.limits.expanded:
            raise _too_many_aliases(self.limits, event)
        return value

    def mapping(self, depth: int) -> dict[str, Any]:
        next_event, plain, keys = self.next_event, self.plain, self.keys
        result: dict[str, Any] = {}
        merged: AbstractSet[str] = frozenset()
        event = next_event()
        try:
            while event.__class__ is not MappingEnd:
                key_event = event
                simple = event.__class__ is Scalar and event.implicit[0] and event.anchor is None
                key = keys[event.value] if simple else self.key(event)
                event = next_event()
                if event.anchor is not None:
                    value = self.value(event, depth + 1)
                elif event.__class__ is Scalar and event.implicit[0]:
                    value = plain[event.value]
                else:
                    value = self.unnamed(event, depth + 1)
                if isinstance(key, Merge):
                    merged |= _merge(value, result, event)
                elif key in result and key not in merged:
                    raise _duplicate(key, key_event)
                else:
                    result[key] = value
                    if merged:
                        merged -= {key}
                event = next_event()
        except Unrepresentable as error:
            raise _unrepresentable(error, event) from error
        self.entries += len(result)
        self.end = event.end_mark.index
        return result

    def key(self, event: Event) -> str | Merge:
        """A key that is not a plain key without an anchor."""
        if event.__class__ is not Scalar and event.__class__ is not Alias:
            raise Unrepresentable("a key must be text, not a mapping or list")
        value = self.value(event, 0)
        if event.__class__ is Alias:
            return scalars.key_text(value, f"*{event.anchor}")
        return self.keys[event.value] if event.implicit[0] else scalars.key_text(value, event.value)

    def sequence(self, depth: int) -> list[Any]:
        next_event, plain = self.next_event, self.plain
        result: list[Any] = []
        event = next_event()
        try:
            while event.__class__ is not SequenceEnd:
                simple = event.__class__ is Scalar and event.implicit[0] and event.anchor is None
                result.append(plain[event.value] if simple else self.value(event, depth + 1))
                event = next_event()
        except Unrepresentable as error:
            raise _unrepresentable(error, event) from error
        self.entries += len(result)
        self.end = event.end_mark.index
        return result

    def located_sequence(self) -> list[Any]:
        """A list directly below the top, which may be the items of a `kind: List`.

        Records the positions of its items.
        """
        parts: list[Part] = []
        event = self.next_event()
        try:
            while event.__class__ is not SequenceEnd:
                self.end = event.end_mark.index
                value = self.value(event, 3)
                parts.append(self.part(value, event, self.end))
                event = self.next_event()
        except Unrepresentable as error:
            raise _unrepresentable(error, event) from error
        self.entries += len(parts)
        self.end = event.end_mark.index
        result = [part.value for part in parts]
        self.parts[id(result)] = parts
        return result


def _merge(value: Any, into: dict[str, Any], event: Event) -> set[str]:
    """Merge the entries of a `<<` into a mapping, and return their keys. As in Go, they override earlier keys."""
    sources = value if isinstance(value, list) else [value]
    if not all(isinstance(source, dict) for source in sources):
        raise Unrepresentable("`<<` needs a mapping or a list of mappings")
    added: set[str] = set()
    for source in reversed(sources):  # the first of several mappings takes precedence
        added |= source.keys() - into.keys()
        into.update(source)
    return added


def _duplicate(key: str, event: Event) -> Malformed:
    return Malformed(
        YamlFault.DUPLICATE_KEY,
        f"the key {key!r} appears a second time",
        position_of(event.start_mark),
        "remove one of the two, or merge what is below them",
    )


def _unrepresentable(error: Unrepresentable, event: Event) -> Malformed:
    return Malformed(
        YamlFault.VALUE, str(error), position_of(event.start_mark), "put quotes around it if text is meant"
    )


def _bad_alias(event: Event, *, itself: bool) -> Malformed:
    problem = f"the anchor &{event.anchor} contains itself" if itself else f"there is no anchor &{event.anchor}"
    return Malformed(
        YamlFault.ANCHOR,
        problem,
        position_of(event.start_mark),
        f"define &{event.anchor} earlier in the same document, or put quotes around a text that begins with *",
    )


def _too_deep(limits: Limits, event: Event) -> Malformed:
    return Malformed(
        YamlFault.TOO_DEEP,
        f"more than {limits.depth} mappings and lists are nested",
        position_of(event.start_mark),
    )


def _too_many_aliases(limits: Limits, event: Event) -> Malformed:
    return Malformed(
        YamlFault.TOO_MANY_ALIASES,
        f"the aliases of this document expand to more than {limits.expanded} entries",
        position_of(event.start_mark),
    )
