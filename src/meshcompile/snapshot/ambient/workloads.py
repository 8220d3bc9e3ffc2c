"""The workloads of the ambient mesh: Pods, WorkloadEntries and the endpoints of ServiceEntries.

Follows istiod's `ambient/workloads.go`. Workloads of EndpointSlices without Pods and of gateways between networks have
neither a waypoint nor a tunnel, so nothing that is compiled depends on them.
"""

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum

from msgspec import Struct

from meshcompile.documents import Origin
from meshcompile.inject.decision import AMBIENT_REDIRECTION
from meshcompile.models.kubernetes.endpoint_slice import EndpointSlice
from meshcompile.models.kubernetes.pod import Pod
from meshcompile.models.networking.service_entry import Resolution as EntryResolution
from meshcompile.models.networking.service_entry import ServiceEntry
from meshcompile.models.networking.workload_entry import WorkloadEntry, WorkloadEntrySpec
from meshcompile.snapshot.ambient.addresses import NetworkAddress, ip_text
from meshcompile.snapshot.ambient.attachment import WaypointAttachment, WaypointAttachments
from meshcompile.snapshot.ambient.services import AmbientService
from meshcompile.snapshot.kubernetes_services import service_hostname
from meshcompile.snapshot.resources import NO_CREATION_TIME, ConfigStore
from meshcompile.snapshot.service import Registry
from meshcompile.snapshot.workloads import WorkloadIndex
from meshcompile.values.labels import Labels, declares_tunnel, matches

BY_DNS = frozenset({EntryResolution.DNS, EntryResolution.DNS_ROUND_ROBIN, EntryResolution.DYNAMIC_DNS})

ServiceKey = tuple[str, str]
"""Namespace and host name of a service."""


class TunnelProtocol(StrEnum):
    """How connections to a workload are tunnelled."""

    NONE = "NONE"
    HBONE = "HBONE"


class AmbientWorkload(Struct, frozen=True, eq=False):
    """A workload: istiod's `WorkloadInfo`.

    `uid` is its name in the workload API. `addresses` are IP addresses; without any, it has a `hostname`. `services`
    are the keys of the services that select it.
    """

    uid: str
    namespace: str
    name: str
    network: str
    addresses: tuple[str, ...]
    labels: Labels
    tunnel: TunnelProtocol
    attachment: WaypointAttachment
    services: tuple[ServiceKey, ...]
    creation_time: str
    source: Pod | WorkloadEntry | WorkloadEntrySpec | ServiceEntry
    hostname: str = ""

    @property
    def origin(self) -> Origin:
        return self.source.origin

    @property
    def network_addresses(self) -> tuple[NetworkAddress, ...]:
        return tuple(NetworkAddress(self.network, address) for address in self.addresses)


class AmbientMesh(Struct, frozen=True, eq=False):
    """What workloads are made from. `network` is the network of the cluster."""

    cluster: str
    network: str
    attachments: WaypointAttachments
    services: Mapping[ServiceKey, AmbientService]


def ambient_workloads(
    resources: ConfigStore, workloads: WorkloadIndex, mesh: AmbientMesh
) -> tuple[AmbientWorkload, ...]:
    """The workloads, oldest first, and those of the same age by their UID."""
    found = (
        *_pod_workloads(resources, workloads, mesh),
        *(_entry_workload(entry, mesh) for entry in resources.all(WorkloadEntry)),
        *(each for entry in resources.all(ServiceEntry) for each in _endpoint_workloads(entry, mesh)),
    )
    return tuple(sorted(found, key=lambda workload: (workload.creation_time, workload.uid)))


def tunnel_protocol(labels: Labels, annotations: Labels) -> TunnelProtocol:
    """HBONE for workloads whose traffic is redirected to ztunnel, and for those that declare a tunnel."""
    redirected = annotations.get(AMBIENT_REDIRECTION) == "enabled"
    return TunnelProtocol.HBONE if redirected or declares_tunnel(labels) else TunnelProtocol.NONE


def _pod_workloads(resources: ConfigStore, workloads: WorkloadIndex, mesh: AmbientMesh) -> Iterator[AmbientWorkload]:
    listing, by_namespace = _listing_services(resources.all(EndpointSlice)), _by_namespace(mesh.services)
    for (namespace, name), pod in workloads.here.pods.items():
        addresses = _pod_addresses(pod)
        if pod.status.phase == "Succeeded" or not addresses:
            continue
        labels = pod.metadata.labels
        listed = (key for key in listing.get((namespace, name), ()) if key in mesh.services)
        yield AmbientWorkload(
            uid=f"{mesh.cluster}//Pod/{namespace}/{name}",
            namespace=namespace,
            name=name,
            network=mesh.network,
            addresses=addresses,
            labels=labels,
            tunnel=tunnel_protocol(labels, pod.metadata.annotations),
            attachment=mesh.attachments.of_workload(labels, namespace),
            services=tuple(dict.fromkeys((*_selecting(by_namespace.get(namespace, ()), labels), *listed))),
            creation_time=pod.metadata.creation_timestamp or NO_CREATION_TIME,
            source=pod,
        )


