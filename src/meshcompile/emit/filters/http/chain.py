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
    tunnel_identity,
    upstream_metadata,
)
from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpFilter
from meshcompile.queries import derived
from meshcompile.resolve.listeners.http_connection import HttpFilterInputs, HttpTraits


class HttpFilterModule(Protocol):
    """A module of this package that contributes HTTP filters.

    Most modules contribute one filter or none. Some contribute one per rule.
    """

    def filters(self, traits: HttpTraits, inputs: HttpFilterInputs) -> tuple[HttpFilter, ...]:
        """The filters that the module contributes to a connection."""


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


# Those of a waypoint: `buildWaypointInboundHTTPFilters`. The tunnel has exchanged the metadata of clients.
WAYPOINT_HTTP_FILTERS: tuple[HttpFilterModule, ...] = (
    tunnel_identity,
    custom_authorization,
    extensions.AUTHN,
    jwt_authn,
    extensions.AUTHZ,
    rbac,
    grpc_web,
    grpc_stats,
    fault,
    cors,
    dynamic_forward_proxy,
    extensions.STATS,
    extensions.UNSPECIFIED,
    upstream_metadata,
    stats,
    router,  # always the last
)


@derived
def http_filters(traits: HttpTraits, inputs: HttpFilterInputs) -> tuple[HttpFilter, ...]:
    """All HTTP filters of a connection."""
    modules = WAYPOINT_HTTP_FILTERS if inputs.waypoint else HTTP_FILTERS
    return tuple(http_filter for module in modules for http_filter in module.filters(traits, inputs))
