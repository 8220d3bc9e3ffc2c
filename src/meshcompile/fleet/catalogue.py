"""The messages of many proxies, by their differences from one proxy to the next.

Proxies in a namespace have nearly the same lists of messages. So the common start and end of a list are taken from the
previous list. Looking at each message would take longer than compiling the proxy.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from operator import is_
from typing import Any

from msgspec import Struct

from meshcompile.encoded import Measure
from meshcompile.envoy.fingerprint import digests, sizes
from meshcompile.envoy.message import Message

NUMBERS = "I"
"""Unsigned integers of four bytes."""


class CatalogueEntry(Struct, frozen=True):
    """A list of messages with the fingerprint, the size and the number of each, and what is known of the whole list."""

    messages: tuple[Message, ...]
    digests: tuple[bytes, ...]
    sizes: tuple[int, ...]
    numbers: bytes
    measure: Measure


EMPTY = CatalogueEntry((), (), (), b"", Measure.of((), ()))


class Catalogue:
    """Numbers the messages of one type by content, in order of first appearance."""

    def __init__(self, first_seen: Callable[[Message], Any] = lambda message: None) -> None:
        """`first_seen` is called for each message when it gets its number."""
        self._numbers: dict[bytes, int] = {}
        self._first_seen = first_seen
        self._last = EMPTY

    def listed(self, messages: tuple[Message, ...]) -> CatalogueEntry:
        """The entry of a list."""
        last = self._last
        if all(map(is_, last.messages, messages)) and len(last.messages) == len(messages):
            return last
        start, length = _same_start(last.messages, messages), len(messages)
        end = length - min(_same_end(last.messages, messages), length - start, len(last.messages) - start)
        rest = len(last.messages) - (length - end)
        new = messages[start:end]
        found = digests(new)
        all_digests = last.digests[:start] + tuple(found) + last.digests[rest:]
        all_sizes = last.sizes[:start] + tuple(sizes(new)) + last.sizes[rest:]
        numbers = last.numbers[: 4 * start] + self._numbered(new, found) + last.numbers[4 * rest :]
        self._last = CatalogueEntry(messages, all_digests, all_sizes, numbers, Measure.of(all_digests, all_sizes))
        return self._last

    def _numbered(self, messages: Sequence[Message], found: Sequence[bytes]) -> bytes:
        numbers = self._numbers
        for message, digest in zip(messages, found, strict=True):
            if digest not in numbers:
                numbers[digest] = len(numbers)
                self._first_seen(message)
        return array(NUMBERS, map(numbers.__getitem__, found)).tobytes()


def _same_start(before: Sequence[object], after: Sequence[object]) -> int:
    """The number of objects at the start that are the same in both."""
    return _run(list(map(is_, before, after)))


def _same_end(before: Sequence[object], after: Sequence[object]) -> int:
    """The number of objects at the end that are the same in both."""
    return _run(list(map(is_, reversed(before), reversed(after))))


def _run(same: list[bool]) -> int:
    """The number of true values before the first false one."""
    return same.index(False) if False in same else len(same)
