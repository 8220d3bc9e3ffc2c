"""The destinations of VirtualServices, as written."""

from collections.abc import Iterator
from enum import StrEnum

from msgspec import Struct

from meshcompile.models.networking.virtual_service import MESH_GATEWAY, Destination, VirtualService
from meshcompile.values.hosts import qualified


class DestinationUse(StrEnum):
    """The purpose of a destination. The value describes what happens to traffic if the proxy lacks the cluster."""

    REQUESTS = "requests get 503 NC"
    CONNECTIONS = "connections are closed"
    MIRROR = "mirrored requests are lost"


class Target(Struct, frozen=True):
    """A destination that a VirtualService names."""

    virtual_service: VirtualService
    destination: Destination
    use: DestinationUse

    @property
    def host(self) -> str:
        """The full host."""
        return qualified(self.destination.host, self.virtual_service.namespace)

    @property
    def is_for_its_own_host(self) -> bool:
        """True if only traffic for the destination's own host reaches it, on one of the host's own ports."""
        spec, namespace = self.virtual_service.spec, self.virtual_service.namespace
        return not set(spec.gateways) - {MESH_GATEWAY} and {qualified(h, namespace) for h in spec.hosts} == {self.host}

    @property
    def client_namespaces(self) -> tuple[str, ...]:
        """The namespaces that the VirtualService applies to: those it is exported to by name, else its own."""
        own = self.virtual_service.namespace
        return tuple(own if name in (".", "*") else name for name in self.virtual_service.spec.export_to) or (own,)


def targets(virtual_service: VirtualService) -> Iterator[Target]:
    """Every destination of a VirtualService."""
    for use, destination in _destinations(virtual_service):
        yield Target(virtual_service, destination, use)


def _destinations(virtual_service: VirtualService) -> Iterator[tuple[DestinationUse, Destination]]:
    spec = virtual_service.spec
    for rules in (spec.tcp, spec.tls):
        yield from ((DestinationUse.CONNECTIONS, target.destination) for rule in rules for target in rule.route)
    for http in spec.http:
        yield from ((DestinationUse.REQUESTS, target.destination) for target in http.route)
        yield from ((DestinationUse.MIRROR, mirror.destination) for mirror in http.mirrors)
        if http.mirror is not None:
            yield DestinationUse.MIRROR, http.mirror
