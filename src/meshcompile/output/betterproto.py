"""Messages as classes of envoy-data-plane (betterproto2), for programs that use them.

betterproto reads the binary format. Its own `from_dict` does not find fields such as `consecutive_5xx`, and recognizes
a packed message only if its module has been imported.
"""

from dataclasses import fields
from functools import cache
from importlib import import_module
from typing import Any

from envoy_data_plane.message_pool import default_message_pool

from meshcompile.envoy.message import TYPE_URL
from meshcompile.envoy.wire import encode
from meshcompile.output.interop import ByKind, PackageResources, lacking, package_of
from meshcompile.output.xds_types import TYPES


class BetterprotoResources(PackageResources):
    """The resources of one proxy as messages of envoy-data-plane."""

    __slots__ = ()


def betterproto_resources(resources: ByKind) -> BetterprotoResources:
    """The messages of resources, by kind."""
    messages = {
        kind: tuple(message_class(name).parse(encode(name, message)) for message in resources[kind])
        for kind, name in TYPES.items()
    }
    return BetterprotoResources(**messages, lacking=lacking(resources, field_numbers))


@cache
def field_numbers(name: str) -> frozenset[int] | None:
    """The numbers of the fields of a message; None if envoy-data-plane does not have it."""
    cls = message_class(name)
    if cls is None:
        return None
    return frozenset(field.metadata["betterproto"].number for field in fields(cls) if "betterproto" in field.metadata)


@cache
def message_class(name: str) -> Any:
    """The class of a message; None if envoy-data-plane has none."""
    try:
        import_module(f"envoy_data_plane.{package_of(name)}")
    except ModuleNotFoundError:
        return None
    return default_message_pool.url_to_type.get(TYPE_URL + name)
