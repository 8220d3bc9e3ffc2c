"""A message as untyped data, for types whose descriptors istiod does not have."""

from collections.abc import Mapping

from meshcompile.envoy.message import TYPE_URL, JsonValue, Message, Packed


class TypedStruct(
    Packed, Message, frozen=True, kw_only=True, tag_field="@type", tag=TYPE_URL + "udpa.type.v1.TypedStruct"
):
    """udpa.type.v1.TypedStruct: `type_url` is the type of the message in `value`."""

    type_url: str = ""
    value: Mapping[str, JsonValue] | None = None
