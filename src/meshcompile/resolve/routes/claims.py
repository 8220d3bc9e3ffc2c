"""Claims on the hosts of a sidecar's port: services and hosts, with the routes of each group.

Follows istiod's `BuildSidecarVirtualHostWrapper` and `selectVirtualServices`. The first claim to a host wins, so
VirtualServices are in order of precedence.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from msgspec import Struct

from meshcompile.models.networking.virtual_service import MESH_GATEWAY, HTTPRetry
from meshcompile.queries import Key, derived, query
from meshcompile.resolve.outbound.routed_hosts import RoutedHosts
from meshcompile.resolve.routes.context import RouteClient
from meshcompile.resolve.routes.domains import host_with_port
from meshcompile.resolve.routes.hashing import request_hash, service_hash
from meshcompile.resolve.routes.intent import Retry
from meshcompile.resolve.routes.route_key import RouteKey
from meshcompile.resolve.routes.table import Origins, Routes, ServiceRoute
from meshcompile.resolve.routes.virtual_service.retries import retry
from meshcompile.resolve.routes.virtual_service.rules import rule_routes
from meshcompile.resolve.scope.sidecar import ScopeKey, SidecarScope, l4_scope, sidecar_scope
from meshcompile.snapshot.service import Resolution, Service, ServicePort
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.snapshot.virtual_services import MergedVirtualService, Semantics
from meshcompile.values.hosts import overlaps
from meshcompile.values.names import ClusterName, Direction
from meshcompile.values.ports import Protocol

# A route configuration for every port: of a generic HTTP proxy, or of a unix socket.
EVERY_PORT = 0
# On this port VirtualServices also route hosts without a service.
HTTP_PORT = 80
AS_SIDECAR = frozenset({MESH_GATEWAY})


class HostClaim(Struct, frozen=True):
    """Services, and hosts without a service, that have the same routes on a port.

    Each service has the host by which it is routed. The host is in lower case, except for the generic HTTP proxy.
    `virtual_service` is None for a service without a VirtualService.
    """

    port: int
    services: tuple[tuple[str, Service], ...]
    hosts: tuple[str, ...]
    routes: Routes
    virtual_service: MergedVirtualService | None
    origins: Origins


class RoutePort(Struct, frozen=True, dict=True):
    """A port of a sidecar, or EVERY_PORT, and the egress listener that serves it.

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
        """The ports of a service that are routed here: HTTP ports, and ports without a declared protocol."""
        if self.port == EVERY_PORT:
            return tuple(port for port in service.ports if port.protocol.is_http_or_sniffed)
        port = service.port(self.port)
        return (port,) if port is not None and port.protocol.is_http_or_sniffed else ()

    @cached_property
    def service_retry(self) -> Retry | None:
        """The retry policy of services without a rule."""
        return retry(self.default_retry)

    @cached_property
    def route_client(self) -> RouteClient:
        """The client, with what the rules of VirtualServices match on."""
        return _route_client(self.client, self.port)


@derived
def _route_client(client: RouteKey, port: int) -> RouteClient:
    return RouteClient(
        pairs=client.pairs,
        gateways=AS_SIDECAR,
        port=port,
        is_tls=False,
        only_port=port != EVERY_PORT,
        append_x_forwarded_host=client.append_x_forwarded_host,
    )


class EgressListenerKey(Key, frozen=True):
    """An egress listener of a Sidecar, by its index."""

    scope: ScopeKey
    rank: int


@query
def services_by_port(snapshot: Snapshot, key: EgressListenerKey) -> Mapping[int, Mapping[str, Service]]:
    """The services that an egress listener imports, in the form of `by_port`."""
    return by_port(l4_scope(snapshot, key.scope).egress_listeners[key.rank].services)


@query
def routed_hosts(snapshot: Snapshot, key: EgressListenerKey) -> RoutedHosts:
    """The VirtualServices that an egress listener imports, by host."""
    return RoutedHosts.of(sidecar_scope(snapshot, key.scope).egress_listeners[key.rank].virtual_services)


def route_port(snapshot: Snapshot, key: EgressListenerKey, client: RouteKey, port: int) -> RoutePort:
    """A port of an egress listener."""
    scope = sidecar_scope(snapshot, key.scope)
    listener, services = scope.egress_listeners[key.rank], services_by_port(snapshot, key).get(port, {})
    # On port 80 every VirtualService applies, on other ports only those with the host of a service on the port.
    on_port = (
        listener.virtual_services if port == HTTP_PORT else tuple(routed_hosts(snapshot, key).overlapping(services))
    )
    default_retry = snapshot.mesh.default_http_retry_policy
    return RoutePort(scope, client, port, services, on_port, listener.most_specific, default_retry)


