"""Route configurations, from their pieces."""

from meshcompile.envoy.config.route import RouteConfiguration
from meshcompile.resolve.routes import RouteTable


def route_configuration(table: RouteTable) -> RouteConfiguration:
    """The route configuration of a table."""
    return RouteConfiguration(name=table.name)
