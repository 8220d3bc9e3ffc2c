"""What changed in the input: objects that came, went or changed, and the places of the fields that differ."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from meshcompile.compare.fields import field_changes
from meshcompile.documents import Origin
from meshcompile.models.base import Resource

Key = tuple[str, str, str]


class ObjectChange(Struct, frozen=True):
    """An object of the input that is not the same before and after.

    `before` and `after` are the places of what differs; both sides are empty where there is nothing to show.
    """

    kind: str
    namespace: str
    name: str
    before: tuple[Origin, ...]
    after: tuple[Origin, ...]


def object_changes(before: Iterable[Resource], after: Iterable[Resource]) -> tuple[ObjectChange, ...]:
    """The objects that differ, by kind, namespace and name."""
    was, now = _by_key(before), _by_key(after)
    return tuple(_changes(was, now))


def _by_key(objects: Iterable[Resource]) -> Mapping[Key, Resource]:
    return {(each.kind, each.namespace, each.name): each for each in objects}


def _changes(was: Mapping[Key, Resource], now: Mapping[Key, Resource]) -> Iterator[ObjectChange]:
    for key in sorted(was.keys() | now.keys()):
        old, new = was.get(key), now.get(key)
        if old is None or new is None:
            yield ObjectChange(*key, _whole(old), _whole(new))
        elif old is not new and old.origin.document.value != new.origin.document.value:
            yield ObjectChange(*key, _differing(old, new), _differing(new, old))


def _whole(each: Resource | None) -> tuple[Origin, ...]:
    """The place of an object's spec, or of the object."""
    if each is None:
        return ()
    spec = each.origin.at("spec")
    return (spec if spec.position != each.origin.position else each.origin,)


def _differing(each: Resource, other: Resource) -> tuple[Origin, ...]:
    """The places of the fields that the other version does not have, or has otherwise."""
    value = each.origin.document.value
    changes = field_changes(other.origin.document.value, value)
    paths = (_path(change.pointer, value) for change in changes if change.after is not None)
    return tuple(dict.fromkeys(each.origin.at(*path) for path in paths))


def _path(pointer: str, value: Any) -> Iterator[str | int]:
    """The keys and indexes of a JSON pointer."""
    for part in pointer.split("/")[1:]:
        key = int(part) if isinstance(value, list) else part.replace("~1", "/").replace("~0", "~")
        yield key
        value = value[key]
