"""The route configurations that one proxy asks for, decided."""

from dataclasses import dataclass

from meshcompile.resolve.view import View


@dataclass(frozen=True, slots=True)
class RouteTable:
    """The pieces of one route configuration."""

    name: str


def route_configuration(view: View, name: str) -> RouteTable:
    """The route configuration of that name, as this proxy sees it."""
    return RouteTable(name)
