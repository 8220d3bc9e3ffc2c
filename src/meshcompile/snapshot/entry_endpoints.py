"""The endpoints that ServiceEntries list or select.

Follows istiod's `serviceentry.convertServiceEntryToInstances`, `services` and `mergeServicesInstancesByNamespaceHost`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from msgspec.structs import replace

from meshcompile.behaviour import Behaviour
from meshcompile.models.networking.service_entry import ServiceEntry
from meshcompile.models.networking.service_entry import ServicePort as EntryPort
from meshcompile.snapshot.service import Endpoint, Health, Resolution, Service, Workload
from meshcompile.snapshot.service_entries import EntryServices, is_ip_or_unknown
from meshcompile.snapshot.workload_sources import WorkloadSource
from meshcompile.values.hosts import UNIX_PREFIX
from meshcompile.values.labels import selects

BY_DNS = frozenset({Resolution.DNS_LB, Resolution.DNS_ROUND_ROBIN_LB})

HostKey = tuple[str, str]
"""Host name and namespace of a service."""


Instance = tuple[Service, Endpoint]
"""An endpoint of a ServiceEntry with the service that lists or selects it."""


def entry_endpoints(
    entries: Iterable[EntryServices],
    selectable: Mapping[str, Sequence[Workload]],
    source: WorkloadSource,
    behaviour: Behaviour,
) -> Mapping[HostKey, tuple[Instance, ...]]:
    """The endpoints of ServiceEntries by host and namespace, those of the oldest entry first.

    `selectable` are the workloads of each namespace. A host with several addresses has each endpoint once per address.
    For DNS_ROUND_ROBIN, only the first endpoint of a port is used. Some releases name no workload of the endpoints
    that the entry itself lists.
    """
    listed = _as_written if behaviour.named_entry_endpoints else _without_name
    groups: dict[HostKey, list[tuple[ServiceEntry, Service]]] = {}
    for of_entry in entries:
        for service in of_entry.services:
            groups.setdefault((service.hostname, service.namespace), []).append((of_entry.entry, service))
    return {
        key: instances
        for key, group in groups.items()
        if (instances := tuple(_first_of_each_port(_instances(group, selectable.get(key[1], ()), source, listed))))
    }


def _as_written(workload: Workload) -> Workload:
    return workload


def _without_name(workload: Workload) -> Workload:
    return replace(workload, name="", namespace="")


def _oldest_first(item: tuple[ServiceEntry, Service]) -> tuple[str, str]:
    return (item[1].creation_time, item[0].name)


def _instances(
    group: Iterable[tuple[ServiceEntry, Service]],
    selectable: Sequence[Workload],
    source: WorkloadSource,
    listed: Callable[[Workload], Workload],
) -> Iterator[Instance]:
    for entry, service in sorted(group, key=_oldest_first):
        for endpoint in _service_endpoints(entry, service, selectable, source, listed):
            yield service, endpoint


def _first_of_each_port(instances: Iterable[Instance]) -> Iterator[Instance]:
    ports: set[int] = set()
    for service, endpoint in instances:
        if service.resolution is not Resolution.DNS_ROUND_ROBIN_LB or endpoint.legacy_port not in ports:
            ports.add(endpoint.legacy_port)
            yield service, endpoint


def _service_endpoints(
    entry: ServiceEntry,
    service: Service,
    selectable: Sequence[Workload],
    source: WorkloadSource,
    listed: Callable[[Workload], Workload],
) -> Iterator[Endpoint]:
    spec = entry.spec
    if spec.workload_selector is not None:
        by_dns = service.resolution in BY_DNS
        for workload in selectable:
            if selects(spec.workload_selector.labels, workload.labels) and (
                by_dns or is_ip_or_unknown(workload.addresses[0])
            ):
                yield from _on_ports(entry, workload)
    elif spec.endpoints:
        for index, of_entry in enumerate(spec.endpoints):
            name = f"{entry.name}-{index}"
            workload = source.of_spec(of_entry, of_entry.labels, name, entry.namespace, of_entry.origin)
            yield from _on_ports(entry, listed(workload))
    elif service.resolution in BY_DNS:
        host = listed(source.of_host(service.hostname, entry.name, entry.namespace, entry.origin))
        for port in spec.ports:
            yield _endpoint(host, port, host.addresses, port.target_port or port.number)


def _on_ports(entry: ServiceEntry, workload: Workload) -> Iterator[Endpoint]:
    """The workload at each port. Its port number is the workload's port of that name, else the target port, else the
    port.
    """
    address = workload.addresses[0]
    for port in entry.spec.ports:
        if address.startswith(UNIX_PREFIX):
            yield _endpoint(workload, port, (address.removeprefix(UNIX_PREFIX),), 0)
        else:
            number = workload.ports.get(port.name) or port.target_port or port.number
            yield _endpoint(workload, port, workload.addresses, number)


def _endpoint(workload: Workload, port: EntryPort, addresses: tuple[str, ...], number: int) -> Endpoint:
    return Endpoint(
        workload=workload,
        addresses=addresses,
        port=number,
        service_port_name=port.name,
        health=Health.HEALTHY if workload.is_pod else Health.UNKNOWN,
        legacy_port=port.number,
        origin=workload.origin,
    )
