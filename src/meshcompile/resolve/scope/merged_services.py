"""One service for each host that a scope imports. Follows istiod's `SidecarScope.appendSidecarServices`."""

from collections.abc import Callable, Iterable

from msgspec.structs import replace

from meshcompile.snapshot.service import Registry, Service


def merged_services(services: Iterable[Service]) -> tuple[Service, ...]:
    """One service for each host, in the order in which the hosts first appear."""
    merged: dict[str, Service] = {}
    for service in services:
        existing = merged.setdefault(service.hostname, service)
        if existing is not service:
            merged[service.hostname] = _merge(existing, service)
    return tuple(merged.values())


def _merge(existing: Service, service: Service) -> Service:
    """The service that results from two services with one host.

    A Kubernetes Service wins, else the first service. It gets the ports of both if they agree.
    """
    if service.registry is not existing.registry:
        return service if service.registry is Registry.KUBERNETES else existing
    known = {port.number for port in existing.ports}
    new = {port.number: port for port in reversed(service.ports) if port.number not in known}
    if not new or any(trait(existing) != trait(service) for trait in _MERGEABLE_IF_EQUAL):
        return existing
    return replace(existing, ports=(*existing.ports, *reversed(new.values())))


_MERGEABLE_IF_EQUAL: tuple[Callable[[Service], object], ...] = (
    lambda service: service.namespace,
    lambda service: service.resolution,
    lambda service: service.labels,
    lambda service: service.selector,
    lambda service: service.written_export_to,
)
