"""Route configurations, from their pieces."""

from meshcompile.emit.routes.route import route
from meshcompile.envoy.config.route import Route, RouteConfiguration, VirtualHost
from meshcompile.envoy.message import at
from meshcompile.queries import derived
from meshcompile.resolve.routes.table import Routes, RouteTable
from meshcompile.resolve.routes.table import VirtualHost as VirtualHostPiece

# Bodies of direct responses may be as long as validation allows; Envoy's own limit is 4 KiB.
MAX_DIRECT_RESPONSE_BODY = 1024 * 1024


@derived
def route_configuration(table: RouteTable) -> RouteConfiguration:
    """The route configuration of a table; one without virtual hosts when nothing answers to its name."""
    if table.virtual_hosts is None:
        return RouteConfiguration(name=table.name, validate_clusters=False)
    emitted = EmittedRoutes()
    return RouteConfiguration(
        name=table.name,
        virtual_hosts=tuple(virtual_host(piece, emitted) for piece in table.virtual_hosts),
        validate_clusters=False,
        max_direct_response_body_size_bytes=MAX_DIRECT_RESPONSE_BODY,
        ignore_port_in_host_matching=True,
    )


class EmittedRoutes:
    """The routes of one table, each list made once however many virtual hosts have it."""

    def __init__(self) -> None:
        self._lists: dict[Routes, tuple[Route, ...]] = {}

    def of(self, pieces: Routes) -> tuple[Route, ...]:
        """The messages of some routes."""
        routes = self._lists.get(pieces)
        if routes is None:
            routes = self._lists[pieces] = tuple(map(route, pieces))
        return routes


def virtual_host(piece: VirtualHostPiece, routes: EmittedRoutes) -> VirtualHost:
    """Domains and their routes."""
    return at(
        VirtualHost(
            name=piece.name,
            domains=piece.domains,
            routes=routes.of(piece.routes),
            require_tls="ALL" if piece.require_tls else "NONE",
            include_request_attempt_count=piece.attempt_count,
        ),
        piece.origins,
    )
