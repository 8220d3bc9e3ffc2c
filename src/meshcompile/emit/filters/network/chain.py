"""The network filters of a filter chain, in istiod's order: `ListenerBuilder.buildCompleteNetworkFilters`."""

from typing import Protocol

from meshcompile.emit.filters.network import (
    custom_authorization,
    extensions,
    metadata_exchange,
    rbac,
    sni_dynamic_forward_proxy,
    stats,
    terminal,
)
from meshcompile.emit.http_connection_manager import http_connection_manager
from meshcompile.emit.tcp_proxy import catchall_proxy
from meshcompile.envoy.config.listener import Filter
from meshcompile.resolve.listeners.http_connection import HttpConnection
from meshcompile.resolve.listeners.tcp_connection import CatchAllConnection, TcpConnection
from meshcompile.resolve.listeners.traffic import TrafficClass


class NetworkFilterModule(Protocol):
    """A module of this package that contributes network filters."""

    def filters(self, connection: TcpConnection) -> tuple[Filter, ...]:
        """The filters that the module contributes to a connection."""


NETWORK_FILTERS: tuple[NetworkFilterModule, ...] = (
    metadata_exchange,
    custom_authorization,
    extensions.AUTHN,
    extensions.AUTHZ,
    rbac,
    extensions.STATS,
    extensions.UNSPECIFIED,
    stats,
    sni_dynamic_forward_proxy,
    terminal,  # always the last
)


def network_filters(connection: HttpConnection | TcpConnection | CatchAllConnection) -> tuple[Filter, ...]:
    """All network filters of a TCP or HTTP connection."""
    match connection:
        case TcpConnection():
            return tuple(network_filter for module in NETWORK_FILTERS for network_filter in module.filters(connection))
        case HttpConnection():
            return (*_before_http(connection), http_connection_manager(connection))
        case CatchAllConnection():
            return (*_before_catchall(connection), catchall_proxy(connection))


def _before_http(connection: HttpConnection) -> tuple[Filter, ...]:
    """The filters before the connection manager.

    Outbound connections exchange metadata in an HTTP filter instead.
    """
    inbound = connection.traits.traffic_class is TrafficClass.SIDECAR_INBOUND
    exchange = (metadata_exchange.FILTER,) if inbound and not connection.tunnelled else ()
    phases = extensions.ALL if connection.network_extensions else ()
    return (*exchange, *(network_filter for phase in phases for network_filter in phase.filters(connection)))


def _before_catchall(catchall: CatchAllConnection) -> tuple[Filter, ...]:
    exchange = (metadata_exchange.FILTER,) if catchall.metadata_exchange else ()
    return exchange + stats.stats_filters(catchall.traits.telemetry)
