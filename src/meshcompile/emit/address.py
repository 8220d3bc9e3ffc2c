"""Addresses of listeners. Follows istiod's `util.BuildAddress`."""

from collections.abc import Iterable

from meshcompile.envoy.config.core import Address, EnvoyInternalAddress, Pipe, SocketAddress
from meshcompile.envoy.config.listener import AdditionalAddress
from meshcompile.values.hosts import UNIX_PREFIX


def address(bind: str, port: int) -> Address:
    """An IP address and port, or a unix socket when the port is 0."""
    if port == 0:
        return Address(pipe=Pipe(path=bind.removeprefix(UNIX_PREFIX)))
    return Address(socket_address=SocketAddress(address=bind, port_value=port))


def internal_address(listener: str, endpoint_id: str = "") -> Address:
    """An internal listener of the same proxy. Endpoints with different IDs are different endpoints."""
    internal = EnvoyInternalAddress(server_listener_name=listener, endpoint_id=endpoint_id)
    return Address(envoy_internal_address=internal)


def additional_addresses(binds: Iterable[str], port: int) -> tuple[AdditionalAddress, ...]:
    """Further addresses of the same listener."""
    return tuple(AdditionalAddress(address=address(bind, port)) for bind in binds if bind)
