"""`istio.metadata_exchange`: exchanges the workload metadata of peers, for metrics.

It is the first filter, so that requests that RBAC denies also have metadata (istio/istio#41066).
"""

from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpFilter
from meshcompile.envoy.istio import peer_metadata
from meshcompile.envoy.message import JsonValue
from meshcompile.resolve.listeners.http_connection import HttpFilterInputs, HttpTraits
from meshcompile.resolve.listeners.traffic import TrafficClass

NAME = "istio.metadata_exchange"

_DISCOVERY: tuple[JsonValue, ...] = ({"istio_headers": {}}, {"workload_discovery": {}})
_FROM_CLIENT = HttpFilter(
    name=NAME,
    typed_config=peer_metadata(downstream_discovery=_DISCOVERY, downstream_propagation=({"istio_headers": {}},)),
)
_TO_SERVER = HttpFilter(
    name=NAME, typed_config=peer_metadata(upstream_discovery=_DISCOVERY, upstream_propagation=({"istio_headers": {}},))
)
_TO_SERVER_IN_MESH = HttpFilter(
    name=NAME,
    typed_config=peer_metadata(
        upstream_discovery=_DISCOVERY, upstream_propagation=({"istio_headers": {"skip_external_clusters": True}},)
    ),
)


def filters(traits: HttpTraits, inputs: HttpFilterInputs) -> tuple[HttpFilter, ...]:
    if inputs.tunnelled:
        return ()
    if traits.traffic_class is TrafficClass.SIDECAR_INBOUND:
        return (_FROM_CLIENT,)
    in_mesh_only = traits.metadata_headers_in_mesh_only and not inputs.forward_proxy
    return (_TO_SERVER_IN_MESH if in_mesh_only else _TO_SERVER,)
