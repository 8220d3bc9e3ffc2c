"""Hosts that ServiceEntries of several namespaces have, with different settings."""

from collections.abc import Iterator, Mapping

from meshcompile.analyze.context import Context
from meshcompile.codes.server_ports import HOST_OF_SEVERAL_ENTRIES
from meshcompile.diagnostics import Diagnostic, Related
from meshcompile.snapshot.exports import EVERYWHERE
from meshcompile.snapshot.service import Registry, Service


def hosts_of_several_entries(context: Context) -> Iterator[Diagnostic]:
    """A finding for each host that another namespace's ServiceEntry has for all clients outside of this one."""
    known = context.snapshot.services.by_hostname
    for of_entry in context.snapshot.services.entries:
        for service in {service.hostname: service for service in of_entry.services}.values():
            first = _first(known[service.hostname])
            if first is None or first.namespace == service.namespace or not _differ(first, service):
                continue
            spec = of_entry.entry.spec
            yield HOST_OF_SEVERAL_ENTRIES(
                spec.at("hosts", spec.hosts.index(service.hostname)),
                host=service.hostname,
                other=f"{first.namespace}/{first.object_name}",
                own=service.namespace,
                related=(Related("the other one", first.origin),),
            )


def _first(services: Mapping[str, Service]) -> Service | None:
    """The service that clients of other namespaces use; None where a Kubernetes Service has the host."""
    public = [service for service in services.values() if EVERYWHERE in service.export_to]
    if len(public) < 2 or any(service.registry is Registry.KUBERNETES for service in public):
        return None
    return min(public, key=lambda each: (each.creation_time, each.name, each.namespace, each.object_name))


def _differ(a: Service, b: Service) -> bool:
    """True if it matters which of two public services a client uses."""
    ports = [{(port.number, port.protocol) for port in each.ports} for each in (a, b)]
    return EVERYWHERE in b.export_to and (ports[0] != ports[1] or a.resolution is not b.resolution)
