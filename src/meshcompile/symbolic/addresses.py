"""Addresses as integers: those of IPv4, followed by those of IPv6."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from meshcompile.simulate.cidr import AddressRange
from meshcompile.spaces import Ranges, ranges

IPV6 = 2**32
END = IPV6 + 2**128


def addresses(cidr: AddressRange) -> Ranges:
    """The addresses of a range."""
    network = ip_network(f"{cidr.address_prefix}/{cidr.prefix_len or 0}", strict=False)
    first = number(str(network.network_address))
    return ranges([(first, first + network.num_addresses)], END)


def number(address: str) -> int:
    """The number of an address."""
    parsed = ip_address(address)
    return int(parsed) + (IPV6 if isinstance(parsed, IPv6Address) else 0)


def address(number: int) -> str:
    """The address with a number."""
    return str(IPv4Address(number) if number < IPV6 else IPv6Address(number - IPV6))