def by_port(services: Iterable[Service]) -> Mapping[int, Mapping[str, Service]]:
    """Port -> host -> the last service with both. EVERY_PORT has all services. Ports for UDP have no routes."""
    index: dict[int, dict[str, Service]] = {EVERY_PORT: {}}
    for service in services:
        index[EVERY_PORT][service.hostname] = service
        for port in service.ports:
            if port.protocol is not Protocol.UDP:
                index.setdefault(port.number, {})[service.hostname.lower()] = service
    return index


def claims(snapshot: Snapshot, route_port: RoutePort) -> Iterator[HostClaim]:
    """All claims on a port: VirtualServices in order of precedence, then services without a VirtualService."""
    routed: set[str] = set()
    for virtual_service in route_port.virtual_services:
        for claim in _of_virtual_service(snapshot, virtual_service, route_port):
            routed.update(host for host, _ in claim.services)
            yield claim
    for host, service in route_port.services.items():
        if host not in routed and service.resolution is not Resolution.ALIAS:
            for port in route_port.ports(service):
                yield _of_service(host, service, port, route_port)


def _of_service(host: str, service: Service, port: ServicePort, route_port: RoutePort) -> HostClaim:
    rule = route_port.scope.destination_rule(host, route_port.client.labels)
    consistent_hash = service_hash(rule, port.number)
    route = ServiceRoute(
        cluster=ClusterName(Direction.OUTBOUND, port.number, "", host),
        operation=f"{host_with_port(host, port.number)}/*",
        hash=None if consistent_hash is None else request_hash(consistent_hash),
        retry=route_port.service_retry,
        origins=(service.origin,),
    )
    return HostClaim(port.number, ((host, service),), (), (route,), None, (service.origin,))


def _of_virtual_service(
    snapshot: Snapshot, virtual_service: MergedVirtualService, route_port: RoutePort
) -> Iterator[HostClaim]:
    """The claims of a VirtualService, one per port; none when none of its rules applies to the proxy."""
    routes = rule_routes(snapshot, virtual_service, route_port.route_client, route_port.scope, route_port.services)
    if not routes:
        return
    hosts, services = _hosts_and_services(virtual_service, route_port)
    if virtual_service.semantics is Semantics.GATEWAY and not _may_route(virtual_service, services, route_port):
        return
    by_number: dict[int, list[tuple[str, Service]]] = {}
    for host, service in services:
        for port in route_port.ports(service):
            by_number.setdefault(port.number, []).append((host, service))
    if not by_number and route_port.port == HTTP_PORT:
        by_number[HTTP_PORT] = []
    # Only one virtual host can have the domain without a port. It belongs to the one of port 80.
    for number in sorted(by_number, key=lambda number: (number != HTTP_PORT, number)):
        yield HostClaim(number, tuple(by_number[number]), hosts, routes, virtual_service, (virtual_service.origin,))


def _may_route(
    virtual_service: MergedVirtualService, services: Iterable[tuple[str, Service]], route_port: RoutePort
) -> bool:
    """True if a route of the Gateway API may route here: it is the client's, or that of one of the services."""
    return any(virtual_service.namespace in (service.namespace, route_port.scope.seen_from) for _, service in services)


def _hosts_and_services(
    virtual_service: MergedVirtualService, route_port: RoutePort
) -> tuple[tuple[str, ...], tuple[tuple[str, Service], ...]]:
    """The hosts of a VirtualService that have no service, and its services.

    A service that only a wildcard covers belongs to the VirtualService with the most specific host.
    """
    known, most_specific = route_port.services, route_port.most_specific
    hosts = [host for host, lower in virtual_service.exact_hosts if lower not in known]
    services = [(lower, known[lower]) for _, lower in virtual_service.exact_hosts if lower in known]
    for wildcard in virtual_service.wildcards:
        if virtual_service.semantics is Semantics.GATEWAY:
            hosts.append(wildcard)
            continue
        covered = [host for host in known if overlaps(wildcard, host)]
        services += [(host, known[host]) for host in covered if most_specific.get(host) is virtual_service]
        hosts += [] if covered else [wildcard]
    return tuple(hosts), tuple(services)
