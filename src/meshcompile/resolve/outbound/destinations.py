"""The clusters that the destinations of rules refer to. Follows istiod's `route.GetDestinationCluster`."""

from collections.abc import Container

from meshcompile.models.networking.sidecar import OutboundTrafficPolicy, OutboundTrafficPolicyMode
from meshcompile.models.networking.virtual_service import Destination
from meshcompile.snapshot.service import Service
from meshcompile.values.names import PASSTHROUGH_CLUSTER, ClusterName, Direction


def destination_cluster(destination: Destination, service: Service | None, port: int) -> ClusterName:
    """The cluster of a destination. `service` is its service if known, `port` the port of the listener.

    A destination without a port uses the only port of the service, or the port of the listener. Nothing checks that the
    cluster exists: traffic to a missing cluster fails. The target of an alias replaces the alias.
    """
    only = service.ports[0].number if service is not None and len(service.ports) == 1 else port
    return destination_cluster_on(destination, service, only)


def destination_cluster_on(destination: Destination, service: Service | None, port: int) -> ClusterName:
    """The cluster of a destination in the routes of a sidecar's port, where every service has this one port."""
    host = service.external_name if service is not None and service.external_name else destination.host
    number = port if destination.port is None else destination.port.number
    return ClusterName(Direction.OUTBOUND, number, destination.subset, host)


def cluster_at_waypoint(
    destination: Destination, service: Service | None, port: int, behind: Container[str]
) -> ClusterName:
    """The cluster of a destination at a waypoint: its own one for a service `behind` it and for an unknown service.

    Follows istiod's `getWaypointDestinationCluster`.
    """
    only = service.ports[0].number if service is not None and len(service.ports) == 1 else port
    number = only if destination.port is None else destination.port.number
    if service is not None and service.hostname not in behind:
        return ClusterName(Direction.OUTBOUND, number, destination.subset, destination.host)
    declared = None if service is None else service.port(number)
    kind = "http" if declared is None or declared.protocol.is_http_or_sniffed else "tcp"
    subset = f"{kind}/{destination.subset}" if destination.subset else kind
    return ClusterName(Direction.INBOUND_VIP, number, subset, destination.host)


def unknown_destination(policy: OutboundTrafficPolicy | None) -> str | None:
    """The cluster for traffic to unknown hosts and addresses; None when the proxy refuses such traffic."""
    if policy is None or policy.mode is not OutboundTrafficPolicyMode.ALLOW_ANY:
        return None
    if policy.egress_proxy is None:
        return PASSTHROUGH_CLUSTER
    return str(destination_cluster_on(policy.egress_proxy, None, 0))
