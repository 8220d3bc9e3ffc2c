"""The names that listeners, including patched ones, request: routes over RDS, extensions over ECDS."""

from collections.abc import Iterable, Iterator

from meshcompile.envoy.config.core import ExtensionConfigSource
from meshcompile.envoy.config.listener import Filter, Listener
from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpConnectionManager
from meshcompile.envoy.traversal import filter_chains


def route_names(listeners: Iterable[Listener]) -> tuple[str, ...]:
    """The route configurations that the listeners request: sorted, without duplicates."""
    configs = (network_filter.typed_config for listener in listeners for network_filter in _filters(listener))
    sources = (config.rds for config in configs if isinstance(config, HttpConnectionManager))
    return tuple(sorted({rds.route_config_name for rds in sources if rds is not None}))


def discovered_names(listeners: Iterable[Listener]) -> tuple[str, ...]:
    """The extension configurations that filters discover: sorted, without duplicates."""
    return tuple(sorted({name for listener in listeners for name in _discovered(listener)}))


def _filters(listener: Listener) -> Iterator[Filter]:
    for chain in filter_chains(listener):
        yield from chain.filters


def _discovered(listener: Listener) -> Iterator[str]:
    for network_filter in _filters(listener):
        yield from _name_of(network_filter.name, network_filter.config_discovery)
        if isinstance(network_filter.typed_config, HttpConnectionManager):
            for http_filter in network_filter.typed_config.http_filters:
                yield from _name_of(http_filter.name, http_filter.config_discovery)


def _name_of(name: str, discovery: ExtensionConfigSource | None) -> Iterator[str]:
    if discovery is not None:
        yield name
