"""Listeners of a proxy."""

from meshcompile.emit.listeners.gateway import gateway_listener
from meshcompile.emit.listeners.sidecar import listener
from meshcompile.emit.listeners.tunnels import tunnel_listener
from meshcompile.emit.listeners.waypoint import main_internal
from meshcompile.envoy.config.listener import Listener
from meshcompile.resolve.listeners.proxy_listeners import Listeners


def listeners(resolved: Listeners) -> tuple[Listener, ...]:
    """Every listener of a proxy, sorted by name."""
    messages = (
        *map(listener, resolved.sidecar),
        *map(gateway_listener, resolved.gateway),
        *map(tunnel_listener, resolved.tunnels),
        *map(main_internal, resolved.waypoint),
    )
    return tuple(sorted(messages, key=lambda message: message.name))
