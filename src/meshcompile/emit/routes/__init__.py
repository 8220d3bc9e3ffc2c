"""Route configurations."""

from meshcompile.emit.routes.route import route
from meshcompile.envoy.config.route import RouteConfiguration, VirtualHost
from meshcompile.envoy.message import at
from meshcompile.queries import derived
from meshcompile.resolve.routes.table import InlineRoutes, RouteTable
from meshcompile.resolve.routes.table import VirtualHost as ResolvedVirtualHost

# The longest body of a direct response that validation allows. Envoy's default limit is 4 KiB.
MAX_DIRECT_RESPONSE_BODY = 1024 * 1024


@derived
def route_configuration(table: RouteTable) -> RouteConfiguration:
    """The route configuration of a table; without virtual hosts for an unknown name."""
    if table.virtual_hosts is None:
        return RouteConfiguration(name=table.name, validate_clusters=False)
    return RouteConfiguration(
        name=table.name,
        virtual_hosts=tuple(map(virtual_host, table.virtual_hosts)),
        validate_clusters=False,
        max_direct_response_body_size_bytes=MAX_DIRECT_RESPONSE_BODY,
        ignore_port_in_host_matching=True,
    )


def inline_routes(resolved: InlineRoutes) -> RouteConfiguration:
    """The routes of a connection manager that has them in place."""
    return RouteConfiguration(
        name=resolved.name,
        virtual_hosts=(virtual_host(resolved.virtual_host),),
        validate_clusters=False,
        max_direct_response_body_size_bytes=MAX_DIRECT_RESPONSE_BODY if resolved.long_responses else None,
        ignore_port_in_host_matching=resolved.ignores_port,
    )


@derived
def virtual_host(resolved: ResolvedVirtualHost) -> VirtualHost:
    """Domains and their routes."""
    return at(
        VirtualHost(
            name=resolved.name,
            domains=resolved.domains,
            routes=tuple(map(route, resolved.routes)),
            require_tls="ALL" if resolved.require_tls else "NONE",
            include_request_attempt_count=resolved.attempt_count,
        ),
        resolved.origins,
    )
