"""The listener of a connection."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from meshcompile.envoy.config.core import Address, SocketAddress
from meshcompile.envoy.config.listener import Listener
from meshcompile.simulate.requests import Capture, DownstreamConnection

VIRTUAL = {Capture.OUTBOUND: "virtualOutbound", Capture.INBOUND: "virtualInbound"}
ANY = ("0.0.0.0", "::")


@dataclass(frozen=True)
class ListenerIndex:
    """The listeners of a proxy by address and name."""

    listeners: Sequence[Listener]

    @cached_property
    def _by_address(self) -> Mapping[tuple[str, int], int]:
        found: dict[tuple[str, int], int] = {}
        for index, listener in enumerate(self.listeners):
            for address in _addresses(listener):
                found.setdefault(address, index)
        return found

    @cached_property
    def _by_name(self) -> Mapping[str, int]:
        return {listener.name: index for index, listener in reversed(list(enumerate(self.listeners)))}

    def find(self, connection: DownstreamConnection) -> int | None:
        """The index of the listener that handles a connection; None if nothing listens there.

        A listener with `use_original_dst` hands the connection over to the one at its original destination: the exact
        address, else any address with the port. If there is none, it handles the connection itself.
        """
        if connection.listener:
            return self._by_name.get(connection.listener)
        if connection.capture is Capture.NONE:
            return self._at(connection, bound=True)
        index = self._by_name.get(VIRTUAL[connection.capture])
        if index is None or not self.listeners[index].use_original_dst:
            return index
        other = self._at(connection, bound=False)
        return index if other is None else other

    def _at(self, connection: DownstreamConnection, *, bound: bool) -> int | None:
        any_address = ANY[":" in connection.destination]
        for host in (connection.destination, any_address):
            index = self._by_address.get((host, connection.port))
            if index is not None and (not bound or self.listeners[index].bind_to_port is not False):
                return index
        return None


def _addresses(listener: Listener) -> Iterator[tuple[str, int]]:
    for address in (listener.address, *(each.address for each in listener.additional_addresses)):
        match address:
            case Address(socket_address=SocketAddress(protocol="TCP", address=host, port_value=port) as socket):
                yield host, port or 0
                if host == "::" and socket.ipv4_compat:
                    yield "0.0.0.0", port or 0
            case _:
                pass
