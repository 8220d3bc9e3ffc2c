"""Messages as classes of envoy-data-plane (betterproto2), for programs that use them.

The classes are built from the JSON form, field by field. betterproto's own `from_dict` does not find fields such as
`consecutive_5xx`, and recognizes a packed message only if its module has been imported. Types that envoy-data-plane
lacks, mostly Istio's own, are packed as `xds.type.v3.TypedStruct`, which Envoy unpacks.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from keyword import iskeyword
from typing import Any

from betterproto2.casing import safe_snake_case
from envoy_data_plane.google.protobuf import Any as PackedMessage
from envoy_data_plane.google.protobuf import Struct
from envoy_data_plane.message_pool import default_message_pool

from meshcompile.envoy.descriptors import FieldDescriptor, descriptor
from meshcompile.envoy.message import TYPE_URL

WELL_KNOWN = "google.protobuf."
ANY = "google.protobuf.Any"
TYPED_STRUCTS = ("xds.type.v3.TypedStruct", "udpa.type.v1.TypedStruct")  # two names of the same type
EMPTY_STRUCT = b"\x12\x00"  # field 2 of a TypedStruct, present and without fields

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class BetterprotoResources:
    """The resources of one proxy as messages of envoy-data-plane, sorted by name."""

    listeners: tuple[Any, ...]
    routes: tuple[Any, ...]
    clusters: tuple[Any, ...]
    endpoints: tuple[Any, ...]
    extensions: tuple[Any, ...]


TYPES = {
    "listeners": "envoy.config.listener.v3.Listener",
    "routes": "envoy.config.route.v3.RouteConfiguration",
    "clusters": "envoy.config.cluster.v3.Cluster",
    "endpoints": "envoy.config.endpoint.v3.ClusterLoadAssignment",
    "extensions": "envoy.config.core.v3.TypedExtensionConfig",
}


def betterproto_resources(resources: Mapping[str, Iterable[Json]]) -> BetterprotoResources:
    """The messages of resources in their JSON form, by kind."""
    return BetterprotoResources(
        **{kind: tuple(message(name, data) for data in resources[kind]) for kind, name in TYPES.items()}
    )


def message(name: str, data: Json) -> Any:
    """The message of this type with this data. `name` must be a type of envoy-data-plane."""
    cls, known = message_class(name), descriptor(name)
    assert cls is not None, name
    if known is None or name.startswith(WELL_KNOWN):
        return cls.from_dict(data)
    fields = [(field, value) for key, value in data.items() if (field := known.field(key)) is not None]
    plain = {field.name: value for field, value in fields if not _by_hand(field)}
    result = cls.from_dict(plain)
    for field, value in fields:
        if _by_hand(field):
            setattr(result, _attribute(field), _value(field, value))
    return result


@cache
def message_class(name: str) -> Any:
    """The class of a message; None if envoy-data-plane has none."""
    package = ".".join(part for part in name.split(".") if not part[:1].isupper())
    try:
        import_module(f"envoy_data_plane.{package}")
    except ModuleNotFoundError:
        return None
    return default_message_pool.url_to_type.get(TYPE_URL + name)


def _by_hand(field: FieldDescriptor) -> bool:
    """Whether `from_dict` cannot read the field: it holds messages, or its name is not recognized."""
    holds_messages = field.kind == "message" and (field.type == ANY or not field.type.startswith(WELL_KNOWN))
    return holds_messages or safe_snake_case(field.name) != _attribute(field)


def _attribute(field: FieldDescriptor) -> str:
    return f"{field.name}_" if iskeyword(field.name) else field.name


def _value(field: FieldDescriptor, value: Any) -> Any:
    match field.cardinality:
        case "repeated":
            return [_item(field, item) for item in value]
        case "map":
            return {key: _item(field, item) for key, item in value.items()}
        case _:
            return _item(field, value)


def _item(field: FieldDescriptor, value: Any) -> Any:
    if field.type == ANY:
        return packed(value)
    if field.kind == "message" and not field.type.startswith(WELL_KNOWN):
        return message(field.type, value)
    return value  # numbers and booleans, wrapped or not


def packed(data: Json) -> Any:
    """The packed message whose type is in `@type`."""
    url, rest = data["@type"], {key: value for key, value in data.items() if key != "@type"}
    name = url.removeprefix(TYPE_URL)
    if name in TYPED_STRUCTS:
        return _typed_struct(url, rest["typeUrl"], rest.get("value", {}))
    if message_class(name) is None:
        return _typed_struct(TYPE_URL + TYPED_STRUCTS[0], url, rest)
    inside = message(name, rest["value"] if name.startswith(WELL_KNOWN) and "value" in rest else rest)
    return PackedMessage(type_url=url, value=bytes(inside))


def _typed_struct(url: str, about: str, value: Json) -> Any:
    """A packed TypedStruct. It has the field numbers and wire types of an Any, so an Any can represent it."""
    inside = bytes(PackedMessage(type_url=about, value=bytes(Struct.from_dict(value))))
    return PackedMessage(type_url=url, value=inside if value else inside + EMPTY_STRUCT)
