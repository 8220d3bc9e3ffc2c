"""Creates messages from existing ones, or from data."""

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from meshcompile.documents import Origin
from meshcompile.envoy.message import Message, Packed, Unmodelled, at, from_json, packed_type, replaced

M = TypeVar("M", bound=Message)


def changed(message: M, *origins: Origin, **fields: Any) -> M:
    """A copy of the message with new values of some fields. The origins are appended to its own."""
    return at(replaced(message, **fields), origins)


def decoded(cls: type[M], data: Mapping[str, Any]) -> M:
    """The message of canonical JSON."""
    return from_json(cls, data, decoded_packed)


def decoded_packed(data: Mapping[str, Any]) -> Packed:
    """The packed message of canonical JSON. It is typed if a generated type can represent all of it."""
    cls = packed_type(str(data.get("@type", "")))
    if cls is None:
        return Unmodelled(data)
    try:
        return from_json(cls, data, decoded_packed)
    except msgspec.ValidationError:  # a part without a generated type, such as parsed CEL, or another URL prefix
        return Unmodelled(data)
