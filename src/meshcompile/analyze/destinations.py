"""The destinations of VirtualServices, as written."""

from collections.abc import Iterator
from enum import StrEnum

from msgspec import Struct

from meshcompile.analyze.places import whole
from meshcompile.documents import Origin
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
    is_in_list_of_mirrors: bool = False

    @property
    def reported(self) -> Origin:
        """The position at which istioctl reports findings about the destination: that of the host, if it has one.

        istioctl reports the items of `mirrors` at the object.
        """
        return self.destination.at("host") if self.is_reported_at_host else whole(self.virtual_service)

    @property
    def is_reported_at_host(self) -> bool:
        return not self.is_in_list_of_mirrors and (bool(self.destination.host) or self._has_host)

    @property
    def _has_host(self) -> bool:
        """True for an empty host that is written."""
        origin = self.destination.origin
        return "host" in origin.document.place(origin.path).children

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
    spec = virtual_service.spec
    for rules in (spec.tcp, spec.tls):
        for target in (target for rule in rules for target in rule.route):
            yield Target(virtual_service, target.destination, DestinationUse.CONNECTIONS)
    for http in spec.http:
        for route in http.route:
            yield Target(virtual_service, route.destination, DestinationUse.REQUESTS)
        for mirror in http.mirrors:
            yield Target(virtual_service, mirror.destination, DestinationUse.MIRROR, is_in_list_of_mirrors=True)
        if http.mirror is not None:
            yield Target(virtual_service, http.mirror, DestinationUse.MIRROR)
