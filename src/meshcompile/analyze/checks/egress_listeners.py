"""Egress listeners of Sidecars with a port, which hide what other listeners import on that port."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from meshcompile.analyze.context import Context
from meshcompile.codes.listeners import HIDDEN_BY_LISTENER
from meshcompile.diagnostics import Diagnostic, Related
from meshcompile.models.networking.sidecar import IstioEgressListener, Sidecar
from meshcompile.resolve.scope.imported_hosts import ImportedHosts, imported_hosts
from meshcompile.snapshot.exports import EVERYWHERE, is_visible
from meshcompile.snapshot.service import Service

SHOWN = 3


def egress_listeners(context: Context) -> Iterator[Diagnostic]:
    """A finding for each listener with a port on which hosts of the listener without a port cannot be reached."""
    by_port: Mapping[int, list[Service]] | None = None
    for sidecar in context.resources.all(Sidecar):
        listeners = sidecar.spec.egress
        general = next((each for each in listeners if each.port is None), None)
        if general is None or len(listeners) == 1:
            continue
        by_port = by_port if by_port is not None else _by_port(context)
        for listener in listeners:
            if listener.port is not None and listener.port.number:
                yield from _hidden(sidecar, listener, general, by_port.get(listener.port.number, ()))


def _by_port(context: Context) -> Mapping[int, list[Service]]:
    found: dict[int, list[Service]] = defaultdict(list)
    for service in context.snapshot.services.all:
        for port in service.ports:
            found[port.number].append(service)
    return found


def _hidden(
    sidecar: Sidecar, listener: IstioEgressListener, general: IstioEgressListener, services: Iterable[Service]
) -> Iterator[Diagnostic]:
    own = imported_hosts(listener.hosts, sidecar.namespace, may_exclude=True)
    wider = imported_hosts(general.hosts, sidecar.namespace, may_exclude=True)
    hidden = [
        service.hostname
        for service in services
        if is_visible(service.export_to, (sidecar.namespace,))
        and _imports(wider, service)
        and not _imports(own, service)
    ]
    if hidden and listener.port is not None:
        more = f" and {len(hidden) - SHOWN} more" if len(hidden) > SHOWN else ""
        yield HIDDEN_BY_LISTENER(
            listener.port.at("number"),
            port=listener.port.number,
            imported=", ".join(listener.hosts[:SHOWN]),
            hidden=", ".join(sorted(hidden)[:SHOWN]) + more,
            suggestion="add their hosts to this listener",
            related=(Related("this listener imports them", general.origin),),
        )


def _imports(hosts: Mapping[str, ImportedHosts], service: Service) -> bool:
    found = [each for namespace in (service.namespace, EVERYWHERE) if (each := hosts.get(namespace)) is not None]
    if any(each.excludes(service.hostname) for each in found):
        return False
    return any(each.match_service(service.hostname) for each in found)
