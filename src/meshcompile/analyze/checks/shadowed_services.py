"""ServiceEntries whose hosts belong to another service."""

from collections.abc import Iterator

from meshcompile.analyze.context import Context
from meshcompile.codes.services import (
    CONFLICTING_SERVICE_ENTRIES,
    NO_DNS_ENDPOINTS,
    SHADOWED_SERVICE_ENTRY,
)
from meshcompile.diagnostics import Diagnostic, Related
from meshcompile.snapshot.entry_endpoints import BY_DNS
from meshcompile.snapshot.service import Registry, Service
from meshcompile.snapshot.service_entries import EntryServices
from meshcompile.snapshot.snapshot import Snapshot


def shadowed_services(context: Context) -> Iterator[Diagnostic]:
    """A finding for each host of a ServiceEntry for which an older service, or a Kubernetes Service, takes
    precedence.
    """
    snapshot = context.snapshot
    for of_entry in snapshot.services.entries:
        for service in {service.hostname: service for service in of_entry.services}.values():
            yield from _shadowed(snapshot, of_entry, service)
            if service.resolution in BY_DNS and service.selector and not snapshot.endpoints.of(service):
                yield NO_DNS_ENDPOINTS(of_entry.entry, host=service.hostname)


def _shadowed(snapshot: Snapshot, of_entry: EntryServices, service: Service) -> Iterator[Diagnostic]:
    where = of_entry.entry.spec.at("hosts", of_entry.entry.spec.hosts.index(service.hostname))
    for other in snapshot.services.by_hostname[service.hostname].values():
        if other.registry is Registry.KUBERNETES:
            related = (Related("this Service has the host", other.origin),)
            yield SHADOWED_SERVICE_ENTRY(
                where, host=service.hostname, service=f"{other.namespace}/{other.name}", related=related
            )
        elif (
            other.namespace == service.namespace
            and other.object_name != service.object_name
            and other.resolution is not service.resolution
        ):
            related = (Related("this ServiceEntry applies", other.origin),)
            yield CONFLICTING_SERVICE_ENTRIES(
                where, host=service.hostname, other=other.object_name, resolution=other.resolution.name, related=related
            )
