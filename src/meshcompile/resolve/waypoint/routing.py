"""Where a waypoint sends the traffic of a service, by the VirtualServices of its host.

Follows istiod's `buildWaypointInboundHTTPRouteConfig`, `waypointInboundRoute`, `getVirtualServiceForWaypoint` and
`getWaypointTCPRoutes`.
"""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from meshcompile.models.networking.virtual_service import MESH_GATEWAY
from meshcompile.proxy import Proxy
from meshcompile.resolve.outbound.destinations import cluster_at_waypoint
from meshcompile.resolve.routes.context import RouteClient
from meshcompile.resolve.routes.domains import host_with_port
from meshcompile.resolve.routes.hashing import request_hash
from meshcompile.resolve.routes.intent import RequestHash
from meshcompile.resolve.routes.l4_intent import L4Backend, L4Match, L4Route
from meshcompile.resolve.routes.route_key import RouteKey
from meshcompile.resolve.routes.table import ANY_DOMAIN, InlineRoutes, LocalRoute, RuleRoute, ServiceRoute, VirtualHost
from meshcompile.resolve.routes.virtual_service.l4_routes import l4_routes
from meshcompile.resolve.routes.virtual_service.retries import retry
from meshcompile.resolve.routes.virtual_service.rules import rule_routes
from meshcompile.resolve.scope.sidecar import SidecarScope
from meshcompile.snapshot.service import Resolution, Service, ServicePort
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.snapshot.virtual_services import MergedVirtualService
from meshcompile.values.hosts import overlaps
from meshcompile.values.names import ENCAP, ClusterName, Direction
from meshcompile.values.ports import Protocol

AS_MESH = frozenset({MESH_GATEWAY})


class WaypointRouting(Struct, frozen=True, eq=False):
    """Routes what is behind one waypoint. `behind` are the hosts of the services."""

    snapshot: Snapshot
    proxy: Proxy
    scope: SidecarScope
    client: RouteKey
    behind: frozenset[str]

    def http(self, service: Service, port: ServicePort) -> InlineRoutes:
        """The routes of a service's port: those of its VirtualServices, or one to its own cluster."""
        name = vip_cluster("http", service, port)
        routes = tuple(self._rule_routes(service, port))
        default = () if routes else (self._default_route(name, port.number, port.protocol, service),)
        host = VirtualHost(f"inbound|http|{port.number}", _domains(service), (*routes, *default))
        return InlineRoutes(str(name), host, long_responses=not routes and self._routes_as_outbound)

    def http_of_workloads(self) -> InlineRoutes:
        """The routes of connections to workloads."""
        host = VirtualHost("inbound|http|0", (ANY_DOMAIN,), (self._default_route(ENCAP, 0, Protocol.TCP, None),))
        return InlineRoutes(ENCAP, host, long_responses=self._routes_as_outbound)

    def tcp(self, service: Service, port: ServicePort) -> tuple[L4Backend, ...]:
        """The backends of a service's connections on a port; none without a rule. TLS rules come before TCP rules."""
        rules = tuple(l4_routes(each) for each in self._virtual_services(service))
        tls = (route for each in rules for route in each.tls if _takes_tls(route, service.hostname, port.number))
        tcp = (route for each in rules for route in each.tcp if any(_matches(m, port.number) for m in route.matches))
        route = next(tls, None) or next(tcp, None)
        return () if route is None else route.backends

    def cluster(self, backend: L4Backend, port: int) -> str:
        """The cluster of a backend of connections to a port."""
        destination = backend.destination
        return str(cluster_at_waypoint(destination, self.scope.service(destination.host), port, self.behind))

    def _virtual_services(self, service: Service) -> Iterator[MergedVirtualService]:
        """The VirtualServices of a host, from its namespace or the waypoint's."""
        namespaces = (self.proxy.namespace, service.namespace)
        for each in self.scope.egress_listeners[0].virtual_services:
            if each.namespace in namespaces and any(overlaps(host, service.hostname) for host in each.hosts):
                yield each

    def _rule_routes(self, service: Service, port: ServicePort) -> Iterator[RuleRoute]:
        client = self._route_client(port.number)
        for each in self._virtual_services(service):
            yield from rule_routes(self.snapshot, each, client, self.scope, self.scope.services_by_hostname)

    def _route_client(self, port: int) -> RouteClient:
        return RouteClient(
            pairs=self.client.pairs,
            gateways=AS_MESH,
            port=port,
            is_tls=False,
            only_port=False,
            append_x_forwarded_host=self.client.append_x_forwarded_host,
            behind=self.behind,
        )

    @property
    def _routes_as_outbound(self) -> bool:
        return self.snapshot.behaviour.waypoint_outbound_routes

    def _default_route(
        self, cluster: ClusterName | str, port: int, protocol: Protocol, service: Service | None
    ) -> ServiceRoute | LocalRoute:
        operation = f"{host_with_port('' if service is None else service.hostname, port)}/*"
        if not self._routes_as_outbound:
            return LocalRoute(
                str(cluster), operation, not protocol.is_grpc, () if service is None else (service.origin,)
            )
        return ServiceRoute(
            cluster=cluster,
            operation=operation,
            hash=None if service is None else self._hash(service),
            retry=retry(self.snapshot.mesh.default_http_retry_policy),
            origins=() if service is None else (service.origin,),
        )

    def _hash(self, service: Service) -> RequestHash | None:
        """What the rule of a service hashes requests by."""
        rule = self.scope.inbound_destination_rule(service.hostname)
        policy = None if rule is None or not self.snapshot.behaviour.waypoint_hash else rule.traffic_policy
        balancer = None if policy is None else policy.load_balancer
        hashing = None if balancer is None else balancer.consistent_hash
        return None if hashing is None else request_hash(hashing)


def vip_cluster(kind: str, service: Service, port: ServicePort) -> ClusterName:
    """The name of the cluster of a service's port. `kind` is `http` or `tcp`."""
    return ClusterName(Direction.INBOUND_VIP, port.number, kind, service.hostname)


def _domains(service: Service) -> tuple[str, ...]:
    """Every domain, since connections are told apart by addresses. Wildcard hosts restrict what Envoy resolves."""
    return (service.hostname,) if service.resolution is Resolution.DYNAMIC_DNS else (ANY_DOMAIN,)


def _takes_tls(route: L4Route, host: str, port: int) -> bool:
    """True for a rule whose only server name is the host of the service. Others would need chains of their own."""
    by_host = (match for match in route.matches if match.sni_hosts == (host,))
    return not route.matches or any(_matches(match, port) for match in by_host)


def _matches(match: L4Match, port: int) -> bool:
    """True for a match on nothing but the port: a waypoint does not know the labels and the namespace of clients."""
    unknown: Iterable[object] = (match.source_labels, match.source_namespace)
    return not any(unknown) and match.port in (0, port) and (not match.gateways or MESH_GATEWAY in match.gateways)
