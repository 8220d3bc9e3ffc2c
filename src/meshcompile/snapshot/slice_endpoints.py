"""The endpoints of Kubernetes Services: those of their EndpointSlices, and those of WorkloadEntries that they
select.

Follows istiod's `kube/controller/endpointslice.go` and `Controller.serviceInstancesFromWorkloadInstances`.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from meshcompile.models.kubernetes import endpoint_slice as kubernetes
from meshcompile.models.kubernetes.endpoint_slice import EndpointSlice
from meshcompile.snapshot.kubernetes_services import service_hostname
from meshcompile.snapshot.service import Endpoint, Health, Resolution, Service, ServicePort, Workload
from meshcompile.snapshot.service_entries import is_ip_or_unknown
from meshcompile.snapshot.workload_sources import WorkloadSource
from meshcompile.values.labels import matches

MULTI_CLUSTER_SERVICE = "multicluster.kubernetes.io/service-name"
PERSISTENT_SESSION = "istio.io/persistent-session"
PERSISTENT_SESSION_HEADER = "istio.io/persistent-session-header"

HostKey = tuple[str, str]
"""Host name and namespace of a service."""


def slice_endpoints(
    slices: Iterable[EndpointSlice], services: Mapping[str, Service], source: WorkloadSource
) -> Mapping[HostKey, tuple[Endpoint, ...]]:
    """The endpoints of one cluster's slices by host and namespace. An address and port appears once per service."""
    groups: dict[HostKey, dict[tuple[str, str], Endpoint]] = {}
    for slice_ in sorted(slices, key=lambda s: (s.namespace, s.name)):
        if (
            slice_.service_name
            and slice_.address_type != "FQDN"
            and MULTI_CLUSTER_SERVICE not in slice_.metadata.labels
        ):
            key = (service_hostname(slice_.service_name, slice_.namespace), slice_.namespace)
            group = groups.setdefault(key, {})
            for endpoint in _of_slice(slice_, services.get(key[0]), source):
                group.setdefault((endpoint.address, endpoint.service_port_name), endpoint)
    return {key: tuple(group.values()) for key, group in groups.items() if group}


def _of_slice(slice_: EndpointSlice, service: Service | None, source: WorkloadSource) -> Iterator[Endpoint]:
    for listed in slice_.endpoints:
        health = endpoint_health(service, listed.conditions)
        for address in listed.addresses:
            workload = _workload(listed, address, slice_.namespace, source)
            if workload is None:
                continue
            addresses = workload.addresses if workload.addresses == (address,) else (address,)
            for port in slice_.ports:
                yield Endpoint(
                    workload=workload,
                    addresses=addresses,
                    port=port.port or 0,
                    service_port_name=port.name or "",
                    health=health,
                    origin=listed.origin,
                )


def _workload(listed: kubernetes.Endpoint, address: str, namespace: str, source: WorkloadSource) -> Workload | None:
    """The Pod that an endpoint refers to, or None if it does not exist. Without a reference, the workload of the
    address.
    """
    pods = source.index.of(source.cluster)
    target = listed.target_ref
    if target is not None and target.kind == "Pod":
        pod = pods.pods.get((target.namespace, target.name))
        return None if pod is None else source.of_pod_at(pod, address)
    pod = pods.pod_at(address, namespace)
    return source.of_address(address) if pod is None else source.of_pod_at(pod, address)


def endpoint_health(service: Service | None, conditions: kubernetes.EndpointConditions) -> Health:
    """The health that the conditions of an endpoint imply. A missing condition counts as true."""
    if conditions.ready is not False:
        return Health.HEALTHY
    if service is None or conditions.terminating is False:
        return Health.UNHEALTHY
    if keeps_draining(service) and conditions.serving is not False:
        return Health.DRAINING
    return Health.TERMINATING


def keeps_draining(service: Service) -> bool:
    """True for a service with persistent sessions. These reach an endpoint until it terminates."""
    return bool(service.labels.get(PERSISTENT_SESSION) or service.labels.get(PERSISTENT_SESSION_HEADER))


# ---- WorkloadEntries selected by Services


def selected_endpoints(
    services: Iterable[Service], entries: Mapping[str, Iterable[Workload]]
) -> Mapping[HostKey, tuple[Endpoint, ...]]:
    """The endpoints of Services from the WorkloadEntries of their namespace that they select."""
    return {
        (service.hostname, service.namespace): endpoints
        for service in services
        if service.resolution is Resolution.CLIENT_SIDE_LB and not service.mesh_external
        if (endpoints := tuple(_selected(service, entries.get(service.namespace, ()))))
    }


def _selected(service: Service, entries: Iterable[Workload]) -> Iterator[Endpoint]:
    chosen = [
        entry for entry in entries if is_ip_or_unknown(entry.addresses[0]) and matches(service.selector, entry.labels)
    ]
    # istiod looks up each port by its number, and finds the first of several ports with one number each time.
    for port in (service.declared_port(each.number) or each for each in service.ports):
        for entry in chosen:
            number = entry_port(service, port, entry)
            if number is not None:
                yield Endpoint(entry, entry.addresses, number, port.name, origin=entry.origin)


class TargetPort(NamedTuple):
    """The target of a service port on the workload: a number, or a name that an entry's `ports` can map to a number."""

    number: int
    name: str
    must_exist: bool


def _target_port(service: Service, port: ServicePort) -> TargetPort:
    # istiod looks up the port by name or number. It finds a different port if names are missing or duplicate.
    known = next((p for p in service.ports if p.name == port.name or p.number == port.number), port)
    if isinstance(known.target, str):
        return TargetPort(port.number, known.target, must_exist=True)
    return TargetPort(known.target or port.number, known.name, must_exist=False)


def entry_port(service: Service, port: ServicePort, entry: Workload) -> int | None:
    """The port of a WorkloadEntry for a service port; None if the target is a name that the entry does not define."""
    target = _target_port(service, port)
    named = entry.ports.get(target.name) if target.name else None
    if named:
        return named
    return None if target.must_exist else target.number
