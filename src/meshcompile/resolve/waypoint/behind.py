"""What a waypoint stands before. Follows istiod's `findWaypointResources` and `waypointKeyForProxy`."""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from meshcompile.documents import Origin
from meshcompile.proxy import Proxy
from meshcompile.resolve.inbound.service_targets import ServiceTarget
from meshcompile.snapshot.ambient.index import WaypointKey
from meshcompile.snapshot.service import UNSPECIFIED_ADDRESS, Resolution, Service
from meshcompile.snapshot.snapshot import Snapshot


class BehindWaypoint(Struct, frozen=True):
    """The services behind a waypoint, oldest first, and the IP addresses of each workload behind it.

    `gateways` are the places of its Gateway.
    """

    services: tuple[Service, ...] = ()
    workloads: tuple[tuple[str, ...], ...] = ()
    gateways: tuple[Origin, ...] = ()

    @property
    def hosts(self) -> frozenset[str]:
        """The hosts of the services."""
        return frozenset(service.hostname for service in self.services)


NOTHING_BEHIND = BehindWaypoint()


def behind_waypoint(snapshot: Snapshot, proxy: Proxy, targets: Iterable[ServiceTarget]) -> BehindWaypoint:
    """What a proxy stands before. `targets` are those of the proxy itself."""
    if not proxy.is_waypoint or not snapshot.ambient:
        return NOTHING_BEHIND
    key = _waypoint_key(proxy, targets)
    # One service for each host. Of several namespaces with the same host, istiod takes any.
    services = {service.hostname: service for service in _services(snapshot, key)}
    return BehindWaypoint(
        services=tuple(sorted(services.values(), key=lambda s: (s.creation_time, s.name, s.namespace))),
        workloads=tuple(workload.addresses for workload in snapshot.ambient_index.workloads_for(key)),
        gateways=snapshot.ambient_index.gateways_for(key),
    )


def _services(snapshot: Snapshot, key: WaypointKey) -> Iterator[Service]:
    for found in snapshot.ambient_index.services_for(key):
        namespace, hostname = found.key
        service = snapshot.services.by_hostname[hostname][namespace]
        if service.resolution is not Resolution.DYNAMIC_DNS or service.mesh_external:
            yield service


def _waypoint_key(proxy: Proxy, targets: Iterable[ServiceTarget]) -> WaypointKey:
    """How objects name a waypoint: by the hosts and addresses of the services that the proxy belongs to."""
    services = tuple(dict.fromkeys(target.service for target in targets))
    return WaypointKey(
        namespace=proxy.namespace,
        hostnames=tuple(service.hostname for service in services),
        network=proxy.node_metadata.network,
        addresses=tuple(address for service in services for address in _addresses(service, proxy.cluster)),
    )


def _addresses(service: Service, cluster: str) -> Iterator[str]:
    automatic = tuple(filter(None, (service.auto_ipv4, service.auto_ipv6)))
    yield from automatic or (each for each in service.addresses.get(cluster, ()) if each != UNSPECIFIED_ADDRESS)
