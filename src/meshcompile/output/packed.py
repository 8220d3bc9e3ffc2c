"""Packed messages, also those that are not generated or that an EnvoyFilter has written in another form."""

from meshcompile.envoy.message import TYPE_URL, Message, Packed, Unmodelled
from meshcompile.envoy.udpa import TypedStruct
from meshcompile.patch.editing import decoded_packed

TYPED_STRUCT = "xds.type.v3.TypedStruct"


def type_of(config: Packed | None) -> str:
    """The full name of a packed message's type, also of one that is written as a TypedStruct; "" for none."""
    match config:
        case TypedStruct():
            return _name(config.type_url)
        case Unmodelled(value=value):
            name = _name(str(value.get("@type", "")))
            return _name(str(value.get("typeUrl", ""))) if name == TYPED_STRUCT else name
        case Message():
            return _name(str(type(config).__struct_config__.tag))
        case _:
            return ""


def known(config: Packed | None) -> Packed | None:
    """The message that an `Unmodelled` describes when its class is generated, such as one with an unusual type URL."""
    if not isinstance(config, Unmodelled):
        return config
    decoded = decoded_packed({**config.value, "@type": TYPE_URL + type_of(config)})
    return config if isinstance(decoded, Unmodelled) else decoded


def _name(url: str) -> str:
    return url.rpartition("/")[2]
