"""The HTTP filters of a connection manager, in istiod's order: `ListenerBuilder.buildHTTPConnectionManager`."""

from typing import Protocol

from meshcompile.emit.filters.http import (
    alpn,
    cors,
    custom_authorization,
    dynamic_forward_proxy,
    extensions,
    fault,
    grpc_stats,
    grpc_web,
    jwt_authn,
    metadata_exchange,
    rbac,
    router,
    stats,
)
from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpFilter
from meshcompile.resolve.http_connection import HttpConnection


class HttpFilterModule(Protocol):
    """One HTTP filter: a module of this package. Most have one or no filter, some have one per rule."""

    def filters(self, connection: HttpConnection) -> tuple[HttpFilter, ...]:
        """What the filter contributes to a connection."""


HTTP_FILTERS: tuple[HttpFilterModule, ...] = (
    metadata_exchange,
    custom_authorization,
    extensions.AUTHN,
    jwt_authn,
    extensions.AUTHZ,
    rbac,
    extensions.STATS,
    extensions.UNSPECIFIED,
    grpc_web,
    grpc_stats,
    alpn,
    fault,
    cors,
    stats,
    dynamic_forward_proxy,
    router,  # always the last
)


def http_filters(connection: HttpConnection) -> tuple[HttpFilter, ...]:
    """All HTTP filters of a connection; the same for connections that differ in nothing that a filter looks at."""
    looked_at = (
        connection.protocol,
        connection.forward_proxy,
        connection.tunnelled,
        connection.dynamic_host,
        connection.port if connection.port in connection.traits.extensions.http.ports else None,
    )
    return connection.traits.memo.once(("http filters", looked_at), lambda: _http_filters(connection))


def _http_filters(connection: HttpConnection) -> tuple[HttpFilter, ...]:
    return tuple(made for module in HTTP_FILTERS for made in module.filters(connection))
