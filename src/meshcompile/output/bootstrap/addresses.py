"""Addresses that replace others: `--endpoint-map` and `--listen-map`."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from meshcompile.envoy.config.core import SocketAddress
from meshcompile.errors import InvalidArgument
from meshcompile.values.ip import host_and_port, is_ip


@dataclass(frozen=True, slots=True)
class AddressMap:
    """Addresses by the ones that they replace.

    The keys are `ADDRESS:PORT`, `ADDRESS` for all of its ports, or a name. The values are `ADDRESS:PORT`, or an IP
    address alone, which keeps the port. An IPv6 address with a port is in brackets.
    """

    entries: Mapping[str, str] = field(default_factory=dict)

    def checked(self, what: str) -> "AddressMap":
        """This map. Raises InvalidArgument if a value is no address."""
        for target in self.entries.values():
            if _socket_address(target, 0) is None:
                raise InvalidArgument(
                    f"{what} can only be moved to ADDRESS:PORT or to an IP address, not to {target!r}"
                )
        return self

    def __bool__(self) -> bool:
        return bool(self.entries)

    def moved(self, address: str, port: int, name: str = "") -> SocketAddress | None:
        """What replaces a port of an address, or the thing with this name; None if it stays."""
        keys = (name, f"{address}:{port}", f"[{address}]:{port}", address)
        target = next((self.entries[key] for key in keys if key and key in self.entries), None)
        return None if target is None else _socket_address(target, port)


def _socket_address(target: str, port: int) -> SocketAddress | None:
    """The address of a target, which may keep the port; None if it is no address."""
    if is_ip(target.strip("[]")):
        return SocketAddress(address=target.strip("[]"), port_value=port)
    found = host_and_port(target)
    return None if found is None else SocketAddress(address=found[0], port_value=found[1])
