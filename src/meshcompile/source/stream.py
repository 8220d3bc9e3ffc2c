"""YAML text to plain values: libyaml finds the structure, the rules of `scalars` give the values.

This is the one pass that every document takes, so it is written for speed. It keeps no places (`places` finds them
again when asked), and every distinct key and unquoted scalar is understood, and stored, once.
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

from meshcompile.source import scalars
from meshcompile.source.excerpt import Excerpt
from meshcompile.source.libyaml import (
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
from meshcompile.source.limits import DEFAULT_LIMITS, Limits
from meshcompile.source.malformed import Fault, Malformed, from_libyaml, position_of
from meshcompile.source.scalars import Merge, Unrepresentable


class Part(Struct, frozen=True):
    """A value, and the part of the text that it was read from."""

    value: Any
    excerpt: Excerpt
    items: tuple[Part, ...] = ()
    """What is in the `items` of a document that has them."""


class Reader:
    """Reads texts one after the other; what keys and words they share is stored once."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.plain = _Plain()
        self.keys = _Keys()

    def documents(self, text: str, line: int = 0) -> Iterator[Part | Malformed]:
        """The documents of a stream, without the empty ones; for one that makes no sense, what is wrong with it.

        The text begins at `line` (from 0) of what it was taken from.
        """
        done = 0
        try:
            for part in self.stream(text, line):
                yield part
                done = part.excerpt.end
        except Malformed:
            yield from self.one_by_one(text, done, line)

    def one_by_one(self, text: str, start: int, line: int) -> Iterator[Part | Malformed]:
        """The documents from `start` on, each read alone, so that a broken one leaves the others as they are."""
        line += len(_LINE_BREAK.findall(text, 0, start))
        column = start - text.rfind("\n", 0, start) - 1
        for single in separated(text[start:]):
            try:
                yield from self.stream(" " * column + single, line)
            except Malformed as malformed:
                yield malformed.further_down(line)
            line += len(_LINE_BREAK.findall(single))
            column = len(single) - single.rfind("\n") - 1 + (column if "\n" not in single else 0)

    def stream(self, text: str, line: int = 0) -> Iterator[Part]:
        """The documents of a text that begins at `line` (from 0); raises Malformed at the first that makes no sense."""
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
    """The value of a text that was read before, with only one document in it."""
    return next(Reader(DEFAULT_LIMITS).stream(text)).value


_LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_SEPARATOR = re.compile(r"^---(?=\s|$)", re.MULTILINE)


def separated(text: str) -> Iterator[str]:
    """The text cut before every document; put together again it is the same.

    A document begins with `---`, or, in a stream of JSON, where the value before it ends.
    """
    done = 0
    if text.lstrip().startswith("{"):
        for end in _json_ends(text):
            yield text[done:end]
            done = end
    yield from _separated(text[done:])


def _json_ends(text: str) -> Iterator[int]:
    """Where the JSON objects that a text begins with end."""
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
    """Unquoted scalars met so far, by their text."""

    def __missing__(self, text: str) -> scalars.Scalar:
        value = self[text] = scalars.plain(text)
        return value


class _Keys(dict[str, str | Merge]):
    """Unquoted keys met so far, by their text."""

    def __missing__(self, text: str) -> str | Merge:
        key = self[text] = scalars.key(text)
        return key


class _Builder:
    """The value of one document, event by event.

    `entries` counts what is in mappings and lists, and in what aliases stand for; `expanded` the latter only.
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
        """The items of the lists just below the top, by the id of the list."""

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
        if event.__class__ is Alias:
            return self.aliased(event)
        before = self.entries
        self.anchors[event.anchor] = None
        value = self.unnamed(event, depth)
        self.anchors[event.anchor] = value, self.entries - before + 1
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
                simple = event.__class__ is Scalar and event.implicit[0] and event.anchor is None
                value = plain[event.value] if simple else self.value(event, depth + 1)
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
        """The key that is not a plain one without an anchor."""
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
        """A list just below the top, which may hold the items of a `kind: List`: it notes where they are."""
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
    """The keys that a `<<` brings `into` a mapping; as in Go it overwrites what stands before it."""
    sources = value if isinstance(value, list) else [value]
    if not all(isinstance(source, dict) for source in sources):
        raise Unrepresentable("`<<` needs a mapping or a list of mappings")
    added: set[str] = set()
    for source in reversed(sources):  # the first of several mappings wins
        added |= source.keys() - into.keys()
        into.update(source)
    return added


def _duplicate(key: str, event: Event) -> Malformed:
    return Malformed(
        Fault.DUPLICATE_KEY,
        f"the key {key!r} stands here a second time",
        position_of(event.start_mark),
        "remove one of the two, or merge what is below them",
    )


def _unrepresentable(error: Unrepresentable, event: Event) -> Malformed:
    return Malformed(Fault.VALUE, str(error), position_of(event.start_mark), "put quotes around it if text is meant")


def _bad_alias(event: Event, *, itself: bool) -> Malformed:
    problem = f"the anchor &{event.anchor} contains itself" if itself else f"there is no anchor &{event.anchor}"
    return Malformed(
        Fault.ANCHOR,
        problem,
        position_of(event.start_mark),
        f"define &{event.anchor} earlier in the same document, or put quotes around a text that begins with *",
    )


def _too_deep(limits: Limits, event: Event) -> Malformed:
    return Malformed(
        Fault.TOO_DEEP,
        f"more than {limits.depth} mappings and lists are inside one another",
        position_of(event.start_mark),
    )


def _too_many_aliases(limits: Limits, event: Event) -> Malformed:
    return Malformed(
        Fault.TOO_MANY_ALIASES,
        f"the aliases of this document stand for more than {limits.expanded} entries",
        position_of(event.start_mark),
    )
