"""Routes and connections of a compiled proxy that lead to a missing cluster, and the reasons.

istiod sends them without a warning. Envoy answers such requests with 503, or with 500 if a route of the Gateway API
sends them, and closes such connections. Invalid backends of the Gateway API are findings of the mesh, MC1905.
"""

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from operator import attrgetter

from msgspec import Struct

from meshcompile.codes.routes import CLUSTER_NOT_FOUND
from meshcompile.compile import Resources
from meshcompile.dead_end_reasons import Reason, reason
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Origin
from meshcompile.envoy.config.listener import Filter, Listener
from meshcompile.envoy.config.route import (
    Route,
    RouteAction,
    RouteActionClusterNotFoundResponseCode,
    RouteConfiguration,
    VirtualHost,
)
from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpConnectionManager
from meshcompile.envoy.extensions.filters.network.tcp_proxy import TcpProxy
from meshcompile.envoy.traversal import filter_chains, forwarded_to
from meshcompile.models.networking.virtual_service import Destination
from meshcompile.proxy import Proxy
from meshcompile.queries import derived, query
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.values.names import UNKNOWN_SERVICE, ClusterName, outbound, parse_cluster_name

OF_BOOTSTRAP = frozenset({"agent", "prometheus_stats", "sds-grpc", "xds-grpc", "zipkin", "otlp"})
"""Clusters of a proxy's bootstrap, which istiod does not send."""

REQUESTS: Mapping[RouteActionClusterNotFoundResponseCode, str] = {
    "SERVICE_UNAVAILABLE": "requests get 503 NC",
    "NOT_FOUND": "requests get 404 NC",
    "INTERNAL_SERVER_ERROR": "requests get 500 NC",
}
CONNECTIONS = "connections are closed"
MIRRORS = "mirrored requests are lost"


class Lead(Struct, frozen=True):
    """A cluster that a route, mirror or connection names. `origins` are the sources of the reference."""

    cluster: str
    effect: str
    origins: tuple[Origin, ...]


Leads = Mapping[str, list[Lead]]  # by cluster
Sender = Listener | RouteConfiguration


def dead_ends(resources: Resources, snapshot: Snapshot, proxy: Proxy) -> Iterator[Diagnostic]:
    """A finding for each reference to a cluster that the proxy does not have."""
    known = {*map(attrgetter("name"), resources.clusters), *OF_BOOTSTRAP, UNKNOWN_SERVICE}
    messages: tuple[Sender, ...] = (*resources.listeners, *resources.routes)
    if all(cluster_names(message) <= known for message in messages):
        return
    leads = tuple(map(_leads, messages))
    for place, lead in _first_by_place(snapshot, leads, known).items():
        if not _leads_on(snapshot, leads, place, known & _other_ports(snapshot, lead.cluster)):
            yield _finding(place, lead, reason(snapshot, proxy, lead.cluster))


def _first_by_place(snapshot: Snapshot, leads: Iterable[Leads], known: AbstractSet[str]) -> Mapping[Origin, Lead]:
    """The first reference to an unknown cluster, by position."""
    first: dict[Origin, Lead] = {}
    for of_message in leads:
        for cluster in sorted(of_message.keys() - known):
            for lead in of_message[cluster]:
                place = _place(snapshot, lead)
                if place is not None:
                    first.setdefault(place, lead)
    return first


def _leads_on(snapshot: Snapshot, leads: Iterable[Leads], place: Origin, clusters: AbstractSet[str]) -> bool:
    """True if the same position also leads to one of these clusters.

    A destination without a port uses the port on which traffic arrives. Sidecars have the routes of a host that belongs
    to no service on every port.
    """
    return any(
        _place(snapshot, lead) == place
        for of_message in leads
        for cluster in clusters & of_message.keys()
        for lead in of_message[cluster]
    )


def _other_ports(snapshot: Snapshot, cluster: str) -> AbstractSet[str]:
    """The names of the clusters for the other ports of a cluster's service."""
    name = parse_cluster_name(cluster)
    if name is None:
        return frozenset()
    services = snapshot.services.by_hostname.get(name.host, {}).values()
    return {outbound(port.number, name.subset, name.host) for service in services for port in service.ports}


