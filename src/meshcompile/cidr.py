"""Ranges of IP addresses, as they are written. Follows istiod's `util.AddrStrToCidrRange`."""

from dataclasses import dataclass
from ipaddress import ip_address, ip_network


@dataclass(frozen=True, slots=True)
class Range:
    """Addresses in CIDR form; the address keeps its host bits."""

    address: str
    prefix_length: int


def cidr_range(text: str) -> Range | None:
    """The range that an address or `address/length` means; None when it is neither."""
    address, slash, length = text.partition("/")
    try:
        ip = ip_address(address)
        network = ip_network(text, strict=False)
    except ValueError:
        return None
    return Range(str(ip), int(length) if slash else network.prefixlen)
