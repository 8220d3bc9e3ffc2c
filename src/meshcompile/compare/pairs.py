"""The configurations of one proxy before and after a change, and the messages that are not the same."""

from collections.abc import Iterable, Mapping
from functools import cached_property

from msgspec import Struct

from meshcompile.config import Config
from meshcompile.encoded import RESOURCE_TYPES
from meshcompile.envoy.message import Message

Versions = tuple[Message | None, Message | None]
"""A resource before and after; None where it is not there."""


class ConfigPair(Struct, frozen=True, eq=False, dict=True):
    """Two configurations of one proxy."""

    before: Config
    after: Config

    @cached_property
    def changed(self) -> Mapping[str, Mapping[str, Versions]]:
        """The resources that are not equal, by type and by name. A type without such resources is left out."""
        found = ((kind, _changed(getattr(self.before, kind), getattr(self.after, kind))) for kind in RESOURCE_TYPES)
        return {kind: versions for kind, versions in found if versions}


def _changed(before: tuple[Message, ...], after: tuple[Message, ...]) -> Mapping[str, Versions]:
    if before is after or before == after:  # messages that are the same object are not compared
        return {}
    kept = set(map(id, before)) & set(map(id, after))
    was, now = (by_name(each for each in messages if id(each) not in kept) for messages in (before, after))
    pairs = {name: (was.get(name), now.get(name)) for name in sorted(was.keys() | now.keys())}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def by_name(messages: Iterable[Message]) -> dict[str, Message]:
    """Resources by name."""
    return {resource_name(message): message for message in messages}


def resource_name(message: Message) -> str:
    """The name of a resource, for endpoints that of their cluster."""
    return getattr(message, "cluster_name", "") or getattr(message, "name", "")
