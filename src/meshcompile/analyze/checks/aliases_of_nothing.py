"""Destinations to ExternalName Services that stand for a host which nothing has.

An ExternalName Service is another name of a host and has no cluster of its own: routes lead to the cluster of the host.
"""

from collections.abc import Iterator

from meshcompile.analyze.context import Context
from meshcompile.analyze.destinations import Target, targets
from meshcompile.codes.routes import CLUSTER_NOT_FOUND
from meshcompile.diagnostics import Diagnostic, Related
from meshcompile.models.networking.virtual_service import VirtualService
from meshcompile.snapshot.service import Resolution, Service
from meshcompile.values.names import outbound


def aliases_of_nothing(context: Context) -> Iterator[Diagnostic]:
    """A finding for each destination to an ExternalName Service whose host no service of the mesh has."""
    for virtual_service in context.resources.all(VirtualService):
        for target in targets(virtual_service):
            for alias in context.services_for(target.host):
                if alias.resolution is Resolution.ALIAS and alias.external_name not in context.hosts:
                    yield from _without_cluster(target, alias)


def _without_cluster(target: Target, alias: Service) -> Iterator[Diagnostic]:
    port = target.destination.port
    number = next((each.number for each in alias.ports), 0) if port is None else port.number
    if any(each.number == number for each in alias.ports):  # IST0101 reports a port that it does not declare
        yield CLUSTER_NOT_FOUND(
            target.destination.at("host"),
            cluster=outbound(number, target.destination.subset, alias.external_name),
            effect=target.use.value,
            reason=f"no Service or ServiceEntry has the host {alias.external_name}",
            suggestion=f"write a ServiceEntry for {alias.external_name}, and route to it",
            related=(Related("this Service stands for it", alias.origin),),
        )
