"""The service ports that the workload of a proxy serves.

Follows istiod's `Proxy.SetServiceTargets` and `GetProxyServiceTargets` of its registries.
"""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from meshcompile.models.kubernetes.pod import Pod
from meshcompile.proxy import Proxy
from meshcompile.resolve.scope.workload import is_virtual_machine, pod_key, pod_of
from meshcompile.snapshot.service import Resolution, Service, ServicePort, Workload
from meshcompile.snapshot.slice_endpoints import entry_port
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.snapshot.workloads import serving_containers
from meshcompile.values.labels import Labels, matches
from meshcompile.values.ports import Protocol


class ServiceTarget(Struct, frozen=True):
    """A port of a service, and the port on which the workload serves it."""

    service: Service
    port: ServicePort
    target_port: int


def service_targets(snapshot: Snapshot, proxy: Proxy) -> tuple[ServiceTarget, ...]:
    """The targets of a proxy, oldest service first, then by host name."""
    targets = (*_kubernetes_targets(snapshot, proxy), *_external_targets(snapshot, proxy))
    return tuple(sorted(targets, key=lambda target: (target.service.creation_time, target.service.hostname)))


def _kubernetes_targets(snapshot: Snapshot, proxy: Proxy) -> Iterator[ServiceTarget]:
    entry = _entry_of(snapshot, proxy)
    if entry is not None:
        return _entry_targets(snapshot, entry)
    pod = None if is_virtual_machine(proxy) else pod_of(snapshot, proxy)
    if pod is not None:
        services = _selecting(snapshot, proxy, pod.metadata.labels)
        return _pod_targets(services, pod) if services else _endpoint_targets(snapshot, proxy)
    if pod_key(proxy) is None:
        return iter(())  # when the proxy connects, istiod looks for the Pod before it reads the labels in the metadata
    return _described_targets(_selecting(snapshot, proxy, proxy.labels), proxy)


def _selecting(snapshot: Snapshot, proxy: Proxy, labels: Labels) -> tuple[Service, ...]:
    """The Kubernetes Services of the proxy's namespace and cluster that select the labels."""
    services = snapshot.services.kubernetes.get((proxy.cluster, proxy.namespace), ())
    return tuple(service for service in services if matches(service.selector, labels))


# ---- Pods


def _pod_targets(services: Iterable[Service], pod: Pod) -> Iterator[ServiceTarget]:
    for service in services:
        # istiod looks up each port by name, so the first of several ports with one name wins.
        named = {port.name: port for port in reversed(service.ports)}
        yield from _distinct(service, ((named[port.name], _pod_port(pod, port)) for port in service.ports))


def _pod_port(pod: Pod, port: ServicePort) -> int | None:
    """The number of the target port; None for a name that no container has."""
    if not isinstance(port.target, str):
        return port.target or port.number
    return next(
        (
            p.container_port
            for container in serving_containers(pod)
            for p in container.ports
            if p.name == port.target and p.protocol == port.transport
        ),
        None,
    )


def _distinct(service: Service, ports: Iterable[tuple[ServicePort, int | None]]) -> Iterator[ServiceTarget]:
    """The target of the first service port for each target port and protocol."""
    seen: set[tuple[int, Protocol]] = set()
    for port, number in ports:
        if number is not None and (number, port.protocol) not in seen:
            seen.add((number, port.protocol))
            yield ServiceTarget(service, port, number)


def _endpoint_targets(snapshot: Snapshot, proxy: Proxy) -> Iterator[ServiceTarget]:
    """The targets of a Pod that no Service selects, by the endpoints with its address, as in headless Services."""
    for service in snapshot.services.kubernetes.get((proxy.cluster, proxy.namespace), ()):
        ports = {port.name: port for port in reversed(service.ports)}
        for endpoint in snapshot.endpoints.of(service):
            ours = endpoint.cluster == proxy.cluster and endpoint.address == proxy.ip_addresses[0]
            port = ports.get(endpoint.service_port_name)
            if ours and not endpoint.legacy_port and port is not None:
                yield ServiceTarget(service, port, endpoint.port)


def _described_targets(services: Iterable[Service], proxy: Proxy) -> Iterator[ServiceTarget]:
    """The targets of a proxy without a known Pod, by the ports in its node metadata.

    There are none when the metadata lack one of the ports.
    """
    described = [(service, [(port, _described_port(proxy, port)) for port in service.ports]) for service in services]
    if all(number is not None for _, ports in described for _, number in ports):
        for service, ports in described:
            yield from _distinct(service, ports)


def _described_port(proxy: Proxy, port: ServicePort) -> int | None:
    described = proxy.node_metadata.pod_ports
    if not isinstance(port.target, str):
        return port.target or port.number
    if not described:
        return int(port.target) if port.target.isdecimal() else 0
    named = (p for p in described if p.name == port.target and p.protocol == port.transport)
    return next((p.container_port for p in named), None)


# ---- WorkloadEntries and ServiceEntries


def _entry_of(snapshot: Snapshot, proxy: Proxy) -> Workload | None:
    """The WorkloadEntry with the proxy's address.

    Of several, the one with its name wins, then one in its namespace, then any.
    """
    if proxy.cluster != snapshot.cluster or not proxy.ip_addresses:
        return None
    entries = snapshot.endpoints.entries_at(proxy.ip_addresses[0])
    if len(entries) <= 1:
        return next(iter(entries), None)
    name, _, namespace = proxy.id.partition(".")
    return min(
        entries,
        key=lambda e: ((e.object_name, e.namespace) != (name, namespace), e.namespace != proxy.namespace),
    )


def _entry_targets(snapshot: Snapshot, entry: Workload) -> Iterator[ServiceTarget]:
    for service in snapshot.services.kubernetes.get((snapshot.cluster, entry.namespace), ()):
        selects = service.resolution is Resolution.CLIENT_SIDE_LB and matches(service.selector, entry.labels)
        for port in service.ports if selects else ():
            number = None if port.protocol is Protocol.UDP else entry_port(service, port, entry)
            if number is not None:
                yield ServiceTarget(service, port, number)


def _external_targets(snapshot: Snapshot, proxy: Proxy) -> Iterator[ServiceTarget]:
    """The targets from endpoints of ServiceEntries in the proxy's namespace that have one of its addresses."""
    for service, endpoint in snapshot.endpoints.external_at(proxy.ip_addresses, proxy.namespace):
        port = service.declared_port(endpoint.legacy_port)
        if port is not None:
            yield ServiceTarget(service, port, endpoint.port)
