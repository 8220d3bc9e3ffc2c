"""The index of the ambient mesh. This module is light: few meshes are ambient."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct

from meshcompile.queries import Key
from meshcompile.snapshot.ambient.addresses import HostnameAddress, NetworkAddress

if TYPE_CHECKING:  # imported when a mesh is ambient
    from meshcompile.behaviour import Behaviour
    from meshcompile.documents import Origin
    from meshcompile.models.mesh.service_entry_visibility import ServiceEntryVisibility
    from meshcompile.snapshot.ambient.addresses import WaypointAddress
    from meshcompile.snapshot.ambient.attachment import WaypointAttachment, WaypointAttachments
    from meshcompile.snapshot.ambient.services import AmbientService
    from meshcompile.snapshot.ambient.waypoints import Waypoint
    from meshcompile.snapshot.ambient.workloads import AmbientWorkload
    from meshcompile.snapshot.resources import ConfigStore
    from meshcompile.snapshot.services import ServiceIndex
    from meshcompile.snapshot.workloads import WorkloadIndex
    from meshcompile.values.labels import Labels

T = TypeVar("T")


class WaypointKey(Key, frozen=True):
    """How the objects that use a waypoint name it: by a host of its namespace, or by an address of its network."""

    namespace: str
    hostnames: tuple[str, ...]
    network: str
    addresses: tuple[str, ...]

    def names(self) -> Iterator[WaypointAddress]:
        """Every name of the waypoint."""
        yield from (HostnameAddress(self.namespace, hostname) for hostname in self.hostnames)
        yield from (NetworkAddress(self.network, address) for address in self.addresses)


class AmbientIndex(Struct, frozen=True, eq=False):
    """Waypoints, and the services and workloads of the ambient mesh. It is empty if the mesh is not ambient.

    `waypoints` are by namespace and name, `services` by namespace and host name. `workloads` are oldest first.
    """

    waypoints: Mapping[tuple[str, str], Waypoint] = {}
    services: Mapping[tuple[str, str], AmbientService] = {}
    workloads: tuple[AmbientWorkload, ...] = ()
    _workloads_at: Mapping[NetworkAddress, tuple[AmbientWorkload, ...]] = {}
    _services_at: Mapping[NetworkAddress, tuple[AmbientService, ...]] = {}
    _workloads_of: Mapping[tuple[str, str], tuple[AmbientWorkload, ...]] = {}
    _served_workloads: Mapping[WaypointAddress, tuple[AmbientWorkload, ...]] = {}
    _served_services: Mapping[WaypointAddress, tuple[AmbientService, ...]] = {}

    def accepts_hbone(self, network: str, address: str) -> bool:
        """True if a workload at the address accepts HBONE, or one behind a service with this address."""
        return any(workload.tunnel == "HBONE" for workload in self._found_at(network, address))

    def gateways_for(self, key: WaypointKey) -> tuple[Origin, ...]:
        """The places of the Gateways that have an address of a waypoint, by namespace and name."""
        names = frozenset(key.names())
        return tuple(
            self.waypoints[each].origin for each in sorted(self.waypoints) if self.waypoints[each].address in names
        )

    def services_for(self, key: WaypointKey) -> tuple[AmbientService, ...]:
        """The services that use a waypoint, by namespace and host name."""
        found = {service.key: service for name in key.names() for service in self._served_services.get(name, ())}
        return tuple(found[each] for each in sorted(found))

    def workloads_for(self, key: WaypointKey) -> tuple[AmbientWorkload, ...]:
        """The workloads that use a waypoint, oldest first."""
        found = {workload.uid: workload for name in key.names() for workload in self._served_workloads.get(name, ())}
        return tuple(sorted(found.values(), key=lambda workload: (workload.creation_time, workload.uid)))

    def waypoint_host(self, namespace: str, hostname: str) -> str | None:
        """The host name of the waypoint that a service uses; None if it uses none, or if its address has no service."""
        service = self.services.get((namespace, hostname))
        waypoint = None if service is None else service.attachment.waypoint
        return None if waypoint is None else self._host_of(waypoint)

    def weighted_waypoints(self, namespace: str, hostname: str) -> tuple[tuple[str, int], ...]:
        """The host names and weights of the waypoints of a service with two; none for other services."""
        service = self.services.get((namespace, hostname))
        attachment = None if service is None else service.attachment
        if attachment is None or attachment.waypoint is None or attachment.canary is None:
            return ()
        share = attachment.canary_weight
        shares = ((attachment.waypoint, 100 - share), (attachment.canary, share))
        return tuple((host, weight) for waypoint, weight in shares if (host := self._host_of(waypoint)) is not None)

    def _host_of(self, waypoint: Waypoint) -> str | None:
        match waypoint.address:
            case HostnameAddress(hostname=name):
                return name
            case NetworkAddress() as address:
                return next((each.service.hostname for each in self._services_at.get(address, ())), None)
            case _:
                return None

    def ingress_uses_waypoint(self, namespace: str, hostname: str) -> bool:
        """True if gateways send the traffic of a service to its waypoint."""
        service = self.services.get((namespace, hostname))
        return service is not None and service.ingress_uses_waypoint

    def _found_at(self, network: str, address: str) -> Iterable[AmbientWorkload]:
        at = NetworkAddress(network, address)
        if at in self._workloads_at:
            return self._workloads_at[at]
        services = self._services_at.get(at, ())[:1]
        return (workload for service in services for workload in self._workloads_of.get(service.key, ()))


NOT_AMBIENT = AmbientIndex()


def ambient_index(
    resources: ConfigStore,
    workloads: WorkloadIndex,
    services: ServiceIndex,
    network: str,
    behaviour: Behaviour,
    visibility: ServiceEntryVisibility | None,
) -> AmbientIndex:
    """The index of an ambient mesh. `network` is the network of the config cluster."""
    # for a fast start: few meshes are ambient
    from meshcompile.snapshot.ambient.services import ambient_services
    from meshcompile.snapshot.ambient.workloads import AmbientMesh, ambient_workloads

    cluster = workloads.config_cluster
    attachments = _attachments(resources, workloads, network, behaviour, visibility)
    known = ambient_services(services, cluster, attachments, network, behaviour)
    running = ambient_workloads(resources, workloads, AmbientMesh(cluster, network, attachments, known))
    return AmbientIndex(
        waypoints=attachments.waypoints,
        services=known,
        workloads=running,
        _workloads_at=_grouped(running, lambda workload: workload.network_addresses),
        _services_at=_grouped(known.values(), lambda service: service.addresses),
        _workloads_of=_grouped(running, lambda workload: workload.services),
        _served_workloads=_grouped(running, _served_workload),
        _served_services=_grouped(known.values(), _served_service),
    )


def _served_workload(workload: AmbientWorkload) -> Iterator[WaypointAddress]:
    yield from _addresses(workload.attachment, workload.labels)


def _served_service(service: AmbientService) -> Iterator[WaypointAddress]:
    yield from _addresses(service.attachment, service.service.selector)


def _addresses(attachment: WaypointAttachment, labels: Labels) -> Iterator[WaypointAddress]:
    """The addresses of the waypoints that an object uses; none for waypoints themselves."""
    from meshcompile.snapshot.ambient.attachment import is_managed_by_istio  # for a fast start: few meshes are ambient

    if not is_managed_by_istio(labels):
        yield from (waypoint.address for waypoint in attachment.all if waypoint.address is not None)


def _attachments(
    resources: ConfigStore,
    workloads: WorkloadIndex,
    network: str,
    behaviour: Behaviour,
    visibility: ServiceEntryVisibility | None,
) -> WaypointAttachments:
    # for a fast start: few meshes are ambient
    from meshcompile.snapshot.ambient.attachment import WaypointAttachments
    from meshcompile.snapshot.ambient.waypoints import waypoints

    return WaypointAttachments(
        waypoints=waypoints(resources, workloads.here, network),
        namespaces=workloads.here.namespaces,
        visibility=visibility,
        with_canaries=behaviour.canary_waypoints,
    )


K = TypeVar("K")


def _grouped(items: Iterable[T], keys: Callable[[T], Iterable[K]]) -> Mapping[K, tuple[T, ...]]:
    groups: dict[K, list[T]] = {}
    for item in items:
        for key in keys(item):
            groups.setdefault(key, []).append(item)
    return {key: tuple(group) for key, group in groups.items()}
