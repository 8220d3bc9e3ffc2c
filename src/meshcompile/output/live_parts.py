"""The resources of a running proxy that istiod does not send: the static resources of Istio's bootstrap.

Follows `tools/packaging/common/envoy_bootstrap.json`, with the ports that the proxy's metadata may change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address

from msgspec.structs import replace

from meshcompile.emit.filters.http import router
from meshcompile.emit.resources import Resources
from meshcompile.envoy.config.bootstrap import BootstrapStaticResources
from meshcompile.envoy.config.cluster import Cluster
from meshcompile.envoy.config.core import Address, Pipe, SocketAddress
from meshcompile.envoy.config.listener import Filter, FilterChain, Listener
from meshcompile.envoy.config.route import Route, RouteAction, RouteConfiguration, RouteMatch, VirtualHost
from meshcompile.envoy.extensions.filters.http.router import Router
from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpConnectionManager, HttpFilter
from meshcompile.envoy.message import Duration, replaced
from meshcompile.output.bootstrap.agent import AGENT_SOCKET, HTTP2, single_endpoint
from meshcompile.output.packed import known
from meshcompile.proxy import Proxy
from meshcompile.values.names import HTTP_CONNECTION_MANAGER


@dataclass(frozen=True, slots=True)
class Agent:
    """The ports of the proxy and its agent. The defaults are those of Istio's installation."""

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


def with_live_parts(resources: Resources, proxy: Proxy) -> Resources:
    """The resources, with those of the bootstrap and with the routes that listeners hold inline."""
    own = static_resources(proxy)
    listeners = (*resources.listeners, *own.listeners)
    return replace(
        resources,
        listeners=listeners,
        clusters=(*resources.clusters, *own.clusters),
        routes=(*resources.routes, *inline_routes(listeners)),
    )


def static_resources(proxy: Proxy) -> BootstrapStaticResources:
    """The listeners and clusters of a proxy's bootstrap."""
    agent = Agent.of(proxy)
    listeners = (
        _listener(agent.wildcard, agent.prometheus_port, "stats", "/stats/prometheus", "prometheus_stats"),
        _listener(agent.wildcard, agent.status_port, "agent", "/healthz/ready", "agent"),
    )
    return BootstrapStaticResources(listeners=listeners, clusters=tuple(_clusters(agent)))


def _clusters(agent: Agent) -> Iterator[Cluster]:
    yield _cluster("prometheus_stats", _socket(agent.localhost, agent.admin_port), "0.250s")
    yield _cluster("agent", _socket(agent.localhost, agent.agent_port), "0.250s")
    for name, path in (("sds-grpc", AGENT_SOCKET), ("xds-grpc", f"{agent.config_path}/XDS")):
        cluster = _cluster(name, Address(pipe=Pipe(path=path)), "1s")
        yield replaced(cluster, typed_extension_protocol_options=HTTP2)
    if agent.zipkin:
        host, _, port = agent.zipkin.rpartition(":")
        zipkin = _cluster("zipkin", _socket(host, int(port) if port.isdecimal() else 0), "1s")
        yield replaced(zipkin, type="STRICT_DNS", respect_dns_ttl=True, dns_refresh_rate="30s")


def _socket(address: str, port: int) -> Address:
    return Address(socket_address=SocketAddress(address=address, port_value=port))


def _cluster(name: str, address: Address, connect_timeout: Duration) -> Cluster:
    return Cluster(
        name=name,
        alt_stat_name=f"{name};",
        type="STATIC",
        connect_timeout=connect_timeout,
        load_assignment=single_endpoint(name, address),
    )


def _listener(address: str, port: int, stat_prefix: str, prefix: str, cluster: str) -> Listener:
    route = Route(match=RouteMatch(prefix=prefix), route=RouteAction(cluster=cluster))
    host = VirtualHost(name="backend", domains=("*",), routes=(route,))
    manager = HttpConnectionManager(
        stat_prefix=stat_prefix,
        route_config=RouteConfiguration(virtual_hosts=(host,)),
        http_filters=(HttpFilter(name=router.NAME, typed_config=Router()),),
    )
    return Listener(
        name=f"{address}_{port}",
        address=_socket(address, port),
        filter_chains=(FilterChain(filters=(Filter(name=HTTP_CONNECTION_MANAGER, typed_config=manager),)),),
        ignore_global_conn_limit=True,
        bypass_overload_manager=True,
    )


def inline_routes(listeners: Iterable[Listener]) -> Iterator[RouteConfiguration]:
    """The inline route configurations of connection managers."""
    for listener in listeners:
        default = listener.default_filter_chain
        for chain in (*listener.filter_chains, *(() if default is None else (default,))):
            for item in chain.filters:
                match known(item.typed_config):
                    case HttpConnectionManager(route_config=RouteConfiguration() as routes):
                        yield routes
                    case _:
                        pass
