"""Walks over messages: all messages in a value, and a value with changed messages."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

import msgspec

from meshcompile.envoy.message import Message, Unmodelled, replaced

T = TypeVar("T")
_LEAVES = frozenset({str, int, float, bool, type(None)})


def messages(value: object) -> Iterator[Message | Unmodelled]:
    """The value, if it is a message, and every message in it."""
    match value:
        case Message():
            yield value
            for item in msgspec.structs.astuple(value):
                if item and item.__class__ not in _LEAVES:
                    yield from messages(item)
        case Unmodelled():
            yield value
        case tuple() | list():
            for item in value:
                yield from messages(item)
        case Mapping():
            for item in value.values():
                yield from messages(item)
        case _:
            return


def rewritten(value: T, change: Callable[[Message], Message]) -> T:
    """The value with `change` applied to every message in it, the inner ones first.

    Unchanged parts stay the same objects. `change` is not called for an `Unmodelled`.
    """
    any_value: Any = value
    match any_value:
        case Message():
            return change(_with_fields(any_value, change))  # type: ignore[return-value]
        case tuple():
            items = tuple(rewritten(item, change) for item in any_value)
            same = all(new is old for new, old in zip(items, any_value, strict=True))
            return value if same else items  # type: ignore[return-value]
        case Mapping():
            entries = {key: rewritten(item, change) for key, item in any_value.items()}
            same = all(entries[key] is any_value[key] for key in any_value)
            return value if same else entries  # type: ignore[return-value]
        case _:
            return value


def _with_fields(message: Message, change: Callable[[Message], Message]) -> Message:
    fields = {
        name: new
        for name in message.__struct_fields__
        if (old := getattr(message, name)) and old.__class__ not in _LEAVES
        if (new := rewritten(old, change)) is not old
    }
    return replaced(message, **fields) if fields else message
