"""The filter chains of a listener in istioctl's table: the connections that each matches, and where it sends them."""

from __future__ import annotations

from collections.abc import Iterable

from meshcompile.emit import tcp_proxy
from meshcompile.envoy.config.listener import Filter, FilterChainMatch, Listener
from meshcompile.envoy.config.route import Route, RouteAction, RouteConfiguration, RouteMatch, VirtualHost
from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpConnectionManager, Rds
from meshcompile.envoy.extensions.filters.network.tcp_proxy import TcpProxy
from meshcompile.envoy.message import Packed, encode
from meshcompile.envoy.traversal import filter_chains
from meshcompile.golang.sort import go_sorted
from meshcompile.output.packed import known
from meshcompile.values.names import BLACK_HOLE_CLUSTER, HTTP_CONNECTION_MANAGER

# ALPN lists that istioctl shows by name. The lists must match exactly.
PROTOCOLS = {
    ("http/1.0", "http/1.1", "h2c", "istio-http/1.0", "istio-http/1.1", "istio-h2"): "HTTP TLS",
    ("istio", "istio-http/1.0", "istio-http/1.1", "istio-h2"): "Istio HTTP Plain",
    ("istio-peer-exchange", "istio"): "TCP TLS",
    ("http/1.0", "http/1.1", "h2c"): "HTTP",
}


def chain_columns(listener: Listener) -> list[tuple[str, str]]:
    """(match, destination) of every filter chain, the destinations in descending order."""
    chains = [
        (_chain_match(chain.filter_chain_match or FilterChainMatch()), _destination(chain.filters))
        for chain in filter_chains(listener)
    ]
    return go_sorted(chains, lambda chain, other: chain[1] > other[1])


def _chain_match(match: FilterChainMatch) -> str:
    """`SNI: a.example; Trans: tls; App: TCP TLS; Addr: *:8080`, or ALL."""
    parts = (_server_names(match), _transport(match), _application_protocols(match), _destination_address(match))
    return "; ".join(part for part in parts if part) or "ALL"


def _server_names(match: FilterChainMatch) -> str:
    return f"SNI: {','.join(match.server_names)}" if match.server_names else ""


def _transport(match: FilterChainMatch) -> str:
    return f"Trans: {match.transport_protocol}" if match.transport_protocol else ""


def _application_protocols(match: FilterChainMatch) -> str:
    protocols = match.application_protocols
    return f"App: {PROTOCOLS.get(protocols, ','.join(protocols))}" if protocols else ""


def _destination_address(match: FilterChainMatch) -> str:
    port = "" if match.destination_port is None else f":{match.destination_port}"
    ranges = ",".join(f"{cidr.address_prefix}/{cidr.prefix_len or 0}" for cidr in match.prefix_ranges)
    return f"Addr: {ranges or '*'}{port}" if ranges or port else ""


def _destination(filters: Iterable[Filter]) -> str:
    """The destination of the first terminal filter."""
    for item in filters:
        if item.name == HTTP_CONNECTION_MANAGER:
            return _http_destination(known(item.typed_config))
        if item.name == tcp_proxy.NAME and not drops(item):
            config = known(item.typed_config)
            return _cluster_destination(config.cluster or "" if isinstance(config, TcpProxy) else "")
    return "Non-HTTP/Non-TCP"


def drops(item: Filter) -> bool:
    """True if the filter's configuration contains the name of the black hole cluster."""
    return BLACK_HOLE_CLUSTER.encode() in encode(item.typed_config)


def _http_destination(manager: Packed | None) -> str:
    match manager:
        case HttpConnectionManager(route_config=RouteConfiguration() as configuration):
            return _inline_destination(configuration)
        case HttpConnectionManager(rds=Rds(route_config_name=str(name))) if name:
            return f"Route: {name}"
        case _:
            return "HTTP"


def _cluster_destination(cluster: str) -> str:
    """The description of a cluster; the name itself for PassthroughCluster and similar clusters."""
    return cluster if "Cluster" in cluster else f"Cluster: {cluster}"


def _inline_destination(configuration: RouteConfiguration) -> str:
    """The cluster if all routes have the same one, else every domain and match."""
    match configuration.virtual_hosts:
        case (
            VirtualHost(
                domains=("*",),
                routes=(Route(match=RouteMatch(prefix="/"), route=RouteAction(cluster=str(cluster))),),
            ),
        ):
            return _cluster_destination(cluster)
        case virtual_hosts:
            return f"Inline Route: {'; '.join(map(_inline_virtual_host, virtual_hosts))}"


def _inline_virtual_host(virtual_host: VirtualHost) -> str:
    routes = ", ".join(route_match(route.match) for route in virtual_host.routes)
    return routes if virtual_host.domains == ("*",) else f"{'/'.join(virtual_host.domains)} {routes}"


def route_match(match: RouteMatch | None) -> str:
    """The path match of a route. Headers and other conditions are not shown."""
    if match is None:
        return ""
    parts = (
        f"{match.prefix}*" if match.prefix else "",
        f"PathPrefix:{match.path_separated_prefix}" if match.path_separated_prefix else "",
        match.path or "",
        "" if match.safe_regex is None else f"regex {match.safe_regex.regex}",
    )
    return " ".join(part for part in parts if part)
