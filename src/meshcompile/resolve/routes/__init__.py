"""The route configurations that one proxy asks for, decided."""

from meshcompile.resolve.routes.gateway import gateway_table
from meshcompile.resolve.routes.sidecar import sidecar_table
from meshcompile.resolve.routes.table import RouteTable
from meshcompile.resolve.view import View

__all__ = ["RouteTable", "route_configuration"]


def route_configuration(view: View, name: str) -> RouteTable:
    """The route configuration of that name, as this proxy sees it."""
    return gateway_table(view, name) if view.proxy.is_router else sidecar_table(view, name)
