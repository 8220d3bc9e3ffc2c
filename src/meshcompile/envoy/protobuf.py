"""The few messages of `google.protobuf` that Envoy does not merely use as a JSON value."""

from meshcompile.envoy.message import TYPE_URL, Message, Packed


class Empty(Message, frozen=True, kw_only=True):
    """A oneof's alternative that says nothing but that it was chosen."""


class StringValue(
    Packed, Message, frozen=True, kw_only=True, tag_field="@type", tag=TYPE_URL + "google.protobuf.StringValue"
):
    """A string where Envoy has an Any, such as the name of a filter chain as the outcome of a match."""

    value: str = ""
