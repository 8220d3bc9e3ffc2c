"""Filters in the lists of a patch that have a name and no configuration."""

from collections.abc import Iterator, Mapping
from typing import Any

from meshcompile.analyze.context import Context
from meshcompile.codes.envoy_filters import UNTYPED_FILTER
from meshcompile.diagnostics import Diagnostic
from meshcompile.models.networking.envoy_filter import EnvoyFilter, Operation

LISTS = frozenset({"listener_filters", "listenerFilters", "filters", "http_filters", "httpFilters"})
"""Fields of Envoy that hold filters."""
CONFIGURATIONS = frozenset({"typed_config", "typedConfig", "config_discovery", "configDiscovery"})
Path = tuple[str | int, ...]


def untyped_filters(context: Context) -> Iterator[Diagnostic]:
    """A finding for each filter without a configuration in a list of a patch's value."""
    for envoy_filter in context.resources.all(EnvoyFilter):
        for patch in (each.patch for each in envoy_filter.spec.config_patches):
            if patch is None or not patch.value or patch.operation is Operation.REMOVE:
                continue
            for path, name in _untyped(patch.value, ()):
                yield UNTYPED_FILTER(patch.at("value", *path), filter=name)


def _untyped(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """The paths and names of filters without a configuration, however deep they are."""
    match value:
        case Mapping():
            for key, below in value.items():
                if key in LISTS and isinstance(below, list | tuple):
                    yield from _in_list(below, (*path, key))
                yield from _untyped(below, (*path, key))
        case list() | tuple():
            for index, below in enumerate(value):
                yield from _untyped(below, (*path, index))
        case _:
            return


def _in_list(filters: list[Any] | tuple[Any, ...], path: Path) -> Iterator[tuple[Path, str]]:
    for index, item in enumerate(filters):
        if isinstance(item, Mapping) and "name" in item and CONFIGURATIONS.isdisjoint(item):
            yield (*path, index), str(item["name"])
