"""The TCP proxy. Follows istiod's `buildOutboundNetworkFilters` functions and `tunnelingconfig.Apply`."""

from meshcompile.emit.access_log import tcp_access_logs
from meshcompile.emit.durations import duration
from meshcompile.envoy.config.listener import Filter
from meshcompile.envoy.extensions.filters.network.tcp_proxy import (
    TcpProxy,
    TcpProxyTunnelingConfig,
    TcpProxyWeightedCluster,
    TcpProxyWeightedClusterClusterWeight,
)
from meshcompile.envoy.message import at
from meshcompile.envoy.type import HashPolicy, HashPolicySourceIp
from meshcompile.resolve.listeners.tcp_connection import CatchAllConnection, TcpConnection, Tunnel

NAME = "envoy.filters.network.tcp_proxy"
_BY_SOURCE_IP = (HashPolicy(source_ip=HashPolicySourceIp()),)


def tcp_proxy(connection: TcpConnection) -> Filter:
    """The network filter that forwards a connection."""
    shares = tuple(
        at(TcpProxyWeightedClusterClusterWeight(name=share.cluster, weight=share.weight), share.origin)
        for share in connection.clusters
    )
    settings = connection.settings
    return Filter(
        name=NAME,
        typed_config=at(
            TcpProxy(
                stat_prefix=connection.stat_prefix,
                cluster=None if connection.weighted else connection.clusters[0].cluster,
                weighted_clusters=TcpProxyWeightedCluster(clusters=shares) if connection.weighted else None,
                idle_timeout=duration(settings.idle_timeout),
                max_downstream_connection_duration=duration(settings.max_duration),
                hash_policy=_BY_SOURCE_IP if settings.hash_source_ip else (),
                tunneling_config=None if settings.tunnel is None else _tunnel(settings.tunnel),
                access_log=tcp_access_logs(connection.traits.telemetry),
            ),
            None if connection.weighted else connection.clusters[0].origin,
        ),
    )


def catchall_proxy(catchall: CatchAllConnection) -> Filter:
    """The network filter for connections that nothing else matches."""
    return Filter(
        name=NAME,
        typed_config=TcpProxy(
            stat_prefix=catchall.cluster,
            cluster=catchall.cluster,
            idle_timeout=duration(catchall.idle_timeout),
            access_log=tcp_access_logs(catchall.traits.telemetry) if catchall.access_logs else (),
        ),
    )


def _tunnel(tunnel: Tunnel) -> TcpProxyTunnelingConfig:
    host = f"[{tunnel.host}]" if ":" in tunnel.host else tunnel.host
    return at(TcpProxyTunnelingConfig(hostname=f"{host}:{tunnel.port}", use_post=tunnel.post), tunnel.origin)
