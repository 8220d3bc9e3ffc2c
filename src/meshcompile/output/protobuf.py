"""Messages as classes of the protobuf runtime, from the package xds-protos."""

from collections.abc import Sequence
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from google.protobuf.descriptor_pool import Default
from google.protobuf.message_factory import GetMessageClass

from meshcompile.envoy.message import EncodedMessage, Message
from meshcompile.envoy.wire import encode
from meshcompile.output.interop import ByKind, PackageResources, lacking, package_of
from meshcompile.output.xds_types import TYPES


class ProtobufResources(PackageResources):
    """The resources of one proxy as messages of the protobuf runtime, from xds-protos."""

    __slots__ = ()


def protobuf_resources(resources: ByKind) -> ProtobufResources:
    """The messages of resources, by kind. The classes of the messages in their Anys are imported, too."""
    messages = {kind: _messages(name, resources[kind]) for kind, name in TYPES.items()}
    return ProtobufResources(**messages, lacking=lacking(resources, field_numbers))


def _messages(name: str, messages: Sequence[Message | EncodedMessage]) -> tuple[Any, ...]:
    cls = GetMessageClass(_descriptor(name))
    return tuple(cls.FromString(encode(name, message)) for message in messages)


@cache
def field_numbers(name: str) -> frozenset[int] | None:
    """The numbers of the fields of a message; None if xds-protos does not have it."""
    found = _descriptor(name)
    return None if found is None else frozenset(found.fields_by_number)


def _descriptor(name: str) -> Any:
    """The descriptor of a message, after its package has been imported; None if xds-protos does not have it."""
    _import(package_of(name))
    try:
        return Default().FindMessageTypeByName(name)
    except KeyError:
        return None


@cache
def _import(package: str) -> None:
    """Import the modules of a protobuf package, which makes its messages known."""
    try:
        folder = import_module(package)
    except ModuleNotFoundError:
        return
    for module in iter_modules(folder.__path__):
        if module.name.endswith("_pb2"):
            import_module(f"{package}.{module.name}")
