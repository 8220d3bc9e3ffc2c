"""Routes that no request can reach, because earlier routes take all of its requests: exact, for compiled tables.

A rule of a VirtualService can make several routes, at several proxies. It is listed only if none of them is reached.
"""

from meshcompile.config import Config
from meshcompile.documents import Origin
from meshcompile.envoy.config.route import Route, RouteConfiguration, VirtualHost
from meshcompile.envoy.message import source_map
from meshcompile.spaces import Proved
from meshcompile.symbolic.host_table import HostTable
from meshcompile.symbolic.paths import users_of_tables, visible_paths_of
from meshcompile.unreachable.found import Found, UnreachableRoute


def sort_routes(config: Config, found: Found, seen: set[object]) -> None:
    """Add the routes of a proxy to those that no request reaches, or to the others."""
    managers = users_of_tables(config.listeners)
    for table in config.routes:
        if hosts := _new_hosts(table, seen):
            paths = visible_paths_of(managers.get(table.name, ()))
            for host in hosts:
                _sort(HostTable(host, table, paths), found)


def _new_hosts(table: RouteConfiguration, seen: set[object]) -> list[VirtualHost]:
    """The virtual hosts with routes that objects ask for, each once: proxies share them."""
    asked = (host for host in table.virtual_hosts if len(host.routes) > 1 or any(each.origins for each in host.routes))
    found = [host for host in asked if host not in seen]
    seen.update(found)
    return found


def _sort(routes: HostTable, found: Found) -> None:
    host = routes.host
    places = [_places(route) for route in host.routes]
    for index, route in enumerate(host.routes):
        if not places[index]:
            continue
        answer = routes.unreachable(index)
        if isinstance(answer, Proved):
            covering = tuple(places[earlier] for earlier in answer.by if places[earlier])
            found.add(UnreachableRoute(routes.configuration.name, host.name, route.name, places[index], covering))
        else:
            found.reached(places[index][0])


def _places(route: Route) -> tuple[Origin, ...]:
    """The places of a route, that of its match first; empty for a route that no object asks for."""
    return tuple(sorted(source_map(route).get("", ()), key=lambda origin: -len(origin.path)))
