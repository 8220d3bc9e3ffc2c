"""The context of routes: the client that gets them, and the services to which destinations refer."""

from collections.abc import Mapping
from functools import cached_property
from typing import Protocol

from msgspec import Struct

from meshcompile.models.networking.virtual_service import Destination, HTTPRetry
from meshcompile.queries import Key
from meshcompile.resolve.outbound.destinations import cluster_at_waypoint, destination_cluster, destination_cluster_on
from meshcompile.snapshot.destination_rules import MergedDestinationRule
from meshcompile.snapshot.service import Service
from meshcompile.values.labels import Labels
from meshcompile.values.names import ClusterName


class ServicesByHost(Protocol):
    """The services that destinations can refer to, by host."""

    def get(self, host: str, /) -> Service | None: ...


class RouteClient(Key, frozen=True, dict=True):
    """The client that gets routes: its labels, its gateways (`mesh` or `namespace/name`), and the port.

    `pairs` are labels. A service's only port takes precedence over `port` unless `only_port`. `behind` are the hosts
    behind a waypoint, and None for other clients.
    """

    pairs: tuple[tuple[str, str], ...]
    gateways: frozenset[str]
    port: int
    is_tls: bool
    only_port: bool
    append_x_forwarded_host: bool
    behind: frozenset[str] | None = None

    @cached_property
    def labels(self) -> Labels:
        return dict(self.pairs)


Target = tuple[Service | None, MergedDestinationRule | None]
"""The service that a host means, and the DestinationRule for it."""


class RouteContext(Struct, frozen=True):
    """The client that gets routes, its namespace, and the services to which its destinations refer.

    `default_retry` is the mesh's policy.
    """

    client: RouteClient
    namespace: str
    targets: Mapping[str, Target]
    default_retry: HTTPRetry | None

    def cluster(self, destination: Destination) -> ClusterName:
        """The cluster of a destination."""
        service, _ = self.targets[destination.host]
        if self.client.behind is not None:
            return cluster_at_waypoint(destination, service, self.client.port, self.client.behind)
        named = destination_cluster_on if self.client.only_port else destination_cluster
        return named(destination, service, self.client.port)

    def destination_rule(self, destination: Destination) -> MergedDestinationRule | None:
        """The DestinationRule for a destination."""
        return self.targets[destination.host][1]
