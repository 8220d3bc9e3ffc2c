"""Addresses for assumed objects, from 198.18.0.0/15. This range is reserved for benchmarks (RFC 2544), and no
cluster uses it. Pods get the lower half and Services the upper half.
"""

from collections.abc import Iterable
from hashlib import sha256
from ipaddress import IPv4Address, IPv4Network

POD_RANGE = IPv4Network("198.18.0.0/16")
SERVICE_RANGE = IPv4Network("198.19.0.0/16")


class AddressPool:
    """A range that assigns addresses by name.

    The same name gets the same address in every run. If two names hash to one address, the later one gets the next free
    address, so callers must ask in a fixed order.
    """

    def __init__(self, network: IPv4Network, taken: Iterable[str] = ()) -> None:
        self._first = int(network.network_address) + 1
        self._size = network.num_addresses - 2
        self._taken = set(taken)

    def address(self, *name: str) -> str | None:
        """The address for a name; None when the range is exhausted."""
        start = int.from_bytes(sha256("/".join(name).encode()).digest()[:8])
        candidates = (str(IPv4Address(self._first + (start + step) % self._size)) for step in range(self._size))
        free = next((candidate for candidate in candidates if candidate not in self._taken), None)
        if free is not None:
            self._taken.add(free)
        return free
