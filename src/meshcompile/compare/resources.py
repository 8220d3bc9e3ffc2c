"""What changed in the resources of one proxy."""

from collections.abc import Iterator, Mapping
from enum import StrEnum, auto

from msgspec import Struct

from meshcompile.compare.comparable import comparable
from meshcompile.compare.fields import FieldChange, field_changes
from meshcompile.config import Config
from meshcompile.encoded import RESOURCE_TYPES
from meshcompile.envoy.fingerprint import digests
from meshcompile.envoy.message import Message


class ChangeKind(StrEnum):
    """What became of a resource."""

    ADDED = auto()
    REMOVED = auto()
    CHANGED = auto()


class ResourceChange(Struct, frozen=True):
    """A resource that is not the same in both configurations.

    `type` is `listeners`, `routes`, `clusters`, `endpoints` or `extensions`. `fields` are the fields that changed, none
    for a resource that was added or removed.
    """

    type: str
    name: str
    change: ChangeKind
    fields: tuple[FieldChange, ...] = ()


def resource_changes(before: Config, after: Config) -> tuple[ResourceChange, ...]:
    """The resources that differ in meaning, in the order of the types and of their names."""
    return tuple(change for kind in RESOURCE_TYPES for change in _changes(kind, before, after))


def _changes(kind: str, before: Config, after: Config) -> Iterator[ResourceChange]:
    was, now = by_name(kind, before), by_name(kind, after)
    for name in sorted(was.keys() | now.keys()):
        if name not in now:
            yield ResourceChange(kind, name, ChangeKind.REMOVED)
        elif name not in was:
            yield ResourceChange(kind, name, ChangeKind.ADDED)
        elif not _equal(was[name], now[name]):
            fields = tuple(field_changes(comparable(was[name]), comparable(now[name])))
            if fields:
                yield ResourceChange(kind, name, ChangeKind.CHANGED, fields)


def by_name(kind: str, config: Config) -> Mapping[str, Message]:
    """The resources of a type, by name."""
    messages: tuple[Message, ...] = getattr(config, kind)
    return {_name(message): message for message in messages}


def _name(message: Message) -> str:
    return getattr(message, "cluster_name", "") or getattr(message, "name", "")


def _equal(one: Message, other: Message) -> bool:
    return one is other or digests((one,)) == digests((other,))
