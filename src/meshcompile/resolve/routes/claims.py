"""What wants to be routed on a sidecar's port: services and hosts, each group with its routes.

Follows istiod's `BuildSidecarVirtualHostWrapper` and `selectVirtualServices`. The first claim to a host wins, so the
order of VirtualServices is that of their precedence.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from msgspec import Struct

from meshcompile.models.networking.virtual_service import MESH_GATEWAY, HTTPRetry
from meshcompile.queries import Key, query
from meshcompile.resolve.outbound.routed_hosts import RoutedHosts
from meshcompile.resolve.routes.context import RouteClient
from meshcompile.resolve.routes.domains import host_with_port
from meshcompile.resolve.routes.hashing import request_hash, service_hash
from meshcompile.resolve.routes.intent import Retry
from meshcompile.resolve.routes.shared import RouteKey
from meshcompile.resolve.routes.table import Origins, Routes, ServiceRoute
from meshcompile.resolve.routes.virtual_service.retries import retry
from meshcompile.resolve.routes.virtual_service.rules import rule_routes
from meshcompile.resolve.scope.sidecar import ScopeKey, SidecarScope, sidecar_scope
from meshcompile.snapshot.service import Resolution, Service, ServicePort
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.snapshot.virtual_services import MergedVirtualService
from meshcompile.values.hosts import is_wildcard, overlaps
from meshcompile.values.names import ClusterName, Direction

# A route configuration for every port: of a generic HTTP proxy, or of a unix socket.
EVERY_PORT = 0
# On this port VirtualServices route hosts that no service has.
HTTP_PORT = 80
AS_SIDECAR = frozenset({MESH_GATEWAY})


class Claim(Struct, frozen=True):
    """Services, and hosts that no service has, that want the same routes on a port.

    Services come under the host that they are routed by: in lower case, but for the generic HTTP proxy.
    `virtual_service` is None for a service that no VirtualService routes.
    """

    port: int
    services: tuple[tuple[str, Service], ...]
    hosts: tuple[str, ...]
    routes: Routes
    virtual_service: MergedVirtualService | None
    origins: Origins


class Listening(Struct, frozen=True, dict=True):
    """A port of a sidecar (EVERY_PORT for all of them), and the egress listener that serves it.

    `services` are the services that have the port, by host; `default_retry` is the mesh's policy.
    """

    scope: SidecarScope
    client: RouteKey
    port: int
    services: Mapping[str, Service]
    virtual_services: Sequence[MergedVirtualService]
    most_specific: Mapping[str, MergedVirtualService]
    default_retry: HTTPRetry | None

    def ports(self, service: Service) -> tuple[ServicePort, ...]:
        """The ports of a service that are routed here: only those for HTTP, or for who knows what."""
        if self.port == EVERY_PORT:
            return tuple(port for port in service.ports if port.protocol.is_http_or_sniffed)
        port = service.port(self.port)
        return (port,) if port is not None and port.protocol.is_http_or_sniffed else ()

    @cached_property
    def service_retry(self) -> Retry | None:
        """The policy of services that no rule routes."""
        return retry(self.default_retry)

    @cached_property
    def route_client(self) -> RouteClient:
        """The client, as the routes of VirtualServices see it."""
        return RouteClient(
            pairs=self.client.pairs,
            gateways=AS_SIDECAR,
            port=self.port,
            is_tls=False,
            only_port=self.port != EVERY_PORT,
            append_x_forwarded_host=self.client.append_x_forwarded_host,
        )


class EgressListenerKey(Key, frozen=True):
    """An egress listener of a Sidecar, by its place among them."""

    scope: ScopeKey
    rank: int


@query
def services_by_port(snapshot: Snapshot, key: EgressListenerKey) -> Mapping[int, Mapping[str, Service]]:
    """The services that an egress listener imports: see `by_port`."""
    return by_port(sidecar_scope(snapshot, key.scope).egress_listeners[key.rank].services)


@query
def routed_hosts(snapshot: Snapshot, key: EgressListenerKey) -> RoutedHosts:
    """The VirtualServices that an egress listener imports, by host."""
    return RoutedHosts.of(sidecar_scope(snapshot, key.scope).egress_listeners[key.rank].virtual_services)


def listening(snapshot: Snapshot, key: EgressListenerKey, client: RouteKey, port: int) -> Listening:
    """A port of an egress listener."""
    scope = sidecar_scope(snapshot, key.scope)
    listener, services = scope.egress_listeners[key.rank], services_by_port(snapshot, key).get(port, {})
    # On port 80 every VirtualService has a say, elsewhere those with a host that a service of this port has.
    on_port = (
        listener.virtual_services if port == HTTP_PORT else tuple(routed_hosts(snapshot, key).overlapping(services))
    )
    default_retry = snapshot.mesh.default_http_retry_policy
    return Listening(scope, client, port, services, on_port, listener.most_specific, default_retry)


def by_port(services: Iterable[Service]) -> Mapping[int, Mapping[str, Service]]:
    """Port -> host -> the last service that has both; under EVERY_PORT all services."""
    index: dict[int, dict[str, Service]] = {EVERY_PORT: {}}
    for service in services:
        index[EVERY_PORT][service.hostname] = service
        for port in service.ports:
            index.setdefault(port.number, {})[service.hostname.lower()] = service
    return index


def claims(snapshot: Snapshot, listening: Listening) -> Iterator[Claim]:
    """All claims on a port: of VirtualServices in order of precedence, then of services that none of them routes."""
    routed: set[str] = set()
    for virtual_service in listening.virtual_services:
        for claim in _of_virtual_service(snapshot, virtual_service, listening):
            routed.update(host for host, _ in claim.services)
            yield claim
    for host, service in listening.services.items():
        if host not in routed and service.resolution is not Resolution.ALIAS:
            for port in listening.ports(service):
                yield _of_service(host, service, port, listening)


def _of_service(host: str, service: Service, port: ServicePort, listening: Listening) -> Claim:
    rule = listening.scope.destination_rule(host, listening.client.labels)
    consistent_hash = service_hash(rule, port.number)
    route = ServiceRoute(
        cluster=ClusterName(Direction.OUTBOUND, port.number, "", host),
        operation=f"{host_with_port(host, port.number)}/*",
        hash=None if consistent_hash is None else request_hash(consistent_hash),
        retry=listening.service_retry,
        origins=(service.origin,),
    )
    return Claim(port.number, ((host, service),), (), (route,), None, (service.origin,))


def _of_virtual_service(
    snapshot: Snapshot, virtual_service: MergedVirtualService, listening: Listening
) -> Iterator[Claim]:
    """The claims of a VirtualService, one per port; none when no rule of it is for this proxy."""
    routes = rule_routes(snapshot, virtual_service, listening.route_client, listening.scope, listening.services)
    if not routes:
        return
    hosts, services = _hosts_and_services(virtual_service, listening)
    by_number: dict[int, list[tuple[str, Service]]] = {}
    for host, service in services:
        for port in listening.ports(service):
            by_number.setdefault(port.number, []).append((host, service))
    if not by_number and listening.port == HTTP_PORT:
        by_number[HTTP_PORT] = []
    # Only one port's virtual host can have the host without a port, and it should be this one's.
    for number in sorted(by_number, key=lambda number: (number != HTTP_PORT, number)):
        yield Claim(number, tuple(by_number[number]), hosts, routes, virtual_service, (virtual_service.origin,))


def _hosts_and_services(
    virtual_service: MergedVirtualService, listening: Listening
) -> tuple[tuple[str, ...], tuple[tuple[str, Service], ...]]:
    """The hosts of a VirtualService that no service has, and its services.

    A service that only a wildcard covers belongs to the VirtualService with the most specific host.
    """
    known, most_specific = listening.services, listening.most_specific
    exact = tuple(host for host in virtual_service.hosts if not is_wildcard(host))
    hosts = [host for host in exact if host.lower() not in known]
    services = [(host.lower(), known[host.lower()]) for host in exact if host.lower() in known]
    for wildcard in (host.lower() for host in virtual_service.hosts if is_wildcard(host)):
        covered = [host for host in known if overlaps(wildcard, host)]
        services += [(host, known[host]) for host in covered if most_specific.get(host) is virtual_service]
        hosts += [] if covered else [wildcard]
    return tuple(hosts), tuple(services)
