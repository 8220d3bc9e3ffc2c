"""A route table, prepared for many requests, and the route of one of them (`router/config_impl.cc`)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

from meshcompile.envoy.config.route import (
    Route,
    RouteAction,
    RouteConfiguration,
    RouteMatch,
    VirtualHost,
    WeightedCluster,
    WeightedClusterClusterWeight,
)
from meshcompile.envoy.message import Packed
from meshcompile.envoy.type import FractionalPercent
from meshcompile.simulate.header_map import INTERNAL
from meshcompile.simulate.route_match import DENOMINATORS, percent, route_checks
from meshcompile.simulate.streams import Check, HttpStream, NearMiss, failed_checks
from meshcompile.simulate.virtual_host import DomainIndex, domain_index
from meshcompile.simulate.weighted import Share, weighted_choices


@dataclass(frozen=True)
class IndexedRoute:
    """A route with its conditions. `pointer` is its place in the resources of the proxy."""

    pointer: str
    message: Route
    checks: tuple[Check, ...]
    runtime_fraction: FractionalPercent | None = None

    @property
    def name(self) -> str:
        return self.message.name


@dataclass(frozen=True)
class IndexedVirtualHost:
    """A virtual host. Its routes are prepared when the first request asks for them."""

    pointer: str
    message: VirtualHost

    @cached_property
    def routes(self) -> tuple[IndexedRoute, ...]:
        return tuple(
            IndexedRoute(
                f"{self.pointer}/routes/{index}",
                route,
                route_checks(route.match or RouteMatch()),
                _runtime_fraction(route),
            )
            for index, route in enumerate(self.message.routes)
        )


@dataclass(frozen=True)
class RouteChoice:
    """The route of a request. Without a route, Envoy answers 404; `redirects_to_https` comes before all routes.

    `cluster` is the name that the route gives, "" for routes that answer. `near_misses` are the routes of the virtual
    host that were asked before.
    """

    table: "IndexedRouteTable"
    virtual_host: IndexedVirtualHost | None = None
    route: IndexedRoute | None = None
    weighted: WeightedClusterClusterWeight | None = None
    weighted_pointer: str = ""
    cluster: str = ""
    redirects_to_https: bool = False
    near_misses: tuple[NearMiss, ...] = ()

    def filter_config(self, name: str) -> Packed | None:
        """The most specific configuration of a filter: of weighted cluster, route, virtual host, or table."""
        return next((config[name] for config in self._filter_configs() if name in config), None)

    def _filter_configs(self) -> Iterator[Mapping[str, Packed]]:
        if self.weighted is not None:
            yield self.weighted.typed_per_filter_config
        if self.route is not None:
            yield self.route.message.typed_per_filter_config
        if self.virtual_host is not None:
            yield self.virtual_host.message.typed_per_filter_config
        yield self.table.message.typed_per_filter_config


@dataclass(frozen=True)
class IndexedRouteTable:
    """A route table. `pointer` is its place in the resources of the proxy."""

    pointer: str
    message: RouteConfiguration
    _hosts: dict[int, IndexedVirtualHost] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def domains(self) -> DomainIndex:
        return domain_index(self.message)

    def virtual_host(self, authority: str) -> IndexedVirtualHost | None:
        """The virtual host of a `:authority`."""
        index = self.domains.find(authority)
        if index is None:
            return None
        if index not in self._hosts:
            pointer = f"{self.pointer}/virtualHosts/{index}"
            self._hosts[index] = IndexedVirtualHost(pointer, self.message.virtual_hosts[index])
        return self._hosts[index]

    def choices(self, stream: HttpStream) -> tuple[Share[RouteChoice], ...]:
        """The routes that the request can take, with their shares. There is one, unless it depends on chance."""
        host = self.virtual_host(stream.authority)
        if host is None or not stream.headers.first("x-forwarded-proto"):
            return (Share(Fraction(1), RouteChoice(self)),)
        if _needs_tls(host.message, stream):
            return (Share(Fraction(1), RouteChoice(self, host, redirects_to_https=True)),)
        return tuple(self._routed(host, stream))

    def _routed(self, host: IndexedVirtualHost, stream: HttpStream) -> Iterator[Share[RouteChoice]]:
        left, misses = Fraction(1), []
        for route in host.routes:
            if failed := failed_checks(route.checks, stream, f"{route.pointer}/match"):
                misses.append(NearMiss(route.pointer, route.name, failed))
                continue
            taken = _taken(route.runtime_fraction, stream.request.random_value)
            if taken:
                yield from self._clusters(host, route, stream, left * taken, tuple(misses))
            left *= 1 - taken
            if not left:
                return
        yield Share(left, RouteChoice(self, host, near_misses=tuple(misses)))

    def _clusters(
        self,
        host: IndexedVirtualHost,
        route: IndexedRoute,
        stream: HttpStream,
        of: Fraction,
        misses: tuple[NearMiss, ...],
    ) -> Iterator[Share[RouteChoice]]:
        match route.message.route:
            case RouteAction(weighted_clusters=WeightedCluster() as weighted):
                pointer = f"{route.pointer}/route/weightedClusters/clusters"
                weights = [(index, each.weight or 0) for index, each in enumerate(weighted.clusters)]
                for choice in weighted_choices(weights, _random(weighted, stream)):
                    entry = weighted.clusters[choice.value]
                    cluster = entry.name or stream.headers.first(entry.cluster_header)
                    chosen = RouteChoice(
                        self, host, route, entry, f"{pointer}/{choice.value}", cluster, near_misses=misses
                    )
                    yield Share(of * choice.share, chosen)
            case RouteAction(cluster_header=str(header)):
                named = stream.headers.first(header)
                yield Share(of, RouteChoice(self, host, route, cluster=named, near_misses=misses))
            case RouteAction(cluster=cluster):
                yield Share(of, RouteChoice(self, host, route, cluster=cluster or "", near_misses=misses))
            case None:
                yield Share(of, RouteChoice(self, host, route, near_misses=misses))


def _needs_tls(host: VirtualHost, stream: HttpStream) -> bool:
    match host.require_tls:
        case "NONE":
            return False
        case "ALL":
            return stream.headers.first("x-forwarded-proto") != "https"
        case "EXTERNAL_ONLY":
            internal = stream.headers.first(INTERNAL) == "true"
            return stream.headers.first("x-forwarded-proto") != "https" and not internal


def _runtime_fraction(route: Route) -> FractionalPercent | None:
    fraction = route.match.runtime_fraction if route.match else None
    return None if fraction is None else fraction.default_value or FractionalPercent()


def _taken(wanted: FractionalPercent | None, random_value: int | None) -> Fraction:
    """The share of the requests for which a route holds: of all of them, or of the one with this random value."""
    if wanted is None:
        return Fraction(1)
    if random_value is None:
        return percent(wanted)
    return Fraction(random_value % DENOMINATORS[wanted.denominator] < wanted.numerator)


def _random(weighted: WeightedCluster, stream: HttpStream) -> int | None:
    """The random value: from a header, if the route names one and the request has it."""
    value = stream.headers.first(weighted.header_name) if weighted.header_name else ""
    return int(value) if value.isdecimal() else stream.request.random_value
