"""Addresses in messages: IP addresses as bytes in base64, and the addresses of waypoints."""

from base64 import b64decode, b64encode
from ipaddress import ip_address

from meshcompile.envoy.workload import GatewayAddress, NamespacedHostname, NetworkAddress, WeightedWaypoint
from meshcompile.snapshot.ambient.addresses import HostnameAddress, WaypointAddress
from meshcompile.snapshot.ambient.addresses import NetworkAddress as KnownAddress
from meshcompile.snapshot.ambient.attachment import WaypointAttachment
from meshcompile.snapshot.ambient.waypoints import HBONE_PORT


def packed_ip(text: str) -> str:
    """The bytes of an IP address, in base64."""
    return b64encode(ip_address(text).packed).decode()


def unpacked_ip(packed: str) -> str:
    """The IP address with these bytes."""
    return str(ip_address(b64decode(packed)))


def network_address(address: KnownAddress, length: int | None = None) -> NetworkAddress:
    """An IP address, or the range of this length that begins with it."""
    return NetworkAddress(network=address.network, address=packed_ip(address.ip), length=length)


def gateway_address(address: WaypointAddress, port: int) -> GatewayAddress:
    """A waypoint or gateway, by its host or its address."""
    match address:
        case HostnameAddress(namespace=namespace, hostname=hostname):
            name = NamespacedHostname(namespace=namespace, hostname=hostname)
            return GatewayAddress(hostname=name, hbone_mtls_port=port)
        case KnownAddress():
            return GatewayAddress(address=network_address(address), hbone_mtls_port=port)


def waypoint_address(attachment: WaypointAttachment) -> GatewayAddress | None:
    """The waypoint that a service or workload uses."""
    waypoint = attachment.waypoint
    return None if waypoint is None or waypoint.address is None else gateway_address(waypoint.address, HBONE_PORT)


def weighted_waypoints(attachment: WaypointAttachment) -> tuple[WeightedWaypoint, ...]:
    """The two waypoints of a service with a canary, and their shares; none for other services."""
    waypoint, canary, share = attachment.waypoint, attachment.canary, attachment.canary_weight
    if waypoint is None or canary is None:
        return ()
    return tuple(
        WeightedWaypoint(
            destination=None if each.address is None else gateway_address(each.address, HBONE_PORT), weight=weight
        )
        for each, weight in ((waypoint, 100 - share), (canary, share))
    )
