"""The last network filters, which forward the data: the TCP proxy, and the filter of a database.

A database filter comes before the TCP proxy, or replaces it. Follows istiod's `buildNetworkFiltersStack`. Switches of
the control plane enable the database filters.
"""

from meshcompile.emit.tcp_proxy import tcp_proxy
from meshcompile.envoy.config.listener import Filter
from meshcompile.envoy.extensions.filters.network.mongo_proxy import MongoProxy
from meshcompile.envoy.extensions.filters.network.mysql_proxy import MySQLProxy
from meshcompile.envoy.extensions.filters.network.redis_proxy import (
    RedisProxy,
    RedisProxyConnPoolSettings,
    RedisProxyPrefixRoutes,
    RedisProxyPrefixRoutesRoute,
)
from meshcompile.resolve.listeners.tcp_connection import TcpConnection
from meshcompile.values.ports import Protocol


def filters(connection: TcpConnection) -> tuple[Filter, ...]:
    traits = connection.traits
    match connection.protocol:
        case Protocol.MONGO if traits.mongo_filter:
            return (_mongo(connection), tcp_proxy(connection))
        case Protocol.MYSQL if traits.mysql_filter:
            return (_mysql(connection), tcp_proxy(connection))
        case Protocol.REDIS if traits.redis_filter:
            return (_redis(connection),)
    return (tcp_proxy(connection),)


def _mongo(connection: TcpConnection) -> Filter:
    return Filter(name="envoy.filters.network.mongo_proxy", typed_config=MongoProxy(stat_prefix=connection.stat_prefix))


def _mysql(connection: TcpConnection) -> Filter:
    return Filter(name="envoy.filters.network.mysql_proxy", typed_config=MySQLProxy(stat_prefix=connection.stat_prefix))


def _redis(connection: TcpConnection) -> Filter:
    everything = RedisProxyPrefixRoutesRoute(cluster=connection.clusters[0].cluster)
    return Filter(
        name="envoy.filters.network.redis_proxy",
        typed_config=RedisProxy(
            stat_prefix=connection.stat_prefix,
            latency_in_micros=True,
            settings=RedisProxyConnPoolSettings(op_timeout="5s"),
            prefix_routes=RedisProxyPrefixRoutes(catch_all_route=everything),
        ),
    )
