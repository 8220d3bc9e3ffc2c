"""Destinations whose host or port does not exist in the mesh. Follows istioctl's `DestinationHostAnalyzer`."""

from collections.abc import Iterator

from meshcompile.analyze.context import Context
from meshcompile.analyze.destinations import DestinationUse, Target, targets
from meshcompile.analyze.suggest import most_similar, name_fixes, question
from meshcompile.codes.references import NOT_FOUND, PORT_REQUIRED
from meshcompile.diagnostics import Diagnostic, Related, Severity
from meshcompile.models.networking.virtual_service import VirtualService
from meshcompile.snapshot.exports import is_visible
from meshcompile.snapshot.service import Registry, Service


def unknown_hosts(context: Context) -> Iterator[Diagnostic]:
    """A finding for each destination to a host, or to a port of one, that clients cannot reach."""
    for virtual_service in context.written.all(VirtualService):
        for target in targets(virtual_service):
            service = _service(context, target)
            if service is not None:
                yield from _port(target, service)
            elif not context.assumes(target.host) and not context.is_host_of_rejected(target.host):
                yield _missing_host(context, target)


def _service(context: Context, target: Target) -> Service | None:
    """The service of a destination, as the namespaces that the rule applies to see it."""
    return next(
        (s for s in context.services_of(target.host) if is_visible(s.export_to, target.client_namespaces)), None
    )


def _missing_host(context: Context, target: Target) -> Diagnostic:
    written, place = target.destination.host, target.destination.at("host")
    kind = "mirror host" if target.use is DestinationUse.MIRROR else "host"
    hidden = next(context.services_of(target.host), None)
    if hidden is not None:
        return NOT_FOUND(
            place,
            problem=f"{kind} `{written}` is hidden from namespace {target.virtual_service.namespace} by `exportTo`",
            effect=target.use.value,
            reported=target.reported,
            related=(Related(f"exported to {', '.join(sorted(hidden.export_to))}", hidden.origin),),
        )
    elsewhere, similar = _in_other_namespace(context, target), most_similar(written, _known_hosts(context, target))
    full = "" if written == target.host else f" ({target.host})"
    return NOT_FOUND(
        place,
        problem=f"no Service or ServiceEntry has the {kind} `{written}`{full}",
        effect=target.use.value,
        severity=context.of_hosts,
        reported=target.reported,
        suggestion=f"Service {elsewhere.name} is in namespace {elsewhere.namespace}: write `{elsewhere.hostname}`"
        if elsewhere
        else question(similar),
        fixes=name_fixes(place, written, elsewhere.hostname if elsewhere else similar),
    )


def _in_other_namespace(context: Context, target: Target) -> Service | None:
    """A Service with the name of the destination."""
    named = context.services_by_name.get(target.destination.host.partition(".")[0], ())
    return next((service for service in named if service.registry is Registry.KUBERNETES), None)


def _known_hosts(context: Context, target: Target) -> frozenset[str]:
    """The hosts that the destination could name in the form in which it is written."""
    if "." in target.destination.host:
        return context.hosts
    return context.short_names.get(target.virtual_service.namespace, frozenset())


def _port(target: Target, service: Service) -> Iterator[Diagnostic]:
    destination, ports = target.destination, [port.number for port in service.ports]
    host, numbers = destination.host, ", ".join(map(str, ports))
    if destination.port is None:
        if len(ports) > 1:
            yield PORT_REQUIRED(
                destination.at("host"),
                reported=None if target.is_reported_at_host else target.reported,
                host=host,
                ports=numbers,
                effect=target.use.value,
                severity=Severity.INFO if target.is_for_its_own_host else None,
            )
    elif destination.port.number not in ports:
        problem = f"host `{host}` has no port {destination.port.number}"
        yield NOT_FOUND(
            destination.at("port", "number"),
            reported=target.reported,
            problem=problem,
            effect=target.use.value,
            suggestion=f"it has {numbers}" if ports else "it declares no port",
            related=(Related("the ports are declared here", service.origin),),
        )
