"""What the message classes of other packages have in common: the types of the resources, and what a package lacks.

Both packages read the bytes of `meshcompile.envoy.wire`. They keep fields that they do not know as bytes, and a message
in an Any is bytes anyway, so nothing is lost if a package is older than the Envoy that istiod configures.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import msgspec

from meshcompile.envoy import message as json_form
from meshcompile.envoy.descriptors import FieldDescriptor, descriptor
from meshcompile.envoy.message import EncodedMessage, Message
from meshcompile.envoy.reading import GOOGLE, SPECIAL
from meshcompile.output.xds_types import TYPES

ByKind: TypeAlias = Mapping[str, Sequence[Message | EncodedMessage]]
FieldNumbers: TypeAlias = Callable[[str], frozenset[int] | None]
"""The numbers of the fields that a package has for a message; None if it does not have the message."""


@dataclass(frozen=True, slots=True)
class PackageResources:
    """The resources of one proxy as messages of another package, sorted by name.

    `lacking` names the messages and fields that the package does not have: `stats.PluginConfig`. They are part of the
    messages as bytes.
    """

    listeners: tuple[Any, ...]
    routes: tuple[Any, ...]
    clusters: tuple[Any, ...]
    endpoints: tuple[Any, ...]
    extensions: tuple[Any, ...]
    lacking: tuple[str, ...] = ()


def package_of(name: str) -> str:
    """The protobuf package of a message. Names of messages begin with a capital letter."""
    return ".".join(part for part in name.split(".") if not part[:1].isupper())


def lacking(resources: ByKind, known: FieldNumbers) -> tuple[str, ...]:
    """The messages and fields in resources that a package does not have, sorted: `stats.PluginConfig`."""
    found: set[str] = set()
    for kind, messages in resources.items():
        for message in messages:
            found.update(_lacking(TYPES[kind], msgspec.json.decode(json_form.encode(message)), known))
    return tuple(sorted(found))


def _lacking(name: str, data: Any, known: FieldNumbers) -> Iterator[str]:
    """What a package lacks of one message and the messages in it."""
    if name == f"{GOOGLE}Any":
        yield from _lacking(str(data.get("@type", "")).rpartition("/")[2], data, known)
        return
    message, numbers = descriptor(name), known(name)
    if message is None or name in SPECIAL:
        return
    if numbers is None:
        yield name
        return
    for key, value in data.items():
        field = message.field(key)
        if field is None:
            continue
        if field.number not in numbers:
            yield f"{name}.{field.name}"
        elif field.kind == "message":
            for item in _items(field, value):
                yield from _lacking(field.type, item, known)


def _items(field: FieldDescriptor, value: Any) -> Iterable[Any]:
    """All values of a field."""
    match field.cardinality:
        case "repeated":
            items: Iterable[Any] = value
            return items
        case "map":
            return value.values()  # type: ignore[no-any-return]  # JSON
        case _:
            return (value,)
