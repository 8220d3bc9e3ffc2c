"""ServiceEntries, converted to services of the mesh. Follows istiod's `serviceentry.convertServices`."""

from collections.abc import Iterator, Mapping
from ipaddress import ip_address, ip_interface
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from meshcompile.behaviour import Behaviour
from meshcompile.models.mesh.mesh_config import MeshConfig
from meshcompile.models.mesh.service_entry_visibility import ServiceEntryVisibility
from meshcompile.models.networking.service_entry import Location, ServiceEntry, ServiceEntrySpec
from meshcompile.models.networking.service_entry import Resolution as EntryResolution
from meshcompile.models.networking.service_entry import ServicePort as EntryPort
from meshcompile.snapshot.entry_visibility import entry_visibility, limited_exports
from meshcompile.snapshot.kubernetes_services import exported_to, inherited_annotations, traffic_distribution
from meshcompile.snapshot.resources import NO_CREATION_TIME, ConfigStore
from meshcompile.snapshot.service import (
    UNSPECIFIED_ADDRESS,
    Registry,
    Resolution,
    Service,
    ServicePort,
)
from meshcompile.snapshot.workloads import ClusterWorkloads, WorkloadIndex
from meshcompile.values.ip import is_ip
from meshcompile.values.labels import Labels
from meshcompile.values.ports import protocol_named

AUTO_ALLOCATE = "networking.istio.io/enable-autoallocate-ip"
CONNECT_STRATEGY = "istio.io/connect-strategy"

_RESOLUTIONS = {
    EntryResolution.NONE: Resolution.PASSTHROUGH,
    EntryResolution.STATIC: Resolution.CLIENT_SIDE_LB,
    EntryResolution.DNS: Resolution.DNS_LB,
    EntryResolution.DNS_ROUND_ROBIN: Resolution.DNS_ROUND_ROBIN_LB,
    EntryResolution.DYNAMIC_DNS: Resolution.DYNAMIC_DNS,
}


class EntryServices(Struct, frozen=True, eq=False):
    """A ServiceEntry and its services: one for each host and address."""

    entry: ServiceEntry
    services: tuple[Service, ...]


def service_entries(
    resources: ConfigStore, workloads: WorkloadIndex, mesh: MeshConfig, behaviour: Behaviour
) -> tuple[EntryServices, ...]:
    """Every ServiceEntry with its services, oldest first."""
    annotations = inherited_annotations(workloads.here, behaviour)
    found = (
        EntryServices(entry, tuple(entry_services(entry, annotations(entry.namespace), mesh, behaviour)))
        for entry in resources.all(ServiceEntry)
    )
    settings = mesh.service_entry_visibility
    if settings is None or not settings.apply_to_sidecars:
        return tuple(found)
    return tuple(_limited(each, settings, workloads.here) for each in found)


def _limited(found: EntryServices, settings: ServiceEntryVisibility, workloads: ClusterWorkloads) -> EntryServices:
    """The services, exported as far as the visibility of their ServiceEntry allows."""
    namespace = found.entry.namespace
    known = workloads.namespaces.get(namespace)
    visibility = entry_visibility(settings, {} if known is None else known.metadata.labels)
    services = (
        replace(service, export_to=limited_exports(service.export_to, namespace, visibility))
        for service in found.services
    )
    return EntryServices(found.entry, tuple(services))


def entry_services(
    entry: ServiceEntry, namespace_annotations: Labels, mesh: MeshConfig, behaviour: Behaviour
) -> Iterator[Service]:
    """The services of one ServiceEntry. Like istiod, this creates one for each distinct host and address."""
    spec, meta = entry.spec, entry.metadata
    resolution = _RESOLUTIONS[spec.resolution]
    ports = tuple(_port(port) for port in spec.ports)
    for vip in dict.fromkeys(_vips(entry)):
        yield Service(
            hostname=vip.host,
            namespace=entry.namespace,
            name=vip.host,
            registry=Registry.EXTERNAL,
            resolution=resolution,
            ports=ports,
            export_to=exported_to(spec.export_to, entry.namespace, mesh),
            written_export_to=frozenset(spec.export_to),
            address=vip.address,
            auto_ipv4=vip.auto_ipv4,
            auto_ipv6=vip.auto_ipv6,
            mesh_external=spec.location is Location.MESH_EXTERNAL,
            labels=meta.labels,
            annotations=meta.annotations,
            selector=spec.workload_selector.labels if spec.workload_selector is not None else {},
            service_accounts=spec.subject_alt_names,
            creation_time=meta.creation_timestamp or NO_CREATION_TIME,
            object_name=entry.name,
            traffic_distribution=traffic_distribution("", meta.annotations, namespace_annotations),
            dns_connect_race=behaviour.connect_strategy and _races(meta.annotations),
            needs_waypoint=resolution is Resolution.DYNAMIC_DNS and not behaviour.dynamic_sidecars,
            passthrough_target_ports=_target_ports(spec) if resolution is Resolution.PASSTHROUGH else {},
            origin=entry.origin,
        )


def _races(annotations: Labels) -> bool:
    return annotations.get(CONNECT_STRATEGY, "").upper() == "RACE_FIRST_TCP_CONNECT"


def _target_ports(spec: ServiceEntrySpec) -> Mapping[int, int]:
    return {port.number: port.target_port for port in spec.ports if port.target_port}


def _port(port: EntryPort) -> ServicePort:
    return ServicePort(
        name=port.name,
        number=port.number,
        protocol=protocol_named(port.protocol),
        target=port.target_port or None,
        origin=port.origin,
    )


class Vip(NamedTuple):
    """A host and one of its addresses. A controller records automatic addresses in the status."""

    host: str
    address: str
    auto_ipv4: str = ""
    auto_ipv6: str = ""


def _vips(entry: ServiceEntry) -> Iterator[Vip]:
    automatic = _automatic_addresses(entry)
    for host in entry.spec.hosts:
        if entry.spec.addresses:
            addresses = (_address(address) for address in entry.spec.addresses)
            yield from (Vip(host, address) for address in addresses if address is not None)
        else:
            yield Vip(host, UNSPECIFIED_ADDRESS, automatic.get((host, 4), ""), automatic.get((host, 6), ""))


def _address(text: str) -> str | None:
    """An address or CIDR range as a listener binds it, without the mask of a single address; None if it is neither."""
    try:
        interface = ip_interface(text)
    except ValueError:
        return None
    return str(interface.ip) if "/" in text and interface.network.num_addresses == 1 else text


def _automatic_addresses(entry: ServiceEntry) -> dict[tuple[str, int], str]:
    """The addresses in the status, by host and IP version. They do not apply to resolution NONE or to an entry that
    opts out.
    """
    opted_out = entry.metadata.labels.get(AUTO_ALLOCATE, "").lower() == "false"
    if entry.spec.resolution is EntryResolution.NONE or opted_out or entry.spec.addresses or entry.status is None:
        return {}
    automatic: dict[tuple[str, int], str] = {}
    for address in entry.status.addresses:
        if is_ip(address.value):
            ip = ip_address(address.value)
            automatic[address.host, ip.version] = str(ip)
    return automatic


def is_ip_or_unknown(address: str) -> bool:
    """True for an IP address or an empty address. Only gateways of its network lead to a workload without an
    address.
    """
    return not address or is_ip(address)
