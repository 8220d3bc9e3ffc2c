"""Merging of Envoy configuration: istiod's `pkg/proto/merge`, which is protobuf's merge except for durations.

A scalar in the patch replaces the old one. Lists are appended, or they replace the old ones. Maps gain and replace
entries. Messages merge field by field. Of a oneof, only the last field that was set stays. A zero value without
presence counts as unset, so it cannot replace anything, not even in a wrapper.

Both sides are messages, or both are canonical JSON if no type is generated. Parts that a patch does not touch stay the
same objects, with their origins.
"""

from collections.abc import Mapping
from enum import Enum, auto
from functools import cache
from typing import Any, NamedTuple, TypeVar, cast

import msgspec

from meshcompile.envoy.descriptors import FieldDescriptor, descriptor
from meshcompile.envoy.message import TYPE_URL, Message, Packed, Unmodelled, replaced, to_builtins
from meshcompile.envoy.reading import ANY, GOOGLE, SPECIAL, WRAPPED, default
from meshcompile.patch.editing import decoded_packed

T = TypeVar("T")


class Lists(Enum):
    """What a list in a patch does to the old one."""

    APPEND = auto()
    REPLACE = auto()


class TypeMismatch(Exception):
    """Two packed messages of different types, which cannot be merged."""


def merged(message: str, old: T, patch: T, lists: Lists = Lists.APPEND) -> T:
    """A message of this full name with a patch merged into it. Neither argument is modified."""
    known = descriptor(message)
    if known is None:
        return patch
    changes: dict[str, Any] = {}
    for name, value in _said(patch).items():
        field = known.field(name)
        if field is None:
            continue
        for other in known.oneof(field.oneof) if field.oneof else ():
            if other is not field and _field(old, other.json_name) is not _NOTHING:
                changes[other.json_name] = _NOTHING
        before = _field(old, name)
        changes[name] = value if before is _NOTHING else _merged_field(field, before, value, lists)
    return _changed(old, changes)


def merged_packed(old: Packed, patch: Packed) -> Packed:
    """A packed message with one of the same type merged into it, field by field.

    Raises TypeMismatch if the types differ.
    """
    name = packed_name(old)
    if name != packed_name(patch):
        raise TypeMismatch(f"{packed_name(patch)} cannot be merged into {name}")
    if type(old) is type(patch) and isinstance(old, Message):
        return merged(name, old, patch)
    before, said = to_builtins(old), to_builtins(patch)
    if name in SPECIAL:
        return decoded_packed({**before, "value": _merged_value(name, before["value"], said["value"])})
    return decoded_packed({**merged(name, before, said), "@type": TYPE_URL + name})


def _merged_field(field: FieldDescriptor, old: Any, patch: Any, lists: Lists) -> Any:
    match field.cardinality:
        case "repeated":
            if lists is Lists.REPLACE:
                return patch
            return (*old, *patch) if isinstance(old, tuple) else [*old, *patch]
        case "map":
            return {**old, **patch}
        case _:
            return _merged_value(field.type, old, patch, lists) if field.kind == "message" else patch


def _merged_value(message: str, old: Any, patch: Any, lists: Lists = Lists.APPEND) -> Any:
    """A message of any type, in its JSON form, with a patch merged into it."""
    if message in WRAPPED:
        return old if patch == default("scalar", WRAPPED[message]) else patch
    if message == ANY:
        return _merged_any(old, patch)
    match message.removeprefix(GOOGLE):
        case "Duration" | "Timestamp":
            return patch
        case "Struct":
            return {**old, **patch}
        case "ListValue":
            return patch if lists is Lists.REPLACE else [*old, *patch]
        case "Value":
            return _merged_free_form(old, patch, lists)
        case _:
            return merged(message, old, patch, lists)


def _merged_any(old: Any, patch: Any) -> Any:
    """A packed message inside another one. It is replaced as a whole, like its bytes; an empty patch keeps it."""
    return old if _says_nothing(patch) and packed_name(old) == packed_name(patch) else patch


def _says_nothing(packed: Any) -> bool:
    return len(_said(packed)) == (0 if isinstance(packed, Message) else 1)


def _merged_free_form(old: Any, patch: Any, lists: Lists) -> Any:
    match old, patch:
        case Mapping(), Mapping():
            return {**old, **patch}
        case list(), list() if lists is Lists.APPEND:
            return [*old, *patch]
        case _:
            return patch


# ---- messages and JSON, alike

_NOTHING = object()


def packed_name(packed: Any) -> str:
    """The full name of a packed message's type."""
    url = type(packed).__struct_config__.tag if isinstance(packed, Message) else _said(packed).get("@type", "")
    return str(url).rpartition("/")[2]


def _said(value: Any) -> Mapping[str, Any]:
    """The fields that are set, by JSON name."""
    if isinstance(value, Message):
        read = ((name, getattr(value, attribute), zero) for name, (attribute, zero) in _slots(type(value)).items())
        return {name: item for name, item, zero in read if item is not zero and item != zero}
    fields: Mapping[str, Any] = value.value if isinstance(value, Unmodelled) else value
    return fields


def _field(value: Any, name: str) -> Any:
    """The value of a field; _NOTHING if it is not set."""
    if isinstance(value, Message):
        place = _slots(type(value)).get(name)
        if place is None:
            return _NOTHING
        item = getattr(value, place.attribute)
        return _NOTHING if item is place.zero or item == place.zero else item
    return _said(value).get(name, _NOTHING)


def _changed(old: T, changes: Mapping[str, Any]) -> T:
    """A copy of the message with new values of some fields."""
    if isinstance(old, Message):
        places = _slots(type(old))
        return replaced(old, **{places[n].attribute: None if v is _NOTHING else v for n, v in changes.items()})
    fields: Any = {**_said(old), **changes}
    return cast(T, {name: value for name, value in fields.items() if value is not _NOTHING})


class FieldSlot(NamedTuple):
    """The attribute that holds a field, and its default."""

    attribute: str
    zero: Any


@cache
def _slots(cls: type[Message]) -> Mapping[str, FieldSlot]:
    """The slots of the fields of a message, by JSON name."""
    return {
        field.encode_name: FieldSlot(
            field.name, field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()
        )
        for field in msgspec.structs.fields(cls)
    }
