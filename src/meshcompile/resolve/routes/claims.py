"""What wants to be routed on a sidecar's port: services and hosts, each group with its routes.

Follows istiod's `BuildSidecarVirtualHostWrapper` and `selectVirtualServices`. The first claim to a host wins, so the
order of VirtualServices is that of their precedence.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from meshcompile.hosts import is_wildcard, overlaps
from meshcompile.models.networking.virtual_service import Destination
from meshcompile.names import ClusterName, Direction
from meshcompile.resolve.destinations import destination_cluster, destination_cluster_on
from meshcompile.resolve.routed_hosts import RoutedHosts
from meshcompile.resolve.routes.domains import host_with_port
from meshcompile.resolve.routes.hashing import service_hash
from meshcompile.resolve.routes.proxy_headers import appends_forwarded_host
from meshcompile.resolve.routes.rules import Asking, rule_routes
from meshcompile.resolve.routes.table import Origins, Routes, ServiceRoute
from meshcompile.resolve.scope import EgressListener
from meshcompile.resolve.view import View
from meshcompile.snapshot.service import Resolution, Service, ServicePort
from meshcompile.snapshot.short_names import MESH_GATEWAY
from meshcompile.snapshot.virtual_services import MergedVirtualService

# A route configuration for every port: of a generic HTTP proxy, or of a unix socket.
EVERY_PORT = 0
# On this port VirtualServices route hosts that no service has.
HTTP_PORT = 80
AS_SIDECAR = frozenset({MESH_GATEWAY})


@dataclass(frozen=True, slots=True, eq=False)
class Claim:
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


@dataclass(frozen=True)
class Listening:
    """A port of a sidecar (EVERY_PORT for all of them) and the egress listener that serves it."""

    view: View
    listener: EgressListener
    port: int

    @cached_property
    def services(self) -> Mapping[str, Service]:
        """The services that have the port, by host."""
        index = self.view.scope.memo.once(("services by port", self.listener), lambda: by_port(self.listener.services))
        return index.get(self.port, {})

    def ports(self, service: Service) -> tuple[ServicePort, ...]:
        """The ports of a service that are routed here: only those for HTTP, or for who knows what."""
        if self.port == EVERY_PORT:
            return tuple(port for port in service.ports if port.protocol.is_http_or_sniffed)
        port = service.port(self.port)
        return (port,) if port is not None and port.protocol.is_http_or_sniffed else ()

    @cached_property
    def asking(self) -> Asking:
        view = self.view
        return Asking(
            proxy=view.proxy,
            scope=view.scope,
            gateways=AS_SIDECAR,
            port=self.port,
            is_tls=False,
            cluster=self._cluster_of_any if self.port == EVERY_PORT else self._cluster,
            retry=view.snapshot.mesh.default_http_retry_policy,
            append_x_forwarded_host=appends_forwarded_host(view),
        )

    def _cluster(self, destination: Destination) -> ClusterName:
        return destination_cluster_on(destination, self.services.get(destination.host), self.port)

    def _cluster_of_any(self, destination: Destination) -> ClusterName:
        return destination_cluster(destination, self.services.get(destination.host), self.port)


def by_port(services: Iterable[Service]) -> Mapping[int, Mapping[str, Service]]:
    """Port -> host -> the last service that has both; under EVERY_PORT all services."""
    index: dict[int, dict[str, Service]] = {EVERY_PORT: {}}
    for service in services:
        index[EVERY_PORT][service.hostname] = service
        for port in service.ports:
            index.setdefault(port.number, {})[service.hostname.lower()] = service
    return index


def claims(listening: Listening) -> Iterator[Claim]:
    """All claims on a port: of VirtualServices in order of precedence, then of services that none of them routes."""
    routed: set[str] = set()
    for virtual_service in _virtual_services(listening):
        for claim in _of_virtual_service(virtual_service, listening):
            routed.update(host for host, _ in claim.services)
            yield claim
    for host, service in listening.services.items():
        if host not in routed and service.resolution is not Resolution.ALIAS:
            for port in listening.ports(service):
                yield _of_service(host, service, port, listening)


def _of_service(host: str, service: Service, port: ServicePort, listening: Listening) -> Claim:
    view = listening.view
    rule = view.scope.destination_rule(host, view.proxy)
    route = ServiceRoute(
        cluster=ClusterName(Direction.OUTBOUND, port.number, "", host),
        operation=f"{host_with_port(host, port.number)}/*",
        hash_policy=service_hash(rule, port.number),
        retry=view.snapshot.mesh.default_http_retry_policy,
        origins=(service.origin,),
    )
    return Claim(port.number, ((host, service),), (), (route,), None, (service.origin,))


def _of_virtual_service(virtual_service: MergedVirtualService, listening: Listening) -> Iterator[Claim]:
    """The claims of a VirtualService, one per port; none when no rule of it is for this proxy."""
    routes = rule_routes(virtual_service, listening.asking)
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
    known, most_specific = listening.services, listening.listener.most_specific
    exact = tuple(host for host in virtual_service.hosts if not is_wildcard(host))
    hosts = [host for host in exact if host.lower() not in known]
    services = [(host.lower(), known[host.lower()]) for host in exact if host.lower() in known]
    for wildcard in (host.lower() for host in virtual_service.hosts if is_wildcard(host)):
        covered = [host for host in known if overlaps(wildcard, host)]
        services += [(host, known[host]) for host in covered if most_specific.get(host) is virtual_service]
        hosts += [] if covered else [wildcard]
    return tuple(hosts), tuple(services)


# ---- which VirtualServices have a say on a port


def _virtual_services(listening: Listening) -> Iterable[MergedVirtualService]:
    """Those with a host that a service of this port has; on port 80 all of them."""
    if listening.port == HTTP_PORT:
        return listening.listener.virtual_services
    memo, listener = listening.view.scope.memo, listening.listener
    index = memo.once(("routed hosts", listener), lambda: RoutedHosts.of(listener.virtual_services))
    return index.overlapping(listening.services)
