"""The route configurations of sidecars: for ports, sniffed service ports, unix sockets and the HTTP proxy.

Follows istiod's `buildSidecarOutboundHTTPRouteConfig`.
"""

from msgspec import Struct

from meshcompile.queries import Key, query
from meshcompile.resolve.outbound.destinations import unknown_destination
from meshcompile.resolve.routes.claims import EVERY_PORT
from meshcompile.resolve.routes.route_key import RouteKey
from meshcompile.resolve.routes.sidecar_port import PortVirtualHosts, port_key, virtual_hosts_on
from meshcompile.resolve.routes.table import ANY_DOMAIN, BlackHoleRoute, PassthroughRoute, RouteTable, VirtualHost
from meshcompile.resolve.scope.sidecar import ScopeKey, SidecarScope, sidecar_scope
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.values.hosts import UNIX_PREFIX
from meshcompile.values.names import UNKNOWN_HOSTS, UNKNOWN_HOSTS_CLUSTER

NOTHING = PortVirtualHosts((), ())
HTTP_PROXY_ROUTE = "http_proxy"


class SidecarRouteName(Struct, frozen=True):
    """The parts of a sidecar's route name: the port, and the host when the protocol of the port is sniffed."""

    name: str
    port: int
    sniffed_host: str | None = None


def parsed_route_name(name: str) -> SidecarRouteName | None:
    """The parts of a route name: `80`, `catalog.shop.svc.cluster.local:80`, `unix://...` or `http_proxy`."""
    if name == HTTP_PROXY_ROUTE or name.startswith(UNIX_PREFIX):
        return SidecarRouteName(name, EVERY_PORT)
    host, colon, port = name.partition(":")
    if not colon:
        host, port = "", name
    return SidecarRouteName(name, int(port), host if colon else None) if port.isdecimal() else None


class TableKey(Key, frozen=True):
    """A route name, and the client that requests it."""

    scope: ScopeKey
    client: RouteKey
    name: str


@query
def sidecar_table(snapshot: Snapshot, key: TableKey) -> RouteTable:
    """The route configuration with a name; an empty one for any name that sidecars do not use."""
    named = parsed_route_name(key.name)
    if named is None:
        return RouteTable(key.name, None)
    scope = sidecar_scope(snapshot, key.scope)
    port = port_key(scope, key.client, named.port, key.name)
    on_port = NOTHING if port is None else virtual_hosts_on(snapshot, port)
    if named.sniffed_host is not None:
        hosts = on_port.only_for(named.sniffed_host, key.name)
    else:
        hosts = (*on_port.virtual_hosts, catch_all(scope, key.client))
    return RouteTable(key.name, hosts, on_port.findings)


def catch_all(scope: SidecarScope, client: RouteKey) -> VirtualHost:
    """The virtual host for unknown hosts. The outbound traffic policy forwards or refuses their requests."""
    if scope.resolves_unknown_hosts:
        resolved = PassthroughRoute(UNKNOWN_HOSTS_CLUSTER, client.append_x_forwarded_host, UNKNOWN_HOSTS)
        return VirtualHost(UNKNOWN_HOSTS, (ANY_DOMAIN,), (resolved,), client.attempt_count)
    cluster = unknown_destination(scope.outbound_traffic_policy)
    if cluster is None:
        return VirtualHost("block_all", (ANY_DOMAIN,), (BlackHoleRoute(),), client.attempt_count)
    route = PassthroughRoute(cluster, client.append_x_forwarded_host)
    return VirtualHost("allow_any", (ANY_DOMAIN,), (route,), client.attempt_count)
