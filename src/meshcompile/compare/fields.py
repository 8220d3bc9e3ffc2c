"""What changed inside of JSON data, field by field."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from msgspec import Struct

ABSENT: Any = None


class FieldChange(Struct, frozen=True):
    """A field that differs. `before` and `after` are JSON data; None stands for a field that is not there.

    The pointer is a JSON pointer into the resource after the change, or before it for a field that was removed.
    """

    pointer: str
    before: Any
    after: Any


def field_changes(before: Any, after: Any, pointer: str = "") -> Iterator[FieldChange]:
    """The innermost fields that differ."""
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted(before.keys() | after.keys()):
            yield from field_changes(before.get(key), after.get(key), f"{pointer}/{escaped(key)}")
    elif isinstance(before, list) and isinstance(after, list):
        yield from _item_changes(before, after, pointer)
    else:
        yield FieldChange(pointer, before, after)


def escaped(key: str) -> str:
    """A key as a part of a JSON pointer."""
    return key.replace("~", "~0").replace("/", "~1")


def _item_changes(before: Sequence[Any], after: Sequence[Any], pointer: str) -> Iterator[FieldChange]:
    """Changes of a list, whose items are found again by their names, or else by their content."""
    if (was := _by_name(before)) is not None and (now := _by_name(after)) is not None:
        for name in [*now, *(name for name in was if name not in now)]:
            at = list(now).index(name) if name in now else list(was).index(name)
            yield from field_changes(was.get(name), now.get(name), f"{pointer}/{at}")
        yield from reordered(was, now, pointer)
        return
    was_texts, now_texts = ([json.dumps(item, sort_keys=True) for item in items] for items in (before, after))
    for tag, low, high, start, end in SequenceMatcher(None, was_texts, now_texts, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        for offset in range(max(high - low, end - start)):
            was_item = before[low + offset] if low + offset < high else ABSENT
            now_item = after[start + offset] if start + offset < end else ABSENT
            place = start + offset if start + offset < end else low + offset
            yield from field_changes(was_item, now_item, f"{pointer}/{place}")


def reordered(was: Iterable[str], now: Iterable[str], pointer: str) -> Iterator[FieldChange]:
    """The order of the names that two lists have in common, if it is not the same."""
    was, now = dict.fromkeys(was), dict.fromkeys(now)
    old, new = [name for name in was if name in now], [name for name in now if name in was]
    if old != new:
        yield FieldChange(pointer, old, new)


def _by_name(items: Sequence[Any]) -> Mapping[str, Any] | None:
    """The items by name; None if they have no names, or one name twice."""
    named = {item["name"]: item for item in items if isinstance(item, dict) and isinstance(item.get("name"), str)}
    return named if len(named) == len(items) else None
