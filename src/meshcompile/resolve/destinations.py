"""Destinations of rules as the clusters they mean: istiod's `route.GetDestinationCluster`."""

from meshcompile.models.networking.sidecar import OutboundTrafficPolicy, OutboundTrafficPolicyMode
from meshcompile.models.networking.virtual_service import Destination
from meshcompile.names import PASSTHROUGH_CLUSTER, ClusterName, Direction
from meshcompile.snapshot.service import Service


def destination_cluster(destination: Destination, service: Service | None, port: int) -> ClusterName:
    """The cluster of a destination; `service` is its service if known, `port` that of the listener.

    Without a port of its own it is the service's only port, else the listener's. Nobody checks that the cluster is
    there: traffic to one that is not fails. A service that is an alias is replaced by what it stands for.
    """
    only = service.ports[0].number if service is not None and len(service.ports) == 1 else port
    return destination_cluster_on(destination, service, only)


def destination_cluster_on(destination: Destination, service: Service | None, port: int) -> ClusterName:
    """The same, where every service is known by this one port: in the routes of a sidecar's port."""
    host = service.external_name if service is not None and service.external_name else destination.host
    number = port if destination.port is None else destination.port.number
    return ClusterName(Direction.OUTBOUND, number, destination.subset, host)


def unknown_destination(policy: OutboundTrafficPolicy | None) -> str | None:
    """The cluster for traffic to hosts and addresses that no service has; None where such traffic is refused."""
    if policy is None or policy.mode is not OutboundTrafficPolicyMode.ALLOW_ANY:
        return None
    if policy.egress_proxy is None:
        return PASSTHROUGH_CLUSTER
    return str(destination_cluster_on(policy.egress_proxy, None, 0))
