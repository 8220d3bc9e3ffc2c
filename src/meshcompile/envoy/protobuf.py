"""The few messages of `google.protobuf` that are not plain JSON values in Envoy's API."""

from meshcompile.envoy.message import TYPE_URL, Message, Packed


class Empty(Message, frozen=True, kw_only=True):
    """An empty message, for alternatives of a oneof without fields."""


class StringValue(
    Packed, Message, frozen=True, kw_only=True, tag_field="@type", tag=TYPE_URL + "google.protobuf.StringValue"
):
    """A string in a field of the type Any, for example the name of a filter chain as the result of a match."""

    value: str = ""
