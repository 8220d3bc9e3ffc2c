"""Listeners, from their pieces."""

from collections.abc import Iterable

from meshcompile.emit.listeners.gateway import gateway_listener
from meshcompile.emit.listeners.sidecar import listener
from meshcompile.envoy.config.listener import Listener
from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpConnectionManager
from meshcompile.resolve.listeners import Listeners


def listeners(pieces: Listeners) -> tuple[Listener, ...]:
    """Every listener of a proxy, sorted by name."""
    made = (*map(listener, pieces.all), *map(gateway_listener, pieces.gateway))
    return tuple(sorted(made, key=lambda message: message.name))


def route_names(listeners: Iterable[Listener]) -> tuple[str, ...]:
    """The route configurations that the listeners ask for over RDS, sorted, each once."""
    return tuple(sorted({name for listener in listeners for name in _route_names(listener)}))


def _route_names(listener: Listener) -> Iterable[str]:
    default = () if listener.default_filter_chain is None else (listener.default_filter_chain,)
    for chain in (*listener.filter_chains, *default):
        for network_filter in chain.filters:
            manager = network_filter.typed_config
            if isinstance(manager, HttpConnectionManager) and manager.rds is not None:
                yield manager.rds.route_config_name
