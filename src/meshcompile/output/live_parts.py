"""What a running proxy has besides what istiod sends it: the static resources of Istio's bootstrap.

Follows `tools/packaging/common/envoy_bootstrap.json`, with the ports that the proxy's metadata may change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from meshcompile.proxy import Proxy

Json = dict[str, Any]
Resources = Mapping[str, list[Json]]

HTTP_CONNECTION_MANAGER = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3"
HTTP2 = {
    "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
        "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        "explicitHttpConfig": {"http2ProtocolOptions": {}},
    }
}


@dataclass(frozen=True, slots=True)
class Agent:
    """Where the proxy and its agent listen; the defaults are those of Istio's installation."""

    localhost: str
    wildcard: str
    status_port: int = 15021
    prometheus_port: int = 15090
    admin_port: int = 15000
    agent_port: int = 15020
    config_path: str = "./etc/istio/proxy"
    zipkin: str = ""

    @classmethod
    def of(cls, proxy: Proxy) -> Agent:
        """The agent of a proxy, by its metadata."""
        only_ipv6 = all(ip_address(address).version == 6 for address in proxy.ip_addresses)
        metadata = proxy.node_metadata
        config = metadata.proxy_config or {}
        return cls(
            localhost="::1" if only_ipv6 else "127.0.0.1",
            wildcard="::" if only_ipv6 else "0.0.0.0",
            status_port=metadata.envoy_status_port or 15021,
            prometheus_port=metadata.envoy_prometheus_port or 15090,
            admin_port=int(config.get("proxyAdminPort") or 15000),
            agent_port=int(config.get("statusPort") or 15020),
            config_path=str(config.get("configPath") or "./etc/istio/proxy"),
            zipkin=str(config.get("tracing", {}).get("zipkin", {}).get("address", "")),
        )


def with_live_parts(resources: Resources, proxy: Proxy) -> dict[str, list[Json]]:
    """The resources with those of the bootstrap, and with the routes that listeners hold inline."""
    own = static_resources(proxy)
    listeners = [*resources.get("listeners", ()), *own["listeners"]]
    return {
        **resources,
        "listeners": listeners,
        "clusters": [*resources.get("clusters", ()), *own["clusters"]],
        "routes": [*resources.get("routes", ()), *_inline_routes(listeners)],
    }


def static_resources(proxy: Proxy) -> dict[str, list[Json]]:
    """The listeners and clusters of a proxy's bootstrap."""
    agent = Agent.of(proxy)
    listeners = (
        _listener(agent.wildcard, agent.prometheus_port, "stats", "/stats/prometheus", "prometheus_stats"),
        _listener(agent.wildcard, agent.status_port, "agent", "/healthz/ready", "agent"),
    )
    return {"listeners": list(listeners), "clusters": list(_clusters(agent))}


def _clusters(agent: Agent) -> Iterator[Json]:
    yield _cluster("prometheus_stats", _socket(agent.localhost, agent.admin_port), "0.250s")
    yield _cluster("agent", _socket(agent.localhost, agent.agent_port), "0.250s")
    identity = "./var/run/secrets/workload-spiffe-uds/socket"
    yield {**_cluster("sds-grpc", {"pipe": {"path": identity}}, "1s"), "typedExtensionProtocolOptions": HTTP2}
    xds = {"pipe": {"path": f"{agent.config_path}/XDS"}}
    yield {**_cluster("xds-grpc", xds, "1s"), "typedExtensionProtocolOptions": HTTP2}
    if agent.zipkin:
        host, _, port = agent.zipkin.rpartition(":")
        zipkin = _cluster("zipkin", _socket(host, int(port) if port.isdecimal() else 0), "1s")
        yield {**zipkin, "type": "STRICT_DNS", "respectDnsTtl": True, "dnsRefreshRate": "30s"}


def _socket(address: str, port: int) -> Json:
    return {"socketAddress": {"address": address, "portValue": port}}


def _cluster(name: str, address: Json, connect_timeout: str) -> Json:
    return {
        "name": name,
        "altStatName": f"{name};",
        "type": "STATIC",
        "connectTimeout": connect_timeout,
        "loadAssignment": {
            "clusterName": name,
            "endpoints": [{"lbEndpoints": [{"endpoint": {"address": address}}]}],
        },
    }


def _listener(address: str, port: int, stat_prefix: str, prefix: str, cluster: str) -> Json:
    routes = [{"match": {"prefix": prefix}, "route": {"cluster": cluster}}]
    router = {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}
    manager = {
        "@type": f"{HTTP_CONNECTION_MANAGER}.HttpConnectionManager",
        "statPrefix": stat_prefix,
        "routeConfig": {"virtualHosts": [{"name": "backend", "domains": ["*"], "routes": routes}]},
        "httpFilters": [{"name": "envoy.filters.http.router", "typedConfig": router}],
    }
    filters = [{"name": "envoy.filters.network.http_connection_manager", "typedConfig": manager}]
    return {
        "name": f"{address}_{port}",
        "address": _socket(address, port),
        "filterChains": [{"filters": filters}],
        "ignoreGlobalConnLimit": True,
        "bypassOverloadManager": True,
    }


def _inline_routes(listeners: list[Json]) -> Iterator[Json]:
    """The route configurations that connection managers hold, one for each of them."""
    for listener in listeners:
        default = listener.get("defaultFilterChain")
        for chain in (*listener.get("filterChains", ()), *(() if default is None else (default,))):
            for item in chain.get("filters", ()):
                if "routeConfig" in item.get("typedConfig", {}):
                    yield {"name": "", **item["typedConfig"]["routeConfig"]}
