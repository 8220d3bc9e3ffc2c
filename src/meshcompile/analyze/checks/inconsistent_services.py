"""Services that differ between clusters. Follows istioctl's `MultiClusterServiceAnalyzer`."""

from collections.abc import Iterator

from meshcompile.analyze.context import Context
from meshcompile.analyze.places import whole
from meshcompile.codes.services import INCONSISTENT_SERVICE
from meshcompile.diagnostics import Diagnostic, Related
from meshcompile.models.kubernetes.service import HEADLESS, Service


def inconsistent_services(context: Context) -> Iterator[Diagnostic]:
    """A finding for each Service of a remote cluster that differs from the one of the config cluster."""
    own = {service.full_name: service for service in context.resources.all(Service)}
    for cluster, resources in context.resources.clusters.items():
        for other in resources.all(Service):
            service = own.get(other.full_name)
            if service is not None and (differences := _differences(service, other)):
                related = (Related(f"the Service of cluster {cluster}", other.origin),)
                yield INCONSISTENT_SERVICE(
                    service,
                    reported=whole(service),
                    cluster=cluster,
                    differences="; ".join(differences),
                    related=related,
                )


def _differences(one: Service, other: Service) -> list[str]:
    found = []
    if (one.spec.cluster_ip == HEADLESS) != (other.spec.cluster_ip == HEADLESS):
        found.append("only one of them is headless")
    if one.spec.type != other.spec.type:
        found.append(f"the types are {one.spec.type} and {other.spec.type}")
    if _ports(one) != _ports(other):
        found.append("the ports differ")
    return found


def _ports(service: Service) -> list[tuple[object, ...]]:
    ports = service.spec.ports
    return sorted(
        (port.name, port.port, port.protocol, port.app_protocol or "", str(port.target_port)) for port in ports
    )
