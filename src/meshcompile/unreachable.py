"""Routes that no request can reach, because earlier routes take all of its requests: exact, for compiled tables.

A rule of a VirtualService can make several routes, at several proxies. It is listed only if none of them is reached.
"""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from meshcompile.config import Config
from meshcompile.documents import Origin
from meshcompile.envoy.config.route import Route, RouteConfiguration, VirtualHost
from meshcompile.envoy.message import source_map
from meshcompile.spaces import Proved
from meshcompile.symbolic.host_table import HostTable


class UnreachableRoute(Struct, frozen=True):
    """A route that no request reaches.

    `places` are those that the route comes from, the innermost first, and `covered_by` those of the earlier routes that
    take all of its requests. `table`, `host` and `name` are Envoy's names of the first such route that was found.
    """

    table: str
    host: str
    name: str
    places: tuple[Origin, ...]
    covered_by: tuple[tuple[Origin, ...], ...]


def unreachable_routes(configs: Iterable[Config]) -> tuple[UnreachableRoute, ...]:
    """The routes of some proxies that no request reaches, by position."""
    found: dict[Origin, UnreachableRoute] = {}
    reached: set[Origin] = set()
    for table, host in _hosts(configs):
        _sort(table, host, found, reached)
    left = (each for place, each in found.items() if place not in reached)
    return tuple(sorted(left, key=lambda each: (each.places[0].file, each.places[0].position)))


def _hosts(configs: Iterable[Config]) -> Iterator[tuple[RouteConfiguration, VirtualHost]]:
    """The virtual hosts with several routes, each once: proxies share them."""
    seen: set[VirtualHost] = set()
    for config in configs:
        for table in config.routes:
            for host in table.virtual_hosts:
                if len(host.routes) > 1 and host not in seen:
                    seen.add(host)
                    yield table, host


def _sort(
    table: RouteConfiguration, host: VirtualHost, found: dict[Origin, UnreachableRoute], reached: set[Origin]
) -> None:
    """Add the routes of a virtual host to those that are found, or to those that may be reached."""
    routes = HostTable(host, table)
    places = [_places(route) for route in host.routes]
    for index, route in enumerate(host.routes):
        if not places[index]:
            continue
        answer = routes.unreachable(index)
        if isinstance(answer, Proved):
            covering = tuple(places[earlier] for earlier in answer.by if places[earlier])
            unreachable = UnreachableRoute(table.name, host.name, route.name, places[index], covering)
            found.setdefault(places[index][0], unreachable)
        else:
            reached.add(places[index][0])


def _places(route: Route) -> tuple[Origin, ...]:
    """The places of a route, that of its match first; empty for a route that no object asks for."""
    return tuple(sorted(source_map(route).get("", ()), key=lambda origin: -len(origin.path)))
