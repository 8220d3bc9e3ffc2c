"""Clusters of Istio's agent, in the bootstrap of every proxy."""

from meshcompile.envoy.config.core import Address, Http2ProtocolOptions
from meshcompile.envoy.config.endpoint import ClusterLoadAssignment, Endpoint, LbEndpoint, LocalityLbEndpoints
from meshcompile.envoy.extensions.upstreams.http import HttpProtocolOptions, HttpProtocolOptionsExplicitHttpConfig

HTTP2 = {
    "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": HttpProtocolOptions(
        explicit_http_config=HttpProtocolOptionsExplicitHttpConfig(http2_protocol_options=Http2ProtocolOptions())
    )
}
"""The protocol options of a cluster that speaks HTTP/2."""
AGENT_SOCKET = "./var/run/secrets/workload-spiffe-uds/socket"
"""Where Istio's agent serves the certificates of the workload."""


def single_endpoint(cluster: str, address: Address) -> ClusterLoadAssignment:
    """The load assignment of a cluster with one endpoint."""
    endpoint = LbEndpoint(endpoint=Endpoint(address=address))
    return ClusterLoadAssignment(cluster_name=cluster, endpoints=(LocalityLbEndpoints(lb_endpoints=(endpoint,)),))
