"""The services of the ambient mesh, each with its waypoint.

Follows istiod's `ambient/services.go`.
"""

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from meshcompile.behaviour import Behaviour
from meshcompile.models.mesh.service_entry_visibility import EntryVisibility
from meshcompile.snapshot.ambient.addresses import NetworkAddress, ip_or_first_of_range, ip_text
from meshcompile.snapshot.ambient.attachment import WaypointAttachment, WaypointAttachments
from meshcompile.snapshot.service import UNSPECIFIED_ADDRESS, Registry, Resolution, Service
from meshcompile.snapshot.services import ServiceIndex
from meshcompile.values.labels import TRUE, Labels

INGRESS_USE_WAYPOINT = "istio.io/ingress-use-waypoint"


class AmbientService(Struct, frozen=True, eq=False):
    """A host of the mesh in one namespace: istiod's `ServiceInfo`.

    `service` is the service of the registry; the first one if a ServiceEntry has several addresses. `addresses` are its
    virtual addresses; of a CIDR range, the first one. `is_canonical` marks one of the services with the same host. Only
    its own namespace sees a service that `is_private`.
    """

    service: Service
    addresses: tuple[NetworkAddress, ...]
    attachment: WaypointAttachment
    ingress_uses_waypoint: bool = False
    is_canonical: bool = False
    is_private: bool = False

    @property
    def key(self) -> tuple[str, str]:
        """Namespace and host name."""
        return (self.service.namespace, self.service.hostname)


def ambient_services(
    services: ServiceIndex, cluster: str, attachments: WaypointAttachments, network: str, behaviour: Behaviour
) -> Mapping[tuple[str, str], AmbientService]:
    """The services by namespace and host name.

    Of several with the same host in a namespace, the Kubernetes Service wins, else the oldest ServiceEntry.
    """
    known: dict[tuple[str, str], AmbientService] = {}
    for found in _candidates(services, cluster, attachments, network, behaviour):
        known.setdefault(found.key, found)
    canonical = _canonical(known.values())
    return {key: _with_canonical(found, canonical.get(key[1]) is found) for key, found in known.items()}


def _candidates(
    services: ServiceIndex, cluster: str, attachments: WaypointAttachments, network: str, behaviour: Behaviour
) -> Iterator[AmbientService]:
    """Every service, in the order of precedence."""
    for service in services.of_cluster(cluster):
        if service.resolution is not Resolution.ALIAS:
            yield _ambient_service(service, _cluster_ips(service, cluster), attachments, network)
    for entry in services.entries:
        if attachments.visibility_in(entry.entry.namespace) is EntryVisibility.NONE:
            continue
        for hostname in dict.fromkeys(service.hostname for service in entry.services):
            group = tuple(service for service in entry.services if service.hostname == hostname)
            if behaviour.waypoint_ranges or not any(map(_is_range, group)):
                yield _ambient_service(group[0], _entry_addresses(group), attachments, network)


def _ambient_service(
    service: Service, addresses: Iterable[str], attachments: WaypointAttachments, network: str
) -> AmbientService:
    is_entry, namespace = service.registry is Registry.EXTERNAL, service.namespace
    primary = (attachments.of_entry if is_entry else attachments.of_service)(service.labels, namespace)
    attachment = attachments.with_canary(primary, service.labels, service.annotations, namespace)
    labels = (service.labels, attachments.namespace_labels(service.namespace))
    return AmbientService(
        service,
        tuple(NetworkAddress(network, address) for address in addresses),
        attachment,
        ingress_uses_waypoint=attachment.waypoint is not None and _uses_waypoint_from_ingress(labels),
        is_private=is_entry and attachments.visibility_in(namespace) is EntryVisibility.NAMESPACE,
    )


def _uses_waypoint_from_ingress(labels: Iterable[Labels]) -> bool:
    """The value of the label: the service's, else its namespace's."""
    return next((each[INGRESS_USE_WAYPOINT] in TRUE for each in labels if INGRESS_USE_WAYPOINT in each), False)


def _cluster_ips(service: Service, cluster: str) -> Iterator[str]:
    for address in service.addresses.get(cluster, ()):
        if address != UNSPECIFIED_ADDRESS and (ip := ip_text(address)):
            yield ip


def _is_range(service: Service) -> bool:
    return "/" in service.address


def _entry_addresses(services: Iterable[Service]) -> Iterator[str]:
    for service in services:
        if service.address != UNSPECIFIED_ADDRESS:
            yield from filter(None, (ip_or_first_of_range(service.address),))
        yield from filter(None, (service.auto_ipv4, service.auto_ipv6))


def _canonical(services: Iterable[AmbientService]) -> Mapping[str, AmbientService]:
    """The service that stands for each host: a Kubernetes Service, else the oldest ServiceEntry."""
    canonical: dict[str, AmbientService] = {}
    for found in sorted((each for each in services if not each.is_private), key=_precedence):
        canonical.setdefault(found.service.hostname, found)
    return canonical


def _precedence(found: AmbientService) -> tuple[bool, str, str, str]:
    service = found.service
    is_external = service.registry is Registry.EXTERNAL
    return (is_external, service.creation_time, service.object_name, service.namespace)


def _with_canonical(found: AmbientService, is_canonical: bool) -> AmbientService:
    return replace(found, is_canonical=is_canonical)
