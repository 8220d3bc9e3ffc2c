"""The tables of `istioctl proxy-config`, built from messages.

Follows istioctl's `pkg/writer/envoy/configdump` (listener.go, route.go, cluster.go) and `writer/envoy/clusters`, with
the same columns, wording and order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from meshcompile.emit import tcp_proxy
from meshcompile.envoy.config.cluster import Cluster
from meshcompile.envoy.config.core import Address, EnvoyInternalAddress, Metadata, Pipe, SocketAddress
from meshcompile.envoy.config.endpoint import ClusterLoadAssignment, LbEndpoint
from meshcompile.envoy.config.listener import Listener
from meshcompile.envoy.config.route import RouteConfiguration
from meshcompile.envoy.traversal import filter_chains
from meshcompile.golang.sort import go_sorted
from meshcompile.output.columns import aligned
from meshcompile.output.listener_chains import chain_columns, drops, route_match
from meshcompile.values.hosts import UNIX_PREFIX
from meshcompile.values.names import HTTP_CONNECTION_MANAGER, PASSTHROUGH_CLUSTER

SHOWN_DOMAINS = 2

LISTENER_COLUMNS = ("ADDRESSES", "PORT", "MATCH", "DESTINATION")
ROUTE_COLUMNS = ("NAME", "VHOST NAME", "DOMAINS", "MATCH", "VIRTUAL SERVICE")
CLUSTER_COLUMNS = ("SERVICE FQDN", "PORT", "SUBSET", "DIRECTION", "TYPE", "DESTINATION RULE")


@dataclass(frozen=True, slots=True)
class ListenerFilter:
    """Which listeners to show. The default shows all."""

    address: str = ""
    port: int = 0
    type: str = ""

    def __call__(self, listener: Listener) -> bool:
        addresses = [address.lower() for address in listener_addresses(listener)]
        return (
            (not self.address or self.address.lower() in addresses)
            and (not self.port or listener_port(listener) == self.port)
            and (not self.type or listener_type(listener) == self.type.upper())
        )


@dataclass(frozen=True, slots=True)
class ClusterFilter:
    """Which clusters to show, by parts of their name. The default shows all."""

    fqdn: str = ""
    port: int = 0
    subset: str = ""
    direction: str = ""

    def __call__(self, cluster: Cluster) -> bool:
        parts = (self.fqdn, self.direction, self.subset, f"|{self.port}|" if self.port else "")
        return all(part in cluster.name for part in parts)


@dataclass(frozen=True, slots=True)
class EndpointFilter:
    """Which endpoints to show. The default shows all."""

    address: str = ""
    port: int = 0
    cluster: str = ""
    status: str = ""

    def __call__(self, endpoint: EndpointRow) -> bool:
        return (
            (not self.address or endpoint.address.lower() == self.address.lower())
            and (not self.port or endpoint.port == self.port)
            and (not self.cluster or endpoint.cluster.lower() == self.cluster.lower())
            and (not self.status or endpoint.status == self.status.upper())
        )


@dataclass(frozen=True, slots=True, order=True)
class EndpointRow:
    """One row of the endpoints table. Rows sort by address, port and cluster. `port` is 0 if there is none."""

    address: str
    port: int
    cluster: str
    status: str

    def __str__(self) -> str:
        return f"{self.address}:{self.port}" if self.port else self.address


def listener_table(listeners: Iterable[Listener]) -> str:
    """ADDRESSES PORT MATCH DESTINATION, a row per filter chain."""
    return aligned([LISTENER_COLUMNS, *(row for _, row in listener_rows(listeners))], padding=1)


def listener_rows(listeners: Iterable[Listener]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The name of a listener and a row of its table, for every filter chain."""
    for listener in go_sorted(listeners, _listener_before):
        head = (",".join(listener_addresses(listener)), str(listener_port(listener)))
        yield from ((listener.name, (*head, *chain)) for chain in chain_columns(listener))


def listener_type_table(listeners: Iterable[Listener]) -> str:
    """ADDRESSES PORT TYPE, a row per listener."""
    rows = [
        (",".join(listener_addresses(listener)), str(listener_port(listener)), listener_type(listener))
        for listener in go_sorted(listeners, _listener_before)
    ]
    return aligned([("ADDRESSES", "PORT", "TYPE"), *rows], padding=1)


