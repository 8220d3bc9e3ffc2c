"""Protobuf JSON with the names of the proto files, as Envoy's admin interface prints it: `filter_chains`."""

from collections.abc import Mapping
from typing import Any

from meshcompile.envoy.descriptors import FieldDescriptor, descriptor
from meshcompile.envoy.reading import ANY, SPECIAL


def with_proto_names(name: str, data: Any) -> Any:
    """The JSON of a message of the type `name`, with proto names. The keys of maps and Structs stay as they are."""
    if name == ANY:
        return _packed(data)
    message = descriptor(name)
    if message is None or name in SPECIAL:
        return data
    return {
        key if (field := message.field(key)) is None else field.name: value if field is None else _value(field, value)
        for key, value in data.items()
    }


def _packed(data: Mapping[str, Any]) -> Mapping[str, Any]:
    if "@type" not in data:
        return data
    rest = {key: value for key, value in data.items() if key != "@type"}
    return {"@type": data["@type"], **with_proto_names(str(data["@type"]).rpartition("/")[2], rest)}


def _value(field: FieldDescriptor, value: Any) -> Any:
    if field.kind != "message":
        return value
    match field.cardinality:
        case "repeated":
            return [with_proto_names(field.type, item) for item in value]
        case "map":
            return {key: with_proto_names(field.type, item) for key, item in value.items()}
        case _:
            return with_proto_names(field.type, value)
