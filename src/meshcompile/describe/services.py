"""Services and ServiceEntries: ports, endpoints, and what their clients get."""

from collections.abc import Iterator
from typing import Any

from meshcompile.describe.description import DescribedFact
from meshcompile.describe.mutual_tls import rules_by_client
from meshcompile.describe.routing import action, matches
from meshcompile.describe.usage import full_name, names
from meshcompile.describe.world import DescribedWorld, RunningProxy
from meshcompile.documents import Origin
from meshcompile.models.base import Resource
from meshcompile.models.networking.virtual_service import MESH_GATEWAY
from meshcompile.snapshot.service import Service, ServicePort
from meshcompile.snapshot.virtual_services import MergedVirtualService
from meshcompile.values.hosts import covering
from meshcompile.values.ports import Protocol


def services_of(world: DescribedWorld, resource: Resource) -> tuple[Service, ...]:
    """The services that an object is."""
    return tuple(each for each in world.snapshot.services.all if each.origin.document is resource.origin.document)


def behind(world: DescribedWorld, service: Service) -> list[RunningProxy]:
    """The proxies that serve a service."""
    return [each for each in world.proxies if any(_is(service, target.service) for target in each.facts.targets)]


def _is(service: Service, other: Service) -> bool:
    return (service.hostname, service.namespace) == (other.hostname, other.namespace)


def ports(world: DescribedWorld, service: Service) -> Iterator[DescribedFact]:
    """The ports, their protocols, and their endpoints."""
    for port in service.ports:
        endpoints = world.snapshot.endpoints.named(service, port.name)
        count = f"{len(endpoints)} endpoint{'' if len(endpoints) == 1 else 's'}"
        empty = not endpoints and not service.mesh_external and service.is_headless is False
        yield DescribedFact(f"{port.number} {port.name}: {_protocol(port)}, {count}", port.origin, empty)


def _protocol(port: ServicePort) -> str:
    return "protocol detected from what clients send" if port.protocol is Protocol.AUTO else port.protocol.value


def servers(world: DescribedWorld, service: Service) -> Iterator[DescribedFact]:
    """The workloads behind a service, with and without a proxy."""
    workloads = {e.workload.addresses: e.workload for e in world.snapshot.endpoints.of(service)}
    running = behind(world, service)
    if running:
        yield DescribedFact(f"workloads with a proxy: {names(running)}")
    bare = sorted({f"{w.name}.{w.namespace}" for w in workloads.values() if not w.takes_mutual_tls})
    if bare:
        yield DescribedFact(f"workloads without a sidecar: {', '.join(bare)}")
    if not workloads and not service.mesh_external:
        yield DescribedFact("no workload is behind it", service.origin, problem=True)


def routing(world: DescribedWorld, service: Service) -> Iterator[DescribedFact]:
    """The VirtualService and the DestinationRule in force in the mesh, by the namespaces of clients."""
    for namespaces, merged in _routes(world, service):
        where = f"clients in {', '.join(namespaces)}"
        if merged is None:
            yield DescribedFact(f"{where}: no VirtualService, requests go to its endpoints")
        else:
            details = tuple(_rules(merged))
            yield DescribedFact(f"{where}: {full_name(merged)}", merged.origin, details=details)
    for namespaces, rule in rules_by_client(world, service):
        if rule is not None:
            subsets = ", ".join(each.name for each in rule.subsets)
            listed = f" with subsets {subsets}" if subsets else ""
            text = f"clients in {', '.join(namespaces)}: DestinationRule {rule.namespace}/{rule.name}{listed}"
            yield DescribedFact(text, rule.origins[0])


def _rules(merged: MergedVirtualService) -> Iterator[DescribedFact]:
    for rule in merged.http:
        written = _written(rule.origin)
        yield DescribedFact(f"{matches(written)} -> {action(written)}", rule.origin)


def _written(origin: Origin) -> Any:
    value = origin.document.value
    for key in origin.path:
        value = value[key]
    return value


def _routes(world: DescribedWorld, service: Service) -> Iterator[tuple[tuple[str, ...], MergedVirtualService | None]]:
    groups: dict[int, tuple[list[str], MergedVirtualService | None]] = {}
    wanted = tuple(covering(service.hostname))
    for namespace in sorted({each.proxy.namespace for each in world.proxies if each.proxy.is_sidecar}):
        every = world.snapshot.virtual_services.for_gateway(namespace, MESH_GATEWAY)
        found = next((each for host in wanted for each in every if host in each.hosts), None)
        groups.setdefault(id(found), ([], found))[0].append(namespace)
    for namespaces, merged in groups.values():
        yield tuple(namespaces), merged


def waypoint(world: DescribedWorld, service: Service) -> Iterator[DescribedFact]:
    """The waypoint of a service in an ambient mesh."""
    found = world.snapshot.ambient_index.services.get((service.namespace, service.hostname))
    if found is None:
        return
    attachment = found.attachment
    if attachment.waypoint is not None:
        yield DescribedFact(f"requests go through waypoint {attachment.waypoint.full_name}", attachment.waypoint.origin)
        by_gateways = "also" if found.ingress_uses_waypoint else "not"
        yield DescribedFact(f"requests of gateways go {by_gateways} through it")
    elif attachment.name is not None:
        name = "/".join(attachment.name)
        yield DescribedFact(f"it asks for waypoint {name}, and uses none: {attachment.refused}", problem=True)
