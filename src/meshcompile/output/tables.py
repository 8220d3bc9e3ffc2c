"""The tables of `istioctl proxy-config`, made from resources as plain JSON values.

Follows istioctl's `pkg/writer/envoy/configdump` (listener.go, route.go, cluster.go) and `writer/envoy/clusters`, with
the same columns, wording and order.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from meshcompile.names import BLACK_HOLE_CLUSTER, HTTP_CONNECTION_MANAGER, PASSTHROUGH_CLUSTER
from meshcompile.output.go_sort import go_sorted

Json = Mapping[str, Any]

TCP_PROXY = "envoy.filters.network.tcp_proxy"

# ALPN lists that have a name of their own; the lists must be exactly these.
PROTOCOLS = {
    ("http/1.0", "http/1.1", "h2c", "istio-http/1.0", "istio-http/1.1", "istio-h2"): "HTTP TLS",
    ("istio", "istio-http/1.0", "istio-http/1.1", "istio-h2"): "Istio HTTP Plain",
    ("istio-peer-exchange", "istio"): "TCP TLS",
    ("http/1.0", "http/1.1", "h2c"): "HTTP",
}
SHOWN_DOMAINS = 2

LISTENER_COLUMNS = ("ADDRESSES", "PORT", "MATCH", "DESTINATION")
ROUTE_COLUMNS = ("NAME", "VHOST NAME", "DOMAINS", "MATCH", "VIRTUAL SERVICE")
CLUSTER_COLUMNS = ("SERVICE FQDN", "PORT", "SUBSET", "DIRECTION", "TYPE", "DESTINATION RULE")


@dataclass(frozen=True, slots=True)
class ListenerFilter:
    """Which listeners to show; the default shows all."""

    address: str = ""
    port: int = 0
    type: str = ""

    def __call__(self, listener: Json) -> bool:
        addresses = [address.lower() for address in listener_addresses(listener)]
        return (
            (not self.address or self.address.lower() in addresses)
            and (not self.port or listener_port(listener) == self.port)
            and (not self.type or listener_type(listener) == self.type.upper())
        )


@dataclass(frozen=True, slots=True)
class ClusterFilter:
    """Which clusters to show, by parts of their name; the default shows all."""

    fqdn: str = ""
    port: int = 0
    subset: str = ""
    direction: str = ""

    def __call__(self, cluster: Json) -> bool:
        name = cluster.get("name", "")
        wanted = (self.fqdn, self.direction, self.subset, f"|{self.port}|" if self.port else "")
        return all(part in name for part in wanted)


@dataclass(frozen=True, slots=True)
class EndpointFilter:
    """Which endpoints to show; the default shows all."""

    address: str = ""
    port: int = 0
    cluster: str = ""
    status: str = ""

    def __call__(self, endpoint: Endpoint) -> bool:
        return (
            (not self.address or endpoint.address.lower() == self.address.lower())
            and (not self.port or endpoint.port == self.port)
            and (not self.cluster or endpoint.cluster.lower() == self.cluster.lower())
            and (not self.status or endpoint.status == self.status.upper())
        )


@dataclass(frozen=True, slots=True, order=True)
class Endpoint:
    """One row of the endpoints table; rows sort by address, port and cluster. `port` is 0 where there is none."""

    address: str
    port: int
    cluster: str
    status: str

    def __str__(self) -> str:
        return f"{self.address}:{self.port}" if self.port else self.address


def aligned(rows: Sequence[Sequence[str]], padding: int) -> str:
    """Rows with every column but the last as wide as its longest cell plus the padding."""
    widths = [max(len(cell) for cell in column) + padding for column in zip(*rows, strict=True)]
    lines = (
        "".join(cell.ljust(width) for cell, width in zip(row[:-1], widths, strict=False)) + row[-1] for row in rows
    )
    return "".join(f"{line}\n" for line in lines)


def listener_table(listeners: Iterable[Json]) -> str:
    """ADDRESSES PORT MATCH DESTINATION, a row per filter chain."""
    return aligned([LISTENER_COLUMNS, *(row for _, row in listener_rows(listeners))], padding=1)


def listener_rows(listeners: Iterable[Json]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The name of a listener and a row of its table, for every filter chain."""
    for listener in go_sorted(listeners, _listener_before):
        head = (",".join(listener_addresses(listener)), str(listener_port(listener)))
        yield from ((listener.get("name", ""), (*head, *chain)) for chain in _chains(listener))