def _entry_workload(entry: WorkloadEntry, mesh: AmbientMesh) -> AmbientWorkload:
    labels = {**entry.spec.labels, **entry.metadata.labels}
    ip = ip_text(entry.spec.address)
    services = (service for service in mesh.services.values() if service.service.namespace == entry.namespace)
    return AmbientWorkload(
        uid=f"{mesh.cluster}/networking.istio.io/WorkloadEntry/{entry.namespace}/{entry.name}",
        namespace=entry.namespace,
        name=entry.name,
        network=entry.spec.network or mesh.network,
        addresses=() if ip is None else (ip,),
        labels=labels,
        tunnel=tunnel_protocol(labels, entry.metadata.annotations),
        attachment=mesh.attachments.of_workload(labels, entry.namespace),
        services=tuple(_selecting(services, labels)),
        creation_time=entry.metadata.creation_timestamp or NO_CREATION_TIME,
        source=entry,
        hostname="" if ip else entry.spec.address,
    )


def _endpoint_workloads(entry: ServiceEntry, mesh: AmbientMesh) -> Iterator[AmbientWorkload]:
    """The endpoints that a ServiceEntry lists, or its hosts if DNS resolves them. An entry whose hosts all belong to
    other objects has none. Without its own network, an endpoint has that of the endpoint before it.
    """
    spec, network = entry.spec, mesh.network
    hosts = [host for host in spec.hosts if _is_of(mesh.services.get((entry.namespace, host)), entry)]
    keys = tuple((entry.namespace, host) for host in hosts)
    if not hosts:
        return
    for endpoint in spec.endpoints:
        network = endpoint.network or network
        attachment = mesh.attachments.of_workload(endpoint.labels, entry.namespace)
        yield _listed(entry, endpoint, endpoint.address, network, attachment, keys, mesh)
    if not spec.endpoints and spec.workload_selector is None and spec.resolution in BY_DNS:
        for host, key in zip(hosts, keys, strict=True):
            yield _listed(entry, entry, host, network, WaypointAttachment(), (key,), mesh)


def _listed(
    entry: ServiceEntry,
    source: WorkloadEntrySpec | ServiceEntry,
    address: str,
    network: str,
    attachment: WaypointAttachment,
    services: tuple[ServiceKey, ...],
    mesh: AmbientMesh,
) -> AmbientWorkload:
    ip = ip_text(address)
    return AmbientWorkload(
        uid=f"{mesh.cluster}/networking.istio.io/ServiceEntry/{entry.namespace}/{entry.name}/{address}",
        namespace=entry.namespace,
        name=entry.name,
        network=network,
        addresses=() if ip is None else (ip,),
        labels=entry.metadata.labels,
        tunnel=tunnel_protocol(entry.metadata.labels, entry.metadata.annotations),
        attachment=attachment,
        services=services,
        creation_time=entry.metadata.creation_timestamp or NO_CREATION_TIME,
        source=source,
        hostname="" if ip else address,
    )


def _is_of(service: AmbientService | None, entry: ServiceEntry) -> bool:
    known = None if service is None else service.service
    return known is not None and (known.registry, known.object_name) == (Registry.EXTERNAL, entry.name)


def _pod_addresses(pod: Pod) -> tuple[str, ...]:
    """The IP addresses of a Pod; none if one of them is invalid."""
    written = tuple(each.ip for each in pod.status.pod_ips) or ((pod.status.pod_ip,) if pod.status.pod_ip else ())
    addresses = tuple(ip for each in written if (ip := ip_text(each)))
    return addresses if len(addresses) == len(written) else ()


def _listing_services(slices: Iterable[EndpointSlice]) -> Mapping[tuple[str, str], tuple[ServiceKey, ...]]:
    """The Services whose EndpointSlices refer to each Pod."""
    listing: dict[tuple[str, str], list[ServiceKey]] = {}
    for each in slices:
        if each.service_name and each.address_type != "FQDN":
            key = (each.namespace, service_hostname(each.service_name, each.namespace))
            for endpoint in each.endpoints:
                target = endpoint.target_ref
                if target is not None and target.kind == "Pod":
                    listing.setdefault((target.namespace, target.name), []).append(key)
    return {pod: tuple(dict.fromkeys(keys)) for pod, keys in listing.items()}


def _by_namespace(services: Mapping[ServiceKey, AmbientService]) -> Mapping[str, tuple[AmbientService, ...]]:
    groups: dict[str, list[AmbientService]] = {}
    for (namespace, _), service in services.items():
        groups.setdefault(namespace, []).append(service)
    return {namespace: tuple(group) for namespace, group in groups.items()}


def _selecting(services: Iterable[AmbientService], labels: Labels) -> Iterator[ServiceKey]:
    return (service.key for service in services if matches(service.service.selector, labels))
