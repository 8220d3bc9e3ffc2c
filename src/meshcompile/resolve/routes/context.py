"""What routes depend on besides the objects that ask for them: who gets them, and what destinations mean there."""

from typing import Protocol

from msgspec import Struct

from meshcompile.models.networking.virtual_service import Destination, HTTPRetry
from meshcompile.resolve.outbound.destinations import destination_cluster, destination_cluster_on
from meshcompile.resolve.scope.sidecar import SidecarScope
from meshcompile.snapshot.service import Service
from meshcompile.values.labels import Labels
from meshcompile.values.names import ClusterName


class ServicesByHost(Protocol):
    """The services that destinations may mean, by host."""

    def get(self, host: str, /) -> Service | None: ...


class Destinations(Struct, frozen=True):
    """What destinations mean: a service's only port goes before the listener's `port` unless `only_port`."""

    services: ServicesByHost
    port: int
    only_port: bool = False

    def cluster(self, destination: Destination) -> ClusterName:
        """The cluster of a destination."""
        service = self.services.get(destination.host)
        named = destination_cluster_on if self.only_port else destination_cluster
        return named(destination, service, self.port)


class RouteContext(Struct, frozen=True):
    """Who gets routes: a client with these labels, as these gateways (`mesh` or `namespace/name`), on this port.

    `default_retry` is the mesh's policy.
    """

    scope: SidecarScope
    labels: Labels
    gateways: frozenset[str]
    port: int
    is_tls: bool
    destinations: Destinations
    default_retry: HTTPRetry | None
    append_x_forwarded_host: bool