def listener_type_table(listeners: Iterable[Json]) -> str:
    """ADDRESSES PORT TYPE, a row per listener."""
    rows = [
        (",".join(listener_addresses(listener)), str(listener_port(listener)), listener_type(listener))
        for listener in go_sorted(listeners, _listener_before)
    ]
    return aligned([("ADDRESSES", "PORT", "TYPE"), *rows], padding=1)


def route_table(routes: Iterable[Json]) -> str:
    """NAME, VHOST NAME, DOMAINS, MATCH and VIRTUAL SERVICE, a row per route."""
    return aligned([ROUTE_COLUMNS, *route_rows(routes)], padding=5)


def route_rows(routes: Iterable[Json]) -> Iterator[tuple[str, ...]]:
    """The rows of the table of routes."""
    return (row for configuration in go_sorted(routes, _route_before) for row in _route_rows(configuration))


def virtual_host_table(routes: Iterable[Json]) -> str:
    """NAME and VIRTUAL HOSTS, a row per route configuration."""
    rows = [
        (configuration.get("name", ""), str(len(configuration.get("virtualHosts", ()))))
        for configuration in go_sorted(routes, _route_before)
    ]
    return aligned([("NAME", "VIRTUAL HOSTS"), *rows], padding=5)


def cluster_table(clusters: Iterable[Json]) -> str:
    """SERVICE FQDN, PORT, SUBSET, DIRECTION, TYPE and DESTINATION RULE, a row per cluster."""
    return aligned([CLUSTER_COLUMNS, *(row for _, row in cluster_rows(clusters))], padding=5)


