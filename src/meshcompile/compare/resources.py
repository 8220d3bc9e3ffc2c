"""What changed in the resources of one proxy."""

from enum import StrEnum, auto

from msgspec import Struct

from meshcompile.compare.fields import FieldChange
from meshcompile.compare.messages import message_changes
from meshcompile.compare.pairs import ConfigPair
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


def resource_changes(pair: ConfigPair) -> tuple[ResourceChange, ...]:
    """The resources that differ in meaning, in the order of the types and of their names."""
    changes = (_change(kind, name, *both) for kind, found in pair.changed.items() for name, both in found.items())
    return tuple(filter(None, changes))


def _change(kind: str, name: str, old: Message | None, new: Message | None) -> ResourceChange | None:
    """The change of a resource; None if both versions mean the same."""
    if old is None or new is None:
        return ResourceChange(kind, name, ChangeKind.REMOVED if new is None else ChangeKind.ADDED)
    fields = tuple(message_changes(old, new))
    return ResourceChange(kind, name, ChangeKind.CHANGED, fields) if fields else None
