"""Addresses for what is assumed: out of 198.18.0.0/15, the range set aside for benchmarks (RFC 2544), which no cluster
uses. Pods get the lower half of it, Services the upper.
"""

from collections.abc import Iterable
from hashlib import sha256
from ipaddress import IPv4Address, IPv4Network

POD_RANGE = IPv4Network("198.18.0.0/16")
SERVICE_RANGE = IPv4Network("198.19.0.0/16")


class AddressPool:
    """A range that hands out its addresses by name.

    The same name gets the same address in every run. When two names fall on one address, the later one gets the next
    that is free: ask in a fixed order.
    """

    def __init__(self, network: IPv4Network, taken: Iterable[str] = ()) -> None:
        self._first = int(network.network_address) + 1
        self._size = network.num_addresses - 2
        self._taken = set(taken)

    def address(self, *name: str) -> str | None:
        """The address for a name; None when all are taken."""
        start = int.from_bytes(sha256("/".join(name).encode()).digest()[:8])
        candidates = (str(IPv4Address(self._first + (start + step) % self._size)) for step in range(self._size))
        found = next((candidate for candidate in candidates if candidate not in self._taken), None)
        if found is not None:
            self._taken.add(found)
        return found
