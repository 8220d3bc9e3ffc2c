"""Addresses in the ambient mesh. The same IP address may exist in several networks."""

from ipaddress import ip_address, ip_interface

from msgspec import Struct


class NetworkAddress(Struct, frozen=True):
    """An IP address in a network."""

    network: str
    ip: str


class HostnameAddress(Struct, frozen=True):
    """A host name in a namespace."""

    namespace: str
    hostname: str


WaypointAddress = HostnameAddress | NetworkAddress
"""How clients find a waypoint."""


def ip_text(text: str) -> str | None:
    """An IP address in its usual form; None for another text."""
    try:
        return str(ip_address(text))
    except ValueError:
        return None


def ip_or_first_of_range(text: str) -> str | None:
    """An IP address, or the first one of a CIDR range, in its usual form; None for another text."""
    try:
        return str(ip_interface(text).network.network_address)
    except ValueError:
        return None
