"""Listeners, from their pieces."""

from collections.abc import Iterable

from meshcompile.envoy.config.listener import Listener
from meshcompile.resolve.listeners import Listeners


def listeners(pieces: Listeners) -> tuple[Listener, ...]:
    """Every listener of a proxy, sorted by name."""
    return ()


def route_names(listeners: Iterable[Listener]) -> tuple[str, ...]:
    """The route configurations that the listeners ask for over RDS, sorted, each once."""
    return ()
