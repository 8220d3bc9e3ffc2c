"""The fields of all messages of the Envoy API, for values that are only known at run time: patches and bootstraps.

The table is generated together with the message types, but has all messages, not only those that istiod sends. It is
read on first use, and each message is parsed on demand:

    descriptor("envoy.config.listener.v3.Listener").field("filterChains").type   # envoy.config.listener.v3.FilterChain

One line describes a message, and one word describes a field:

    name[=jsonName][#NUMBER]:TYPE[|oneof]
    TYPE    string | uint32 | ... | .message | @enum
            []TYPE repeated, ?TYPE optional, {KEY}TYPE map
    NUMBER  the number of the field in the binary format; absent if it is the previous number plus one
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import Literal, NamedTuple

import msgspec

Kind = Literal["scalar", "enum", "message"]
Cardinality = Literal["single", "optional", "repeated", "map"]

_TABLE = "descriptors.json"
_PREFIX_OF_KIND: Mapping[Kind, str] = {"scalar": "", "enum": "@", "message": "."}
_KIND_OF_PREFIX: Mapping[str, Kind] = {"@": "enum", ".": "message"}


class FieldDescriptor(NamedTuple):
    """A field of a message. `type` is the protobuf name of a scalar, or the full name of an enum or a message."""

    name: str
    json_name: str
    kind: Kind
    type: str
    cardinality: Cardinality = "single"
    map_key: str | None = None
    oneof: str | None = None
    number: int = 0

    @property
    def has_presence(self) -> bool:
        """Whether the field distinguishes its zero value from absence. Such a field is printed even if it is zero."""
        if self.cardinality == "single":
            return self.kind == "message" or self.oneof is not None
        return self.cardinality == "optional"


@dataclass(frozen=True)
class MessageDescriptor:
    """A message: its full name, and its fields in the order of the proto file."""

    name: str
    fields: tuple[FieldDescriptor, ...]

    def field(self, name: str) -> FieldDescriptor | None:
        """The field with this name, in its proto or its JSON spelling."""
        return self._by_name.get(name)

    def oneof(self, name: str) -> tuple[FieldDescriptor, ...]:
        """The fields of a oneof. At most one of them is set."""
        return tuple(field for field in self.fields if field.oneof == name)

    @cached_property
    def _by_name(self) -> Mapping[str, FieldDescriptor]:
        return {field.json_name: field for field in self.fields} | {field.name: field for field in self.fields}


class Table(msgspec.Struct, frozen=True):
    """The data file: the lines of all messages and enums, by full name."""

    messages: dict[str, str]
    enums: dict[str, str]


@cache
def descriptor(name: str) -> MessageDescriptor | None:
    """The message with this full name, or with a type URL that ends in it. None if Envoy has no such message."""
    full_name = name.rpartition("/")[2]
    line = _table().messages.get(full_name)
    return None if line is None else parsed_message(full_name, line)


@cache
def enum_values(name: str) -> Mapping[str, int] | None:
    """The numbers of an enum by value name, the zero value first. None if Envoy has no such enum."""
    line = _table().enums.get(name)
    return None if line is None else parsed_enum(line)


def message_names() -> Iterable[str]:
    """The full names of all messages, sorted."""
    return _table().messages.keys()


@cache
def _table() -> Table:
    return msgspec.json.decode(files(__package__).joinpath(_TABLE).read_bytes(), type=Table)


def parsed_message(name: str, line: str) -> MessageDescriptor:
    """The message that a line describes."""
    fields: list[FieldDescriptor] = []
    following = 1
    for word in line.split():
        fields.append(_parsed_field(word, following))
        following = fields[-1].number + 1
    return MessageDescriptor(name, tuple(fields))


def message_line(message: MessageDescriptor) -> str:
    """The line that describes a message."""
    followings = (1, *(field.number + 1 for field in message.fields))
    return " ".join(map(_field_word, message.fields, followings))


def parsed_enum(line: str) -> Mapping[str, int]:
    """The enum that a line describes: value names, each with its number unless that is the previous number plus one."""
    values: dict[str, int] = {}
    following = 0
    for word in line.split():
        name, _, number = word.partition("=")
        values[name] = int(number or following)
        following = values[name] + 1
    return values


def enum_line(values: Mapping[str, int]) -> str:
    """The line that describes an enum."""
    words, following = [], 0
    for name, number in values.items():
        words.append(name if number == following else f"{name}={number}")
        following = number + 1
    return " ".join(words)


def _parsed_field(word: str, following: int) -> FieldDescriptor:
    head, _, rest = word.partition(":")
    names, _, number = head.partition("#")
    name, _, json_name = names.partition("=")
    shape, _, oneof = rest.partition("|")
    cardinality, map_key, element = _parsed_cardinality(shape)
    return FieldDescriptor(
        name=name,
        json_name=json_name or lower_camel(name),
        kind=_KIND_OF_PREFIX.get(element[0], "scalar"),
        type=element.lstrip("@."),
        cardinality=cardinality,
        map_key=map_key,
        oneof=oneof or None,
        number=int(number or following),
    )


def _parsed_cardinality(shape: str) -> tuple[Cardinality, str | None, str]:
    match shape[0]:
        case "[":
            return "repeated", None, shape[2:]
        case "?":
            return "optional", None, shape[1:]
        case "{":
            key, _, element = shape[1:].partition("}")
            return "map", key, element
        case _:
            return "single", None, shape


def _field_word(field: FieldDescriptor, following: int) -> str:
    names = field.name if field.json_name == lower_camel(field.name) else f"{field.name}={field.json_name}"
    prefix = {"single": "", "optional": "?", "repeated": "[]", "map": f"{{{field.map_key}}}"}[field.cardinality]
    oneof = f"|{field.oneof}" if field.oneof else ""
    number = "" if field.number == following else f"#{field.number}"
    return f"{names}{number}:{prefix}{_PREFIX_OF_KIND[field.kind]}{field.type}{oneof}"


def lower_camel(name: str) -> str:
    """The JSON name of a field in protobuf: without underscores, and with the letter after each in upper case."""
    head, *tail = name.split("_")
    return head + "".join(word[:1].upper() + word[1:] for word in tail)
