"""Route configurations."""

from meshcompile.emit.routes.route import route
from meshcompile.envoy.config.route import Route, RouteConfiguration, VirtualHost
from meshcompile.envoy.message import at
from meshcompile.queries import derived
from meshcompile.resolve.routes.table import Routes, RouteTable
from meshcompile.resolve.routes.table import VirtualHost as ResolvedVirtualHost

# The longest body of a direct response that validation allows. Envoy's default limit is 4 KiB.
MAX_DIRECT_RESPONSE_BODY = 1024 * 1024


@derived
def route_configuration(table: RouteTable) -> RouteConfiguration:
    """The route configuration of a table; without virtual hosts for an unknown name."""
    if table.virtual_hosts is None:
        return RouteConfiguration(name=table.name, validate_clusters=False)
    emitted = EmittedRoutes()
    return RouteConfiguration(
        name=table.name,
        virtual_hosts=tuple(virtual_host(resolved, emitted) for resolved in table.virtual_hosts),
        validate_clusters=False,
        max_direct_response_body_size_bytes=MAX_DIRECT_RESPONSE_BODY,
        ignore_port_in_host_matching=True,
    )


class EmittedRoutes:
    """The routes of one table. Each list is built once, however many virtual hosts share it."""

    def __init__(self) -> None:
        self._lists: dict[Routes, tuple[Route, ...]] = {}

    def of(self, resolved: Routes) -> tuple[Route, ...]:
        """The messages of some routes."""
        routes = self._lists.get(resolved)
        if routes is None:
            routes = self._lists[resolved] = tuple(map(route, resolved))
        return routes


def virtual_host(resolved: ResolvedVirtualHost, routes: EmittedRoutes) -> VirtualHost:
    """Domains and their routes."""
    return at(
        VirtualHost(
            name=resolved.name,
            domains=resolved.domains,
            routes=routes.of(resolved.routes),
            require_tls="ALL" if resolved.require_tls else "NONE",
            include_request_attempt_count=resolved.attempt_count,
        ),
        resolved.origins,
    )
