"""A message as untyped data, for the types that istiod sends without knowing their descriptors."""

from collections.abc import Mapping

from meshcompile.envoy.message import TYPE_URL, JsonValue, Message, Packed


class TypedStruct(
    Packed, Message, frozen=True, kw_only=True, tag_field="@type", tag=TYPE_URL + "udpa.type.v1.TypedStruct"
):
    """udpa.type.v1.TypedStruct: `type_url` says how Envoy is to read `value`."""

    type_url: str = ""
    value: Mapping[str, JsonValue] | None = None
