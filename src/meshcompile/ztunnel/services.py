"""Services of the workload API. Follows `constructService` and `constructServiceEntries` of istiod's `services.go`."""

from collections.abc import Iterator, Mapping
from ipaddress import ip_interface

from msgspec import Struct

from meshcompile.envoy.message import at
from meshcompile.envoy.workload import HealthPolicy, IpFamilies, LoadBalancing, LoadBalancingScope, Service
from meshcompile.models.kubernetes.service import Service as KubernetesService
from meshcompile.models.networking.service_entry import ServiceEntry
from meshcompile.snapshot.ambient.index import AmbientIndex
from meshcompile.snapshot.ambient.services import AmbientService
from meshcompile.snapshot.resources import ConfigStore
from meshcompile.snapshot.service import Registry, Resolution, TrafficDistribution
from meshcompile.ztunnel.addresses import network_address, waypoint_address, weighted_waypoints
from meshcompile.ztunnel.ports import service_ports

PREFERENCES: Mapping[TrafficDistribution, tuple[LoadBalancingScope, ...]] = {
    TrafficDistribution.PREFER_SAME_ZONE: ("NETWORK", "REGION", "ZONE"),
    TrafficDistribution.PREFER_SAME_NODE: ("NETWORK", "REGION", "ZONE", "SUBZONE", "NODE"),
}


class ServiceDetails(Struct, frozen=True):
    """What only ztunnel reads of a Service or ServiceEntry. `lengths` are those of CIDR ranges by first address."""

    publishes_not_ready: bool = False
    ip_families: IpFamilies = "AUTOMATIC"
    lengths: Mapping[str, int] = {}


def services(index: AmbientIndex, resources: ConfigStore) -> Iterator[Service]:
    """The services of the ambient mesh."""
    kubernetes = {(each.namespace, each.name): each for each in resources.all(KubernetesService)}
    entries = {(each.namespace, each.name): each for each in resources.all(ServiceEntry)}
    for found in index.services.values():
        key = (found.service.namespace, found.service.object_name)
        is_external = found.service.registry is Registry.EXTERNAL
        yield _service(found, _of_entry(entries[key]) if is_external else _of_service(kubernetes[key]))


def _service(of: AmbientService, details: ServiceDetails) -> Service:
    service = of.service
    is_external = service.registry is Registry.EXTERNAL
    made = Service(
        name=service.object_name,
        namespace=service.namespace,
        hostname=service.hostname,
        addresses=tuple(network_address(each, details.lengths.get(each.ip)) for each in of.addresses),
        ports=service_ports(service),
        subject_alt_names=service.service_accounts if is_external else (),
        waypoint=waypoint_address(of.attachment),
        load_balancing=_load_balancing(of, details),
        ip_families=details.ip_families,
        canonical=of.is_canonical or not is_external,
        ingress_use_waypoint=of.ingress_uses_waypoint,
        weighted_waypoints=weighted_waypoints(of.attachment),
        visibility="NAMESPACE" if of.is_private else "PUBLIC",
    )
    return at(made, service.origin)


def _of_service(service: KubernetesService) -> ServiceDetails:
    return ServiceDetails(service.spec.publish_not_ready_addresses, _ip_families(service.spec.ip_families))


def _of_entry(entry: ServiceEntry) -> ServiceDetails:
    ranges = (ip_interface(text).network for text in entry.spec.addresses if "/" in text)
    return ServiceDetails(
        lengths={str(each.network_address): each.prefixlen for each in ranges if each.num_addresses > 1}
    )


def _ip_families(families: tuple[str, ...]) -> IpFamilies:
    match families:
        case ("IPv4",):
            return "IPV4_ONLY"
        case (_,):
            return "IPV6_ONLY"
        case (_, _):
            return "DUAL"
        case _:
            return "AUTOMATIC"


def _load_balancing(of: AmbientService, details: ServiceDetails) -> LoadBalancing | None:
    service = of.service
    health: HealthPolicy = "ALLOW_ALL" if details.publishes_not_ready else "ONLY_HEALTHY"
    preference = PREFERENCES.get(service.traffic_distribution)
    if service.registry is Registry.EXTERNAL and service.resolution is Resolution.PASSTHROUGH:
        return LoadBalancing(mode="PASSTHROUGH", health_policy="ALLOW_ALL")
    if service.node_local:
        return LoadBalancing(routing_preference=("NODE",), mode="STRICT", health_policy=health)
    if preference is not None:
        return LoadBalancing(routing_preference=preference, mode="FAILOVER", health_policy=health)
    return LoadBalancing(health_policy=health) if details.publishes_not_ready else None
