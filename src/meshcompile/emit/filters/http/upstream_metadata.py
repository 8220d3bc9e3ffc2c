"""`waypoint_upstream_peer_metadata`: looks up the workload that a waypoint sends a request to, for metrics."""

from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpFilter
from meshcompile.envoy.istio import peer_metadata
from meshcompile.resolve.listeners.http_connection import HttpFilterInputs, HttpTraits

NAME = "waypoint_upstream_peer_metadata"
_FILTER = HttpFilter(name=NAME, typed_config=peer_metadata(upstream_discovery=({"workload_discovery": {}},)))


def filters(traits: HttpTraits, inputs: HttpFilterInputs) -> tuple[HttpFilter, ...]:
    return (_FILTER,)
