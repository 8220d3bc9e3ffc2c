"""The route configurations of gateways: one per plain HTTP port, one per HTTPS server.

Follows istiod's `buildGatewayHTTPRouteConfig`. Unlike at a sidecar, a host at a gateway gets the routes of
every VirtualService that names it, in order of precedence. Routes that match every request come last.
"""

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct, field

from meshcompile.codes.routes import UNREACHABLE_RULE
from meshcompile.diagnostics import Diagnostic, Related
from meshcompile.documents import Origin
from meshcompile.queries import Key, query
from meshcompile.resolve.facts import ProxyFacts
from meshcompile.resolve.findings import by_place
from meshcompile.resolve.gateways.server import GatewayServer
from meshcompile.resolve.outbound.routed_hosts import GatewayKey, routed_at_gateway
from meshcompile.resolve.routes.context import RouteClient
from meshcompile.resolve.routes.domains import host_with_port
from meshcompile.resolve.routes.proxy_headers import appends_forwarded_host, counts_attempts
from meshcompile.resolve.routes.route_key import read_labels
from meshcompile.resolve.routes.table import ANY_DOMAIN, RouteTable, RuleRoute, VirtualHost
from meshcompile.resolve.routes.virtual_service.rules import rule_routes
from meshcompile.resolve.scope.sidecar import ScopeKey, SidecarScope, sidecar_scope
from meshcompile.snapshot.exports import EVERYWHERE
from meshcompile.snapshot.service import Service
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.snapshot.virtual_services import MergedVirtualService
from meshcompile.values.hosts import is_wildcard, specificity, subset_of


class GatewayTableKey(Key, frozen=True):
    """A route name, its servers, and the traits of a gateway that its routes depend on.

    `pairs` are the labels that some rule reads.
    """

    name: str
    servers: tuple[GatewayServer, ...]
    scope: ScopeKey
    pairs: tuple[tuple[str, str], ...]
    append_x_forwarded_host: bool
    attempt_count: bool


def gateway_table(snapshot: Snapshot, facts: ProxyFacts, name: str) -> RouteTable:
    """The route configuration with this name; an empty one when no server has it."""
    servers = facts.gateway.by_route_name.get(name)
    if servers is None:
        return RouteTable(name, None)
    key = GatewayTableKey(
        name=name,
        servers=servers,
        scope=facts.scope.key,
        pairs=read_labels(snapshot, facts.proxy),
        append_x_forwarded_host=appends_forwarded_host(facts.config),
        attempt_count=counts_attempts(facts.config),
    )
    return shared_gateway_table(snapshot, key)


@query
def shared_gateway_table(snapshot: Snapshot, key: GatewayTableKey) -> RouteTable:
    """The route configuration for a key."""
    hosts, name = _routed_hosts(snapshot, key), key.name
    if not hosts:
        # No routes at all: Envoy answers 404.
        blackhole = host_with_port("blackhole", key.servers[0].port.number)
        return RouteTable(name, (VirtualHost(blackhole, (ANY_DOMAIN,), ()),))
    virtual_hosts = (_virtual_host(group, key.attempt_count) for group in _with_equal_routes(hosts))
    return RouteTable(
        name,
        tuple(sorted(virtual_hosts, key=lambda virtual_host: virtual_host.name)),
        by_place(finding for host in hosts for finding in _unreachable(host)),
    )


class RoutedHost(Struct):
    """A host of the servers, with one group of routes for each VirtualService.

    `sources` has the Gateway and the VirtualService of each group.
    """

    name: str
    host: str
    routes: list[tuple[RuleRoute, ...]] = field(default_factory=list)
    sources: list[tuple[str, str]] = field(default_factory=list)
    require_tls: bool = False
    origins: dict[Origin, None] = field(default_factory=dict)


def _virtual_host(hosts: list[RoutedHost], attempt_count: bool) -> VirtualHost:
    """The virtual host of hosts with the same routes. It has the name of the most specific host."""
    first = hosts[0]
    return VirtualHost(
        name=first.name,
        domains=tuple(host.host for host in hosts),
        routes=_catch_all_last(first.routes),
        attempt_count=attempt_count,
        require_tls=first.require_tls,
        origins=tuple(dict.fromkeys(origin for host in hosts for origin in host.origins)),
    )


def _catch_all_last(groups: list[tuple[RuleRoute, ...]]) -> tuple[RuleRoute, ...]:
    """The routes of several VirtualServices. Routes that match every request come last."""
    if len(groups) == 1:
        return groups[0]
    return tuple(
        sorted((route for group in groups for route in group), key=lambda route: route.match.takes_every_request)
    )


def _unreachable(host: RoutedHost) -> Iterator[Diagnostic]:
    """Findings about routes that come after a route of another VirtualService that matches every request."""
    if len(host.routes) < 2:
        return
    catch_alls = [route for group in host.routes for route in group if route.match.takes_every_request]
    for route in catch_alls[1:]:
        if route.resource != catch_alls[0].resource:
            related = (Related("this takes every request", catch_alls[0].origins[0]),)
            yield UNREACHABLE_RULE(route.origins[0], related=related)


