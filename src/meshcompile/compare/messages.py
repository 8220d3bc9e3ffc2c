"""What changed inside of a message, field by field. Parts that both versions share are not looked at.

The order of some lists means nothing to Envoy, such as that of filter chains, domains and endpoints.
"""

from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

import msgspec

from meshcompile.compare.comparable import UNORDERED
from meshcompile.compare.fields import ABSENT, FieldChange, escaped, reordered
from meshcompile.envoy.message import Message, canonical, encode

Placed = tuple[int, Any]
"""An item of a list and its index."""


def message_changes(before: Message, after: Message, pointer: str = "") -> Iterator[FieldChange]:
    """The innermost fields that differ in meaning."""
    if type(before) is not type(after):
        yield FieldChange(pointer, _data(before), _data(after))
        return
    kind = type(before)
    for name, key in zip(kind.__struct_fields__, kind.__struct_encode_fields__, strict=True):
        was, now = getattr(before, name), getattr(after, name)
        if was is not now and was != now:
            yield from _value_changes(was, now, f"{pointer}/{key}")


def _value_changes(was: Any, now: Any, pointer: str) -> Iterator[FieldChange]:
    match was, now:
        case Message(), Message():
            yield from message_changes(was, now, pointer)
        case tuple(), tuple():
            yield from _item_changes(was, now, pointer)
        case Mapping(), Mapping():
            for key in sorted(was.keys() | now.keys()):
                if was.get(key) != now.get(key):
                    yield from _value_changes(was.get(key), now.get(key), f"{pointer}/{escaped(key)}")
        case _:
            yield FieldChange(pointer, _data(was), _data(now))


def _data(value: Any) -> Any:
    """A value as JSON data; None for an empty one, which is not printed."""
    return ABSENT if value is None or value in ((), {}) else msgspec.json.decode(encode(value))


def _item_changes(was: Sequence[Any], now: Sequence[Any], pointer: str) -> Iterator[FieldChange]:
    """Changes of a list, whose items are found again by their names, or else by their content."""
    old, new = _names(was), _names(now)
    if pointer.rpartition("/")[2] in UNORDERED:
        yield from _unordered_changes(*_without_shared(was, now), pointer)
    elif old is None or new is None:
        yield from _sequence_changes(was, now, pointer)
    else:
        yield from _named_changes(old, new, pointer)
        yield from reordered(old, new, pointer)


def _without_shared(was: Sequence[Any], now: Sequence[Any]) -> tuple[list[Placed], list[Placed]]:
    """The items that only one of two lists has, by identity."""
    shared = set(map(id, was)) & set(map(id, now))
    old, new = ([each for each in enumerate(items) if id(each[1]) not in shared] for items in (was, now))
    return old, new


def _unordered_changes(was: Sequence[Placed], now: Sequence[Placed], pointer: str) -> Iterator[FieldChange]:
    old, new = ({canonical(item): (index, item) for index, item in items} for items in (was, now))
    left = [each for text, each in old.items() if text not in new]
    added = [each for text, each in new.items() if text not in old]
    was_named, now_named = _by_name(left), _by_name(added)
    if was_named is not None and now_named is not None:
        yield from _named_changes(was_named, now_named, pointer)
        return
    for number in range(max(len(left), len(added))):
        yield from _placed_changes(_nth(left, number), _nth(added, number), pointer)


Named = Mapping[str, Placed]


def _names(items: Sequence[Any]) -> Named | None:
    return _by_name(list(enumerate(items)))


def _by_name(items: Sequence[Placed]) -> Named | None:
    """Items by name; None if one has no name, or two have the same."""
    found = {name: each for each in items if (name := getattr(each[1], "name", ""))}
    return found if len(found) == len(items) else None


def _named_changes(was: Named, now: Named, pointer: str) -> Iterator[FieldChange]:
    for name in [*now, *(name for name in was if name not in now)]:
        yield from _placed_changes(was.get(name), now.get(name), pointer)


def _nth(items: Sequence[Placed], number: int) -> Placed | None:
    return items[number] if number < len(items) else None


def _placed_changes(old: Placed | None, new: Placed | None, pointer: str) -> Iterator[FieldChange]:
    place = f"{pointer}/{(new or old or (0,))[0]}"
    if old is None or new is None:
        yield FieldChange(place, _item(old), _item(new))
    elif old[1] is not new[1] and old[1] != new[1]:
        yield from _value_changes(old[1], new[1], place)


def _item(placed: Placed | None) -> Any:
    return ABSENT if placed is None else _data(placed[1])


def _sequence_changes(was: Sequence[Any], now: Sequence[Any], pointer: str) -> Iterator[FieldChange]:
    old, new = (list(map(canonical, items)) for items in (was, now))
    for tag, low, high, start, end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        for offset in range(max(high - low, end - start)):
            before = (low + offset, was[low + offset]) if low + offset < high else None
            after = (start + offset, now[start + offset]) if start + offset < end else None
            yield from _placed_changes(before, after, pointer)
