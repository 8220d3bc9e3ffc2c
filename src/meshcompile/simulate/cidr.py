"""Address ranges of Envoy's messages."""

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Protocol


class AddressRange(Protocol):
    """A CidrRange of Envoy or of xDS."""

    @property
    def address_prefix(self) -> str: ...

    @property
    def prefix_len(self) -> int | None: ...


def network(cidr: AddressRange) -> IPv4Network | IPv6Network:
    """The range as a network."""
    return ip_network(f"{cidr.address_prefix}/{cidr.prefix_len or 0}", strict=False)


def contains(cidr: AddressRange, address: str) -> bool:
    """Whether the address is in the range."""
    return bool(address) and ip_address(address) in network(cidr)


def longest_match(cidrs: Iterable[AddressRange], address: str) -> int | None:
    """The length of the longest range with the address; None if none has it."""
    return max((network(cidr).prefixlen for cidr in cidrs if contains(cidr, address)), default=None)
