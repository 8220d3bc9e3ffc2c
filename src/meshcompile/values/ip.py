"""IP addresses and CIDR ranges in text form."""

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

from msgspec import Struct

HIGHEST_PORT = 65535

# A prefix length has no sign and no leading zeros.
_LENGTH = re.compile(r"0|[1-9][0-9]{0,2}")


@lru_cache(maxsize=65536)
def is_ip(text: str) -> bool:
    """True for an IP address of either version."""
    if not (text[-1:].isdigit() or ":" in text):
        return False  # a fast path for most names
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def host_and_port(text: str) -> tuple[str, int] | None:
    """Host and port of `HOST:PORT`, in which an IPv6 address is in brackets; None for other texts."""
    host, _, port = text.rpartition(":")
    if not host or not port.isascii() or not port.isdecimal() or int(port) > HIGHEST_PORT:
        return None
    return host.strip("[]"), int(port)


class Range(Struct, frozen=True):
    """A CIDR range. Its address keeps the host bits."""

    address: str
    prefix_length: int

    @property
    def place(self) -> tuple[int, int, int]:
        """The sort key of ranges: IPv4 first, then by address and length."""
        ip = ip_address(self.address)
        return (ip.version, int(ip), self.prefix_length)


def cidr_range(text: str) -> Range | None:
    """The range of an address or `address/length`, as istiod's `util.AddrStrToCidrRange` reads it; None for other
    texts.
    """
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
    """The address as Go writes it. An IPv4-mapped IPv6 address keeps its dotted form."""
    mapped = ip.ipv4_mapped if isinstance(ip, IPv6Address) else None
    return str(ip) if mapped is None else f"::ffff:{mapped}"
