"""The endpoints that accept HBONE tunnels, and the waypoints in front of services.

Follows istiod's `supportTunnel`, `AllInstancesSupportHBONE` and `findServiceWaypoint`.
"""

from msgspec import Struct

from meshcompile.resolve.scope.clients import ClientKey
from meshcompile.snapshot.ambient.index import AmbientIndex
from meshcompile.snapshot.service import UNSPECIFIED_ADDRESS, Endpoint, Service
from meshcompile.snapshot.services import ServiceIndex
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.values.labels import declares_tunnel

MANAGED_BY = "gateway.istio.io/managed"
WAYPOINT_CONTROLLER = "istio.io-mesh-controller"


def takes_tunnels(index: AmbientIndex, endpoint: Endpoint) -> bool:
    """True for a workload that says that it accepts tunnels, and for one in ambient mode at any of the addresses."""
    if declares_tunnel(endpoint.labels):
        return True
    if not index.workloads:
        return False  # most meshes are not ambient
    return any(index.accepts_hbone(endpoint.workload.network, address) for address in endpoint.addresses)


def is_waypoint(endpoint: Endpoint) -> bool:
    """True for a waypoint that istiod manages. Waypoints always accept tunnels."""
    return endpoint.labels.get(MANAGED_BY) == WAYPOINT_CONTROLLER


class IngressWaypoints(Struct, frozen=True, eq=False):
    """The waypoints that gateways send requests to. A Service asks for it with `istio.io/ingress-use-waypoint`."""

    ambient: AmbientIndex
    services: ServiceIndex

    def host(self, service: Service, client: ClientKey) -> str | None:
        """The host of the waypoint; None if the client sends requests to the endpoints of the service.

        Waypoints know services by their addresses, so a service needs one. For istiod, `0.0.0.0` of a headless Service
        is one, too.
        """
        key = (service.namespace, service.hostname)
        if not client.is_router or not self.ambient.ingress_uses_waypoint(*key) or not _has_address(service, client):
            return None
        return self.ambient.waypoint_host(*key)

    def weighted(self, service: Service) -> tuple[tuple[str, int], ...]:
        """The hosts and weights of two waypoints; none if there is one."""
        return self.ambient.weighted_waypoints(service.namespace, service.hostname)

    def service(self, host: str) -> Service | None:
        """The service of a waypoint; None if it does not exist."""
        return next(iter(self.services.by_hostname.get(host, {}).values()), None)


def ingress_waypoints(snapshot: Snapshot) -> IngressWaypoints:
    """The waypoints of a mesh."""
    return IngressWaypoints(snapshot.ambient_index, snapshot.services)


def virtual_address(service: Service, cluster: str) -> str:
    """The address by which the waypoints of a cluster know a service."""
    return (service.addresses.get(cluster) or (service.address,))[0]


def _has_address(service: Service, client: ClientKey) -> bool:
    written = service.addresses.get(client.cluster) or service.address != UNSPECIFIED_ADDRESS
    return bool(written or service.auto_ipv4 or service.auto_ipv6)
