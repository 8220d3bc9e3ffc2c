"""Requests that reach rules of routes: witnesses of their matches in the route tables of proxies."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from meshcompile.compare.probes import tables, user_of_table
from meshcompile.compare.witnesses import service_ports
from meshcompile.config import Config
from meshcompile.documents import Path
from meshcompile.envoy.config.route import RouteConfiguration, VirtualHost
from meshcompile.explain.request import OUTSIDE, PORTS, Request
from meshcompile.explain.world import World
from meshcompile.models.kubernetes.service import Service
from meshcompile.proxy import ProxyType
from meshcompile.simulate import HttpRequest
from meshcompile.spaces import Refuted
from meshcompile.symbolic.host_table import HostTable
from meshcompile.symbolic.requests import http_request
from meshcompile.testing.coverage import CoverageTarget, document_key

MOST_PLACES = 3
"""The number of proxies in whose tables a rule is looked for."""


class PlacedRoute(Struct, frozen=True):
    """A route in the table of a proxy."""

    config: Config
    table: str
    configuration: RouteConfiguration
    host: VirtualHost
    index: int


class RouteWitnesses:
    """The routes of all proxies that come from some parts of the input."""

    def __init__(self, world: World, targets: Iterable[CoverageTarget]) -> None:
        self.world = world
        wanted = {(document_key(each.origin.document), each.origin.path) for each in targets}
        self._places: dict[tuple[tuple[Any, ...], Path], list[PlacedRoute]] = {place: [] for place in wanted}
        for proxy in world.mesh.proxies() if wanted else ():
            self._add(world.evaluated(proxy)[0])

    def _add(self, config: Config) -> None:
        for name, table in tables(config).items():
            for host in table.virtual_hosts:
                for index, route in enumerate(host.routes):
                    for origin in route.origins:
                        places = self._places.get((document_key(origin.document), origin.path))
                        if places is not None and len(places) < MOST_PLACES:
                            places.append(PlacedRoute(config, name, table, host, index))

    def requests(self, target: CoverageTarget) -> Iterator[Request]:
        """Requests that reach a rule or a match, through each proxy that has it."""
        origin = target.origin
        for path in (origin.path, origin.path[:3]):  # the request of a rule can reach its destinations, too
            for place in self._places.get((document_key(origin.document), path), ()):
                answer = HostTable(place.host, place.configuration).unreachable(place.index)
                if isinstance(answer, Refuted):
                    yield self._request(place, http_request(answer.witness, _authority(place.host)))

    def _request(self, place: PlacedRoute, http: HttpRequest) -> Request:
        proxy = place.config.proxy
        gateway = proxy.type is ProxyType.ROUTER
        secure = gateway and _has_tls(place)
        host, _, port = http.authority.rpartition(":")
        number = self._port(place)
        usual = number in (None, PORTS["https" if secure else "http"]) or (host and port.isdecimal())
        return Request(
            url=f"{'https' if secure else 'http'}://{http.authority}{'' if usual else f':{number}'}{http.path}",
            sender=OUTSIDE if gateway else self.world.name(proxy),
            method=http.method,
            headers=http.headers,
        )

    def _port(self, place: PlacedRoute) -> int | None:
        """The port that a client calls."""
        text = place.host.name.rpartition(":")[2]
        number = int(text) if text.isdecimal() else None
        proxy = place.config.proxy
        if proxy.type is not ProxyType.ROUTER:
            return number
        services = (each for each in self.world.mesh.objects if isinstance(each, Service))
        ports: Mapping[int, int] = service_ports(proxy, services)
        listener = place.table.rpartition(".")[2]
        return ports.get(int(listener), number) if listener.isdecimal() else number


def _authority(host: VirtualHost) -> str:
    """A host that a virtual host takes: the first without a wildcard, else one that fits the first."""
    domains = [each for each in host.domains if "*" not in each]
    first = next((each for each in domains if not each.endswith(".")), None) or host.domains[0]
    return "any.example.com" if first == "*" else first.replace("*", "any")


def _has_tls(place: PlacedRoute) -> bool:
    user = user_of_table(place.config, place.table)
    return user is not None and user.chain.transport_socket is not None
