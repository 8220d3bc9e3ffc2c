"""All descriptors of Istio's build of Envoy: those of `xds-protos`, and additions from `envoy_additions.json`.

The additions are the parts of `go-control-plane` that xds-protos lacks, at the commit that Istio 1.30 uses. They
include contrib, Istio's own filters, and the name tables of istiod. Their syntax is that of
`meshcompile.envoy.descriptors`: new messages with all fields, known messages with additional fields, and whole enums.
"""

import importlib
import importlib.metadata
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec
from google.protobuf import descriptor as protobuf

from meshcompile.envoy.descriptors import (
    Cardinality,
    FieldDescriptor,
    MessageDescriptor,
    Table,
    parsed_enum,
    parsed_message,
)

ADDITIONS = Path(__file__).with_name("envoy_additions.json")

_SCALARS = (
    *("bool", "bytes", "double", "float", "string", "int32", "int64", "uint32", "uint64"),
    *("fixed32", "fixed64", "sfixed32", "sfixed64", "sint32", "sint64"),
)
_SCALAR_NAMES = {getattr(protobuf.FieldDescriptor, f"TYPE_{name.upper()}"): name for name in _SCALARS}


@dataclass(frozen=True)
class Api:
    """All messages and enums, by full name."""

    messages: Mapping[str, MessageDescriptor]
    enums: Mapping[str, Mapping[str, int]]


GONE = re.compile(
    r"envoy\.(type|type\.matcher|config\.cluster\.redis|config\.retry\.previous_priorities|.*\.(v1alpha1|v2(alpha\d*)?))"
)
"""Packages of Envoy's API before version 3. Envoy and istiod no longer support them."""


def package_of(full_name: str) -> str:
    """The protobuf package of a type. Names of types begin with a capital letter, and names of packages do not."""
    parts = full_name.split(".")
    return ".".join(parts[: next(index for index, part in enumerate(parts) if part[0].isupper())])


def envoy_api() -> Api:
    """The API of Istio's build of Envoy: Envoy's own packages, the packages that they refer to, and the additions."""
    known = known_api()
    added = msgspec.json.decode(ADDITIONS.read_bytes(), type=Table)
    return Api(
        messages={**known.messages, **{name: extended(known, name, line) for name, line in added.messages.items()}},
        enums={**known.enums, **{name: parsed_enum(line) for name, line in added.enums.items()}},
    )


def extended(known: Api, name: str, line: str) -> MessageDescriptor:
    """A message, including the fields of an addition."""
    message = parsed_message(name, line)
    return MessageDescriptor(name, (*known.messages.get(name, MessageDescriptor(name, ())).fields, *message.fields))


def known_api() -> Api:
    """The messages and enums of Envoy's own packages in xds-protos, and all that they refer to."""
    messages: dict[str, MessageDescriptor] = {}
    enums: dict[str, Mapping[str, int]] = {}
    pending = [message for file in envoy_files() for message in file.message_types_by_name.values()]
    while pending:
        message = pending.pop()
        if message.full_name in messages or message.GetOptions().map_entry:
            continue
        messages[message.full_name] = MessageDescriptor(message.full_name, tuple(map(field_of, message.fields)))
        pending += message.nested_types
        values = [value_of(field) for field in message.fields]
        pending += (value.message_type for value in values if value.message_type)
        enums |= {value.enum_type.full_name: numbers_of(value.enum_type) for value in values if value.enum_type}
    return Api(messages, enums)


def envoy_files() -> Iterator[protobuf.FileDescriptor]:
    """The files of Envoy's own packages, without those of the old versions of its API."""
    for path in importlib.metadata.files("xds-protos") or ():
        if path.name.endswith("_pb2.py") and path.parts[0] in {"envoy", "xds", "udpa"}:
            file = importlib.import_module(".".join(path.with_suffix("").parts)).DESCRIPTOR
            if not GONE.fullmatch(file.package):
                yield file


def numbers_of(enum: protobuf.EnumDescriptor) -> Mapping[str, int]:
    """The numbers of an enum by value name."""
    return {value.name: value.number for value in enum.values}


def field_of(field: protobuf.FieldDescriptor) -> FieldDescriptor:
    """The field as an entry of the table."""
    value = value_of(field)
    named = value.message_type or value.enum_type
    oneof = field.containing_oneof
    return FieldDescriptor(
        name=field.name,
        json_name=field.json_name,
        kind="message" if value.message_type else "enum" if value.enum_type else "scalar",
        type=named.full_name if named else _SCALAR_NAMES[value.type],
        cardinality=cardinality_of(field),
        map_key=_SCALAR_NAMES[field.message_type.fields_by_name["key"].type] if is_map(field) else None,
        oneof=oneof.name if oneof and not is_optional(field) else None,
        number=field.number,
    )


def cardinality_of(field: protobuf.FieldDescriptor) -> Cardinality:
    """The number of values of a field. In protobuf, a map is a repeated message, and an optional field is a oneof."""
    if is_map(field):
        return "map"
    if field.is_repeated:
        return "repeated"
    return "optional" if is_optional(field) else "single"


def is_optional(field: protobuf.FieldDescriptor) -> bool:
    """Whether a field is marked `optional`. protobuf represents it as a oneof with one field."""
    return bool(field.containing_oneof and field.containing_oneof.name == f"_{field.name}")


def value_of(field: protobuf.FieldDescriptor) -> protobuf.FieldDescriptor:
    """The value field of a map; for any other field, the field itself."""
    return field.message_type.fields_by_name["value"] if is_map(field) else field


def is_map(field: protobuf.FieldDescriptor) -> bool:
    """Whether a field is a map."""
    return bool(field.message_type and field.message_type.GetOptions().map_entry)