def cluster_rows(clusters: Iterable[Json]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The name of a cluster and its row of the table."""
    for cluster in sorted(clusters, key=lambda cluster: cluster_key(cluster["name"])):
        yield cluster["name"], _cluster_row(cluster)


def endpoint_table(endpoints: Iterable[Endpoint]) -> str:
    """ENDPOINT, STATUS, OUTLIER CHECK and CLUSTER, a row per endpoint. No host has failed an outlier check yet."""
    rows = [(str(endpoint), endpoint.status, "OK", endpoint.cluster) for endpoint in sorted(endpoints)]
    return aligned([("ENDPOINT", "STATUS", "OUTLIER CHECK", "CLUSTER"), *rows], padding=5)


def endpoints(clusters: Iterable[Json], assignments: Iterable[Json]) -> Iterator[Endpoint]:
    """Every endpoint that Envoy would know."""
    for assignment in load_assignments(clusters, assignments):
        for locality in assignment.get("endpoints", ()):
            for endpoint in locality.get("lbEndpoints", ()):
                address, port = endpoint_address(endpoint.get("endpoint", {}).get("address", {}))
                # Envoy takes an endpoint without a status for a healthy one.
                yield Endpoint(address, port, assignment["clusterName"], endpoint.get("healthStatus", "HEALTHY"))


def load_assignments(clusters: Iterable[Json], assignments: Iterable[Json]) -> Iterator[Json]:
    """The load assignments of their own, then those that are written in the clusters."""
    yield from assignments
    yield from (cluster["loadAssignment"] for cluster in clusters if "loadAssignment" in cluster)


def listener_addresses(listener: Json) -> list[str]:
    """The address of the listener and its additional ones; "" for an internal listener."""
    address = listener.get("address", {})
    own = address.get("socketAddress", {}).get("address") or address.get("pipe", {}).get("path", "")
    additional = (more["address"]["socketAddress"]["address"] for more in listener.get("additionalAddresses", ()))
    return [own, *additional]


def listener_port(listener: Json) -> int:
    """The port of the listener; 0 for a pipe or an internal listener."""
    return int(listener.get("address", {}).get("socketAddress", {}).get("portValue", 0))


def listener_type(listener: Json) -> str:
    """HTTP, TCP, HTTP+TCP or UNKNOWN. A TCP proxy to the black hole does not count."""
    filters = [item for chain in _filter_chains(listener) for item in chain.get("filters", ())]
    http = any(item.get("name") == HTTP_CONNECTION_MANAGER for item in filters)
    tcp = any(item.get("name") == TCP_PROXY and not _drops(item) for item in filters)
    return {(True, True): "HTTP+TCP", (True, False): "HTTP", (False, True): "TCP", (False, False): "UNKNOWN"}[http, tcp]


def _listener_before(listener: Json, other: Json) -> bool:
    """By port, address and type."""
    return _listener_key(listener) < _listener_key(other)


def _listener_key(listener: Json) -> tuple[int, str, str]:
    return listener_port(listener), listener_addresses(listener)[0], listener_type(listener)


def _filter_chains(listener: Json) -> list[Json]:
    """The filter chains in order, the default one last."""
    default = listener.get("defaultFilterChain")
    return [*listener.get("filterChains", ()), *([default] if default is not None else [])]


def _chains(listener: Json) -> list[tuple[str, str]]:
    """(match, destination) of every filter chain, the destinations in descending order."""
    chains = [
        (_chain_match(chain.get("filterChainMatch", {})), _destination(chain.get("filters", ())))
        for chain in _filter_chains(listener)
    ]
    return go_sorted(chains, lambda chain, other: chain[1] > other[1])


def _chain_match(match: Json) -> str:
    """`SNI: a.example; Trans: tls; App: TCP TLS; Addr: *:8080`, or ALL."""
    parts = (_server_names(match), _transport(match), _application_protocols(match), _destination_address(match))
    return "; ".join(part for part in parts if part) or "ALL"


def _server_names(match: Json) -> str:
    names = match.get("serverNames")
    return f"SNI: {','.join(names)}" if names else ""


def _transport(match: Json) -> str:
    protocol = match.get("transportProtocol")
    return f"Trans: {protocol}" if protocol else ""


def _application_protocols(match: Json) -> str:
    protocols = match.get("applicationProtocols")
    return f"App: {PROTOCOLS.get(tuple(protocols), ','.join(protocols))}" if protocols else ""


def _destination_address(match: Json) -> str:
    port = f":{match['destinationPort']}" if "destinationPort" in match else ""
    ranges = ",".join(f"{r.get('addressPrefix', '')}/{r.get('prefixLen', 0)}" for r in match.get("prefixRanges", ()))
    return f"Addr: {ranges or '*'}{port}" if ranges or port else ""


def _destination(filters: Iterable[Json]) -> str:
    """Where the first filter that ends the chain sends its traffic."""
    for item in filters:
        config = item.get("typedConfig", {})
        match item.get("name"):
            case name if name == HTTP_CONNECTION_MANAGER:
                return _http_destination(config)
            case name if name == TCP_PROXY and not _drops(item):
                return _cluster_destination(config.get("cluster", ""))
    return "Non-HTTP/Non-TCP"


def _drops(tcp_proxy: Json) -> bool:
    """True when the black hole is named anywhere in the filter's configuration."""
    return BLACK_HOLE_CLUSTER in json.dumps(tcp_proxy.get("typedConfig", {}))


def _http_destination(manager: Json) -> str:
    if "routeConfig" in manager:
        return _inline_destination(manager["routeConfig"])
    name = manager.get("rds", {}).get("routeConfigName")
    return f"Route: {name}" if name else "HTTP"


def _cluster_destination(cluster: str) -> str:
    """PassthroughCluster and its like speak for themselves."""
    return cluster if "Cluster" in cluster else f"Cluster: {cluster}"


def _inline_destination(configuration: Json) -> str:
    """The cluster when everything goes to one, else every domain and match."""
    match configuration.get("virtualHosts", ()):
        case [{"domains": ["*"], "routes": [{"match": {"prefix": "/"}, "route": {"cluster": str(cluster)}}]}]:
            return _cluster_destination(cluster)
        case virtual_hosts:
            return f"Inline Route: {'; '.join(map(_inline_virtual_host, virtual_hosts))}"


def _inline_virtual_host(virtual_host: Json) -> str:
    domains = virtual_host.get("domains", [])
    routes = ", ".join(_route_match(route.get("match", {})) for route in virtual_host.get("routes", ()))
    return routes if domains == ["*"] else f"{'/'.join(domains)} {routes}"


def _route_match(match: Json) -> str:
    """The path that a route matches; headers and the like are not shown."""
    parts = (
        f"{match['prefix']}*" if match.get("prefix") else "",
        f"PathPrefix:{match['pathSeparatedPrefix']}" if match.get("pathSeparatedPrefix") else "",
        match.get("path", ""),
        f"regex {match['safeRegex'].get('regex', '')}" if "safeRegex" in match else "",
    )
    return " ".join(part for part in parts if part)


def _route_before(configuration: Json, other: Json) -> bool:
    """By number, between two names that are numbers; other names stay where the sort leaves them."""
    name, other_name = configuration.get("name", ""), other.get("name", "")
    return name.isdecimal() and other_name.isdecimal() and int(name) < int(other_name)


def _route_rows(configuration: Json) -> Iterator[tuple[str, ...]]:
    name = configuration.get("name", "")
    for virtual_host in configuration.get("virtualHosts", ()):
        head = (name, virtual_host.get("name", ""), _domains(virtual_host.get("domains", ())))
        for route in virtual_host.get("routes", ()):
            if route.get("route", {}).get("cluster") != PASSTHROUGH_CLUSTER:
                yield *head, _route_match(route.get("match", {})), _written_in(route)
        if not virtual_host.get("routes"):
            yield *head, "/*", "404"


def _domains(domains: Sequence[str]) -> str:
    """The first domains without a port, short names instead of the long names that go with them."""
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


def _written_in(resource: Json) -> str:
    """`name.namespace` of the VirtualService or DestinationRule that the resource came from; "" when from none."""
    path = resource.get("metadata", {}).get("filterMetadata", {}).get("istio", {}).get("config")
    if path is None:
        return ""
    match path.split("/"):
        case ["", "apis", "networking.istio.io", _, _, namespace, _, name]:
            return f"{name}.{namespace}"
        case ["", "apis", "networking.istio.io", *_]:
            return ""
        case _:
            return "<unknown>"


def _cluster_parts(name: str) -> tuple[str, int, str, str] | None:
    """Direction, port, subset and host of a cluster's name; None when it is not of that form."""
    parts = name.split("|")
    if len(parts) < 4:
        return None
    direction, port, subset, *host = parts
    return direction, int(port) if port.isdecimal() else 0, subset, host[0] if len(host) == 1 else ""


def cluster_key(name: str) -> tuple[str, str, int, str]:
    """What clusters are sorted by: host, subset, port and direction."""
    direction, port, subset, host = _cluster_parts(name) or ("", 0, "", name)
    return host, subset, port, direction


def _cluster_row(cluster: Json) -> tuple[str, ...]:
    direction, port, subset, host = _cluster_parts(cluster["name"]) or ("-", "-", "-", cluster["name"])
    return host, str(port), subset or "-", direction, cluster.get("type", "STATIC"), _written_in(cluster)


def endpoint_address(address: Json) -> tuple[str, int]:
    """Address and port; the port is 0 for what has none."""
    match address:
        case {"socketAddress": {"address": str(host)} as socket}:
            return host, socket.get("portValue", 0)
        case {"pipe": {"path": str(path)}}:
            return f"unix://{path}", 0
        case {"envoyInternalAddress": {"serverListenerName": str(listener)} as internal}:
            return f"envoy://{listener}/{internal.get('endpointId', '')}", 0
        case _:
            return "unknown", 0