def _finding(place: Origin, lead: Lead, why: Reason) -> Diagnostic:
    return CLUSTER_NOT_FOUND(
        place, cluster=lead.cluster, effect=lead.effect, reason=why.text, suggestion=why.suggestion, related=why.related
    )


@derived
def cluster_names(message: Sender) -> AbstractSet[str]:
    """The clusters that a message names."""
    if isinstance(message, Listener):
        return frozenset(lead.cluster for lead in _of_listener(message))
    return frozenset().union(*map(_named_by_virtual_host, message.virtual_hosts))


@derived
def _named_by_virtual_host(virtual_host: VirtualHost) -> tuple[str, ...]:
    """The clusters that the routes of a virtual host name, each once."""
    return tuple(dict.fromkeys(lead.cluster for lead in _of_virtual_host(virtual_host)))


@derived
def _leads(message: Sender) -> Leads:
    """The references of a message to clusters."""
    by_cluster: dict[str, list[Lead]] = {}
    for lead in _of_message(message):
        by_cluster.setdefault(lead.cluster, []).append(lead)
    return by_cluster


def _of_message(message: Sender) -> Iterator[Lead]:
    return _of_listener(message) if isinstance(message, Listener) else _of_routes(message)


def _of_listener(listener: Listener) -> Iterator[Lead]:
    for filter_chain in filter_chains(listener):
        for item in filter_chain.filters:
            yield from _of_filter(item, filter_chain.origins)


def _of_filter(item: Filter, origins: tuple[Origin, ...]) -> Iterator[Lead]:
    match item.typed_config:
        case TcpProxy() as config:
            yield from (Lead(name, CONNECTIONS, origins) for name in forwarded_to(config) if name)
        case HttpConnectionManager(route_config=RouteConfiguration() as routes):
            yield from _of_routes(routes)
        case _:  # what neither routes nor forwards
            return


def _of_routes(configuration: RouteConfiguration) -> Iterator[Lead]:
    for virtual_host in configuration.virtual_hosts:
        yield from _of_virtual_host(virtual_host)


def _of_virtual_host(virtual_host: VirtualHost) -> Iterator[Lead]:
    for route in virtual_host.routes:
        if route.route is not None:
            yield from _of_route(route, route.route)


def _of_route(route: Route, action: RouteAction) -> Iterator[Lead]:
    effect = REQUESTS[action.cluster_not_found_response_code]
    if action.cluster:
        yield Lead(action.cluster, effect, route.origins)
    if action.weighted_clusters is not None:
        for share in action.weighted_clusters.clusters:
            yield Lead(share.name, effect, share.origins or route.origins)
    for mirror in action.request_mirror_policies:
        if mirror.cluster:
            yield Lead(mirror.cluster, MIRRORS, route.origins)


def _place(snapshot: Snapshot, lead: Lead) -> Origin | None:
    """The destination that a reference comes from, else the first known origin."""
    name = parse_cluster_name(lead.cluster)
    rules = _destinations_by_rule(snapshot, None)
    for origin in lead.origins:
        for destination in rules.get(Origin(origin.document, origin.path[:3]), ()):
            if name is not None and _means(snapshot, destination, name):
                return destination.origin or origin
    return next(iter(lead.origins), None)


def _means(snapshot: Snapshot, destination: Destination, name: ClusterName) -> bool:
    """True if a destination refers to the cluster. An ExternalName Service refers to another host."""
    hosts = {service.external_name for service in snapshot.services.by_hostname.get(destination.host, {}).values()}
    return destination.subset == name.subset and name.host in {destination.host, *hosts}


@query
def _destinations_by_rule(snapshot: Snapshot, key: None) -> Mapping[Origin, tuple[Destination, ...]]:
    """The destinations of every rule of a VirtualService, with full hosts, by the rule's origin."""
    by_rule: dict[Origin, tuple[Destination, ...]] = {}
    for virtual_service in snapshot.virtual_services.all:
        for rule in virtual_service.http:
            mirrors = (*(mirror.destination for mirror in rule.mirrors), *((rule.mirror,) if rule.mirror else ()))
            by_rule[rule.origin] = (*(target.destination for target in rule.route), *mirrors)
        for connections in (virtual_service.tls, virtual_service.tcp):
            by_rule |= {rule.origin: tuple(target.destination for target in rule.route) for rule in connections}
    return by_rule
