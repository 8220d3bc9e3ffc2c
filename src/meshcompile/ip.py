"""IP addresses and ranges of them, as they are written."""

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

from msgspec import Struct

# A length has no sign and no leading zeros.
_LENGTH = re.compile(r"0|[1-9][0-9]{0,2}")


@lru_cache(maxsize=65536)
def is_ip(text: str) -> bool:
    """True for an IP address of either version."""
    if not (text[-1:].isdigit() or ":" in text):
        return False  # what most names are, at a fraction of the cost
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


class Range(Struct, frozen=True):
    """Addresses in CIDR form; the address keeps its host bits."""

    address: str
    prefix_length: int

    @property
    def place(self) -> tuple[int, int, int]:
        """Orders ranges: IPv4 first, then by address and length."""
        ip = ip_address(self.address)
        return (ip.version, int(ip), self.prefix_length)


def cidr_range(text: str) -> Range | None:
    """The range that an address or `address/length` means to istiod's `util.AddrStrToCidrRange`; None for others."""
    address, slash, length = text.partition("/")
    try:
        ip = ip_address(address)
    except ValueError:
        return None
    if not slash:
        return Range(_text(ip), ip.max_prefixlen)
    if "%" in address or not _LENGTH.fullmatch(length) or int(length) > ip.max_prefixlen:
        return None
    return Range(_text(ip), int(length))


def _text(ip: IPv4Address | IPv6Address) -> str:
    """The address as Go writes it: what is an IPv4 address in IPv6's clothes keeps its dots."""
    mapped = ip.ipv4_mapped if isinstance(ip, IPv6Address) else None
    return str(ip) if mapped is None else f"::ffff:{mapped}"