def _with_equal_routes(hosts: Iterable[RoutedHost]) -> Iterable[list[RoutedHost]]:
    """The hosts in groups with the same routes and the same TLS requirement: istiod's `collapseDuplicateRoutes`.

    Only the last group with the same routes can grow. A host with another TLS requirement starts a new group.
    """
    groups: list[list[RoutedHost]] = []
    last: dict[tuple[tuple[str, str], ...], list[RoutedHost]] = {}
    for host in sorted(hosts, key=lambda host: specificity(host.host)):
        sources = tuple(host.sources)
        group = last.get(sources)
        if group is not None and group[0].require_tls == host.require_tls:
            group.append(host)
        else:
            last[sources] = [host]
            groups.append(last[sources])
    return groups


# ---- hosts and their routes


def _routed_hosts(snapshot: Snapshot, key: GatewayTableKey) -> tuple[RoutedHost, ...]:
    """Every host that a VirtualService routes at one of the servers, and every host that redirects to HTTPS."""
    routed: dict[str, RoutedHost] = {}
    routes: dict[tuple[str, MergedVirtualService], tuple[RuleRoute, ...]] = {}
    scope = sidecar_scope(snapshot, key.scope)
    for server in key.servers:
        hosts, client = ServerHosts(server), _route_client(key, server)
        bound = routed_at_gateway(snapshot, GatewayKey(scope.seen_from, server.gateway))
        for virtual_service in bound.overlapping(server.names):
            shared = hosts.shared_with(virtual_service.hosts, virtual_service.namespace)
            if not shared:
                continue
            # Computed for the first server of the Gateway, and reused for its other servers on any port.
            bound_to = (server.gateway, virtual_service)
            if not routes.get(bound_to):
                services = GatewayServices(snapshot.services.by_hostname, virtual_service.namespace, scope)
                routes[bound_to] = rule_routes(snapshot, virtual_service, client, scope, services)
            if routes[bound_to]:
                for host in sorted(shared):
                    _add(routed, host.lower(), server, virtual_service, routes[bound_to])
        if server.redirects_to_https:
            for host in server.hosts:
                _host(routed, host.lower(), server).require_tls = True
    return tuple(routed.values())


def _add(
    hosts: dict[str, RoutedHost],
    host: str,
    server: GatewayServer,
    virtual_service: MergedVirtualService,
    routes: tuple[RuleRoute, ...],
) -> None:
    routed_host = _host(hosts, host, server)
    routed_host.routes.append(routes)
    routed_host.sources.append((server.gateway, virtual_service.resource))
    routed_host.origins[virtual_service.origin] = None
    routed_host.require_tls = routed_host.require_tls or server.redirects_to_https


def _host(hosts: dict[str, RoutedHost], host: str, server: GatewayServer) -> RoutedHost:
    """The entry of a host. Its name has the port of the first server with the host."""
    if host not in hosts:
        hosts[host] = RoutedHost(host_with_port(host, server.port.number), host)
    hosts[host].origins[server.origin] = None
    return hosts[host]


def _route_client(key: GatewayTableKey, server: GatewayServer) -> RouteClient:
    """The gateway, with what the rules of VirtualServices match on."""
    return RouteClient(
        pairs=key.pairs,
        gateways=frozenset({server.gateway}),
        port=server.port.number,
        is_tls=server.tls is not None,
        only_port=False,
        append_x_forwarded_host=key.append_x_forwarded_host,
    )


class GatewayServices(Struct, frozen=True):
    """The services to which the destinations of a VirtualService refer at a gateway.

    Services of the VirtualService's own namespace take precedence.
    """

    by_hostname: Mapping[str, Mapping[str, Service]]
    namespace: str
    scope: SidecarScope

    def get(self, host: str, /) -> Service | None:
        own = self.by_hostname.get(host, {}).get(self.namespace)
        if own is not None and not own.export_to.isdisjoint((EVERYWHERE, self.scope.seen_from)):
            return own
        return self.scope.service(host)


class ServerHosts:
    """The hosts of a server, for their intersection with other hosts: istiod's `Names.Intersection`."""

    def __init__(self, server: GatewayServer) -> None:
        self._hosts: dict[str | None, tuple[frozenset[str], tuple[str, ...]]] = {}
        groups: dict[str | None, list[str]] = {}
        for host in server.hosts:
            namespace, slash, name = host.partition("/")
            groups.setdefault(namespace if slash else None, []).append(name if slash else host)
        for namespace_or_all, hosts in groups.items():
            wildcards = tuple(host for host in hosts if is_wildcard(host))
            self._hosts[namespace_or_all] = (frozenset(hosts), wildcards)

    def shared_with(self, routed: Iterable[str], namespace: str) -> frozenset[str]:
        """The intersection with hosts of a namespace. Of a host and a wildcard that covers it, it has the host."""
        shared: set[str] = set()
        for audience in (None, namespace):
            if audience in self._hosts:
                hosts, wildcards = self._hosts[audience]
                for host in routed:
                    shared.update(_shared(host, hosts, wildcards))
        return frozenset(shared)


def _shared(routed: str, hosts: frozenset[str], wildcards: tuple[str, ...]) -> Iterator[str]:
    if routed in hosts or any(subset_of(routed, wildcard) for wildcard in wildcards):
        yield routed
    if is_wildcard(routed):
        yield from (host for host in hosts if subset_of(host, routed))
