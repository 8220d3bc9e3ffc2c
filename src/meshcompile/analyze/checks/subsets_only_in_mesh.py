"""Subsets that requests through a gateway bypass. Follows istioctl's `DestinationHostAnalyzer.analyzeSubset`."""

from collections import defaultdict
from collections.abc import Iterator

from meshcompile.analyze.context import Context
from meshcompile.analyze.places import whole
from meshcompile.codes.references import SUBSETS_ONLY_IN_MESH
from meshcompile.diagnostics import Diagnostic, Related
from meshcompile.models.networking.virtual_service import VirtualService


def subsets_only_in_mesh(context: Context) -> Iterator[Diagnostic]:
    """A finding for each VirtualService with gateways that routes to a host for which others route to subsets."""
    splitting = _splitting(context)
    for virtual_service in context.written.all(VirtualService):
        if not virtual_service.spec.gateways:
            continue
        others = {
            (other.full_name, host): other
            for host in _whole_hosts(virtual_service)
            for other in splitting.get(host, {}).values()
        }
        for (name, host), other in {key[0]: (key, value) for key, value in others.items()}.values():
            related = (Related("it routes to subsets", other.origin),)
            yield SUBSETS_ONLY_IN_MESH(
                virtual_service, reported=whole(virtual_service), other=name, host=host, related=related
            )


def _splitting(context: Context) -> dict[str, dict[str, VirtualService]]:
    """The VirtualServices that route one of their own hosts to subsets of it, by the host as written."""
    found: dict[str, dict[str, VirtualService]] = defaultdict(dict)
    for virtual_service in context.written.all(VirtualService):
        hosts = set(virtual_service.spec.hosts)
        for target in (target for http in virtual_service.spec.http for target in http.route):
            destination = target.destination
            if destination is not None and destination.subset and destination.host in hosts:
                found[destination.host][virtual_service.full_name] = virtual_service
    return found


def _whole_hosts(virtual_service: VirtualService) -> Iterator[str]:
    """The hosts that a VirtualService routes to without a subset."""
    for target in (target for http in virtual_service.spec.http for target in http.route):
        if target.destination is not None and not target.destination.subset:
            yield target.destination.host
