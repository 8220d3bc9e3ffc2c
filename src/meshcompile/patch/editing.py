"""New messages from old ones: fields changed, patches merged in, origins kept."""

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from meshcompile.envoy.message import Message, Packed, Unmodelled, at, packed_type, replaced, to_builtins
from meshcompile.source import Origin

M = TypeVar("M", bound=Message)


def changed(message: M, *origins: Origin, **fields: Any) -> M:
    """The message with other values in some fields, and these origins after its own."""
    return at(replaced(message, **fields), origins)


def decoded(cls: type[M], data: Mapping[str, Any]) -> M:
    """The message that canonical JSON describes."""
    return msgspec.convert(data, cls, dec_hook=_decoded)


def decoded_packed(data: Mapping[str, Any]) -> Packed:
    """The packed message that canonical JSON describes: typed if a type is generated that can say all of it."""
    cls = packed_type(str(data.get("@type", "")))
    if cls is None:
        return Unmodelled(data)
    try:
        return msgspec.convert(data, cls, dec_hook=_decoded)
    except msgspec.ValidationError:  # a part that is not generated, such as parsed CEL, or another URL prefix
        return Unmodelled(data)


def _decoded(expected: type, data: Any) -> object:
    if expected is Packed:
        return decoded_packed(data)
    raise TypeError(f"{expected.__name__} is no part of a message")


def as_data(message: Message | Packed) -> dict[str, Any]:
    """The canonical JSON of a message."""
    return to_builtins(message)


def with_origins(new: M, old: Message, *origins: Origin) -> M:
    """A new message, with the origins of what it was made from where that still stands, and these for the whole."""
    _keep_origins(new, old)
    return at(new, origins)


def _keep_origins(new: object, old: object) -> None:
    """Copy origins to what has the same place in a new message. Nothing moves when messages are merged."""
    match new, old:
        case Message(), Message():
            at(new, old.origins)
            if type(new) is type(old):
                for name in old.__struct_fields__:
                    _keep_origins(getattr(new, name), getattr(old, name))
        case tuple(), tuple():
            for new_item, old_item in zip(new, old, strict=False):
                _keep_origins(new_item, old_item)
        case Mapping(), Mapping():
            for key, item in old.items():
                if key in new:
                    _keep_origins(new[key], item)