def route_table(routes: Iterable[RouteConfiguration]) -> str:
    """NAME, VHOST NAME, DOMAINS, MATCH and VIRTUAL SERVICE, a row per route."""
    return aligned([ROUTE_COLUMNS, *route_rows(routes)], padding=5)


def route_rows(routes: Iterable[RouteConfiguration]) -> Iterator[tuple[str, ...]]:
    """The rows of the table of routes."""
    return (row for configuration in go_sorted(routes, _route_before) for row in _route_rows(configuration))


def virtual_host_table(routes: Iterable[RouteConfiguration]) -> str:
    """NAME and VIRTUAL HOSTS, a row per route configuration."""
    rows = [
        (configuration.name, str(len(configuration.virtual_hosts)))
        for configuration in go_sorted(routes, _route_before)
    ]
    return aligned([("NAME", "VIRTUAL HOSTS"), *rows], padding=5)


def cluster_table(clusters: Iterable[Cluster]) -> str:
    """SERVICE FQDN, PORT, SUBSET, DIRECTION, TYPE and DESTINATION RULE, a row per cluster."""
    return aligned([CLUSTER_COLUMNS, *(row for _, row in cluster_rows(clusters))], padding=5)


def cluster_rows(clusters: Iterable[Cluster]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The name of a cluster and its row of the table."""
    for cluster in sorted(clusters, key=lambda cluster: cluster_key(cluster.name)):
        yield cluster.name, _cluster_row(cluster)


def endpoint_table(endpoints: Iterable[EndpointRow]) -> str:
    """ENDPOINT, STATUS, OUTLIER CHECK and CLUSTER, a row per endpoint. Every endpoint has passed its outlier check."""
    rows = [(str(endpoint), endpoint.status, "OK", endpoint.cluster) for endpoint in sorted(endpoints)]
    return aligned([("ENDPOINT", "STATUS", "OUTLIER CHECK", "CLUSTER"), *rows], padding=5)


def endpoints(clusters: Iterable[Cluster], assignments: Iterable[ClusterLoadAssignment]) -> Iterator[EndpointRow]:
    """All endpoints that Envoy would have."""
    for assignment in load_assignments(clusters, assignments):
        for locality in assignment.endpoints:
            for endpoint in locality.lb_endpoints:
                address, port = endpoint_address(endpoint)
                yield EndpointRow(address, port, assignment.cluster_name, health_status(endpoint))


def load_assignments(
    clusters: Iterable[Cluster], assignments: Iterable[ClusterLoadAssignment]
) -> Iterator[ClusterLoadAssignment]:
    """The separate load assignments, and then those inside the clusters."""
    yield from assignments
    yield from (cluster.load_assignment for cluster in clusters if cluster.load_assignment is not None)


def listener_addresses(listener: Listener) -> list[str]:
    """The address of the listener and its additional addresses; "" for an internal listener."""
    return [_host(listener.address), *(_host(additional.address) for additional in listener.additional_addresses)]


def _host(address: Address | None) -> str:
    """The IP address, or the path of a pipe."""
    match address:
        case Address(socket_address=SocketAddress(address=host)):
            return host
        case Address(pipe=Pipe(path=path)):
            return path
        case _:
            return ""


def listener_port(listener: Listener) -> int:
    """The port of the listener; 0 for a pipe or an internal listener."""
    socket = None if listener.address is None else listener.address.socket_address
    return 0 if socket is None else socket.port_value or 0


def listener_type(listener: Listener) -> str:
    """HTTP, TCP, HTTP+TCP or UNKNOWN. A TCP proxy to the black hole does not count."""
    filters = [item for chain in filter_chains(listener) for item in chain.filters]
    http = any(item.name == HTTP_CONNECTION_MANAGER for item in filters)
    tcp = any(item.name == tcp_proxy.NAME and not drops(item) for item in filters)
    return {(True, True): "HTTP+TCP", (True, False): "HTTP", (False, True): "TCP", (False, False): "UNKNOWN"}[http, tcp]


def _listener_before(listener: Listener, other: Listener) -> bool:
    """By port, address and type."""
    return _listener_key(listener) < _listener_key(other)


def _listener_key(listener: Listener) -> tuple[int, str, str]:
    return listener_port(listener), listener_addresses(listener)[0], listener_type(listener)


def _route_before(configuration: RouteConfiguration, other: RouteConfiguration) -> bool:
    """Order by number if both names are numbers. Other names are not compared."""
    name, other_name = configuration.name, other.name
    return name.isdecimal() and other_name.isdecimal() and int(name) < int(other_name)


def _route_rows(configuration: RouteConfiguration) -> Iterator[tuple[str, ...]]:
    for virtual_host in configuration.virtual_hosts:
        head = (configuration.name, virtual_host.name, _domains(virtual_host.domains))
        for route in virtual_host.routes:
            if route.route is None or route.route.cluster != PASSTHROUGH_CLUSTER:
                yield *head, route_match(route.match), _written_in(route.metadata)
        if not virtual_host.routes:
            yield *head, "/*", "404"


def _domains(domains: Sequence[str]) -> str:
    """The first domains without a port. Short names replace the full names of the same service."""
    if len(domains) == 1:
        return domains[0]
    without_port = [domain for domain in domains if ":" not in domain or _is_bare_ipv6(domain)]
    shown = [domain for domain in without_port if not _has_short_name(domain, frozenset(without_port))]
    head, more = ", ".join(shown[:SHOWN_DOMAINS]), len(shown) - SHOWN_DOMAINS
    return f"{head} + {more} more..." if more > 0 else head


def _is_bare_ipv6(domain: str) -> bool:
    return domain.count(":") > 2 and domain.endswith("]")


def _has_short_name(domain: str, domains: frozenset[str]) -> bool:
    return any(
        domain.endswith(suffix) and domain.removesuffix(suffix) in domains for suffix in (".svc.cluster.local", ".svc")
    )


def _written_in(metadata: Metadata | None) -> str:
    """`name.namespace` of the VirtualService or DestinationRule that the resource comes from; "" if there is none."""
    path = None if metadata is None else metadata.filter_metadata.get("istio", {}).get("config")
    if path is None:
        return ""
    match str(path).split("/"):
        case ["", "apis", "networking.istio.io", _, _, namespace, _, name]:
            return f"{name}.{namespace}"
        case ["", "apis", "networking.istio.io", *_]:
            return ""
        case _:
            return "<unknown>"


def _cluster_parts(name: str) -> tuple[str, int, str, str] | None:
    """Direction, port, subset and host from a cluster's name; None if the name has another form."""
    parts = name.split("|")
    if len(parts) < 4:
        return None
    direction, port, subset, *host = parts
    return direction, int(port) if port.isdecimal() else 0, subset, host[0] if len(host) == 1 else ""


def cluster_key(name: str) -> tuple[str, str, int, str]:
    """The sort key of clusters: host, subset, port and direction."""
    direction, port, subset, host = _cluster_parts(name) or ("", 0, "", name)
    return host, subset, port, direction


def _cluster_row(cluster: Cluster) -> tuple[str, ...]:
    direction, port, subset, host = _cluster_parts(cluster.name) or ("-", "-", "-", cluster.name)
    return host, str(port), subset or "-", direction, cluster.type or "STATIC", _written_in(cluster.metadata)


def endpoint_address(endpoint: LbEndpoint) -> tuple[str, int]:
    """Address and port; the port is 0 if there is none."""
    match None if endpoint.endpoint is None else endpoint.endpoint.address:
        case Address(socket_address=SocketAddress(address=host, port_value=port)):
            return host, port or 0
        case Address(pipe=Pipe(path=path)):
            return f"{UNIX_PREFIX}{path}", 0
        case Address(envoy_internal_address=EnvoyInternalAddress(server_listener_name=str(listener)) as internal):
            return f"envoy://{listener}/{internal.endpoint_id}", 0
        case _:
            return "unknown", 0


def health_status(endpoint: LbEndpoint) -> str:
    """Envoy takes an endpoint without a status for a healthy one."""
    return "HEALTHY" if endpoint.health_status == "UNKNOWN" else endpoint.health_status
