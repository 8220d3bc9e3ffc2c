"""The hosts and ports to which VirtualServices send traffic."""

from collections.abc import Iterator, Mapping

from meshcompile.models.networking.virtual_service import Destination
from meshcompile.queries import derived
from meshcompile.snapshot.virtual_services import MergedVirtualService


def destinations(route: MergedVirtualService, namespace: str) -> Mapping[str, frozenset[int]]:
    """The destination hosts of a VirtualService, sorted, each with its ports. Port 0 marks a destination without a
    port.

    HTTP rules whose matches all require another source namespace do not count.
    """
    return _destinations_from(route, namespace if route.matches_namespaces else "")


@derived
def _destinations_from(route: MergedVirtualService, namespace: str) -> Mapping[str, frozenset[int]]:
    ports: dict[str, set[int]] = {}
    for destination in _destinations(route, namespace):
        ports.setdefault(destination.host, set()).add(destination.port.number if destination.port else 0)
    return {host: frozenset(numbers) for host, numbers in sorted(ports.items())}


def _destinations(route: MergedVirtualService, namespace: str) -> Iterator[Destination]:
    for http in route.http:
        source_namespaces = [match.source_namespace for match in http.match if match.source_namespace]
        if source_namespaces and namespace not in source_namespaces:
            continue
        yield from (target.destination for target in http.route if target.destination is not None)
        if http.mirror is not None:
            yield http.mirror
        yield from (mirror.destination for mirror in http.mirrors if mirror.destination is not None)
    for targets in (*(rule.route for rule in route.tcp), *(rule.route for rule in route.tls)):
        yield from (target.destination for target in targets if target.destination is not None)
