"""The clusters of HBONE tunnels. Follows istiod's `buildConnectOriginate` and `buildInternalUpstreamCluster`."""

from meshcompile.emit.address import internal_address
from meshcompile.emit.clusters.balancing import circuit_breakers
from meshcompile.emit.clusters.http import HTTP_OPTIONS
from meshcompile.emit.tls import tunnel_context
from meshcompile.envoy.config.cluster import Cluster, ClusterOriginalDstLbConfig
from meshcompile.envoy.config.core import Http1ProtocolOptions, Http2ProtocolOptions, TransportSocket
from meshcompile.envoy.config.core import HttpProtocolOptions as CommonHttpOptions
from meshcompile.envoy.config.endpoint import ClusterLoadAssignment, Endpoint, LbEndpoint, LocalityLbEndpoints
from meshcompile.envoy.extensions.transport_sockets.internal_upstream import InternalUpstreamTransport
from meshcompile.envoy.extensions.transport_sockets.raw_buffer import RawBuffer
from meshcompile.envoy.extensions.transport_sockets.tls import UpstreamTlsContext
from meshcompile.envoy.extensions.upstreams.http import (
    HttpProtocolOptions,
    HttpProtocolOptionsExplicitHttpConfig,
    HttpProtocolOptionsUseDownstreamHttpConfig,
)
from meshcompile.envoy.type.metadata import MetadataKey, MetadataKeyPathSegment
from meshcompile.resolve.clusters.ir import NO_LIMITS
from meshcompile.resolve.hbone.tunnels import (
    ConnectCluster,
    InnerConnectCluster,
    InternalCluster,
    TunnelCluster,
    TunnelTls,
)
from meshcompile.values.names import HBONE_PORT, ORIGINAL_DESTINATION

CLEANUP_INTERVAL = "60s"

# Endpoints name the waypoint in front of them here.
_WAYPOINT = MetadataKey(key=ORIGINAL_DESTINATION, path=(MetadataKeyPathSegment(key="waypoint"),))
_TO_INTERNAL = TransportSocket(
    name="internal_upstream",
    typed_config=InternalUpstreamTransport(
        transport_socket=TransportSocket(name="raw_buffer", typed_config=RawBuffer())
    ),
)
_AS_DOWNSTREAM = HttpProtocolOptions(
    common_http_protocol_options=CommonHttpOptions(idle_timeout="300s"),
    use_downstream_protocol_config=HttpProtocolOptionsUseDownstreamHttpConfig(
        http_protocol_options=Http1ProtocolOptions(), http2_protocol_options=Http2ProtocolOptions()
    ),
)


def tunnel_cluster(resolved: TunnelCluster) -> Cluster:
    """The message of a cluster."""
    match resolved:
        case ConnectCluster():
            return _connect_cluster(resolved)
        case InnerConnectCluster():
            return _inner_connect_cluster(resolved)
        case InternalCluster():
            return _internal_cluster(resolved)


def _connect_cluster(resolved: ConnectCluster) -> Cluster:
    timeout = resolved.connect_timeout
    return Cluster(
        name=resolved.name,
        alt_stat_name=f"{resolved.name};",
        type="ORIGINAL_DST",
        connect_timeout=None if timeout is None else timeout.json,
        lb_policy="CLUSTER_PROVIDED",
        cleanup_interval=CLEANUP_INTERVAL,
        circuit_breakers=circuit_breakers(NO_LIMITS),
        typed_extension_protocol_options={HTTP_OPTIONS: _connect_options(resolved)},
        original_dst_lb_config=ClusterOriginalDstLbConfig(
            upstream_port_override=HBONE_PORT, metadata_key=_WAYPOINT if resolved.to_waypoints else None
        ),
        transport_socket=_tunnel_socket(resolved.tls),
    )


def _inner_connect_cluster(resolved: InnerConnectCluster) -> Cluster:
    transport = InternalUpstreamTransport(transport_socket=_tunnel_socket(resolved.tls))
    return Cluster(
        name=resolved.name,
        alt_stat_name=f"{resolved.name};",
        type="STATIC",
        circuit_breakers=circuit_breakers(NO_LIMITS),
        load_assignment=_listener_endpoint(resolved.name, resolved.listener),
        typed_extension_protocol_options={HTTP_OPTIONS: _connect_options(resolved)},
        transport_socket=TransportSocket(name="internal_upstream_with_tls", typed_config=transport),
    )


def _tunnel_socket(tls: TunnelTls) -> TransportSocket:
    return TransportSocket(name="tls", typed_config=UpstreamTlsContext(common_tls_context=tunnel_context(tls)))


def _connect_options(resolved: ConnectCluster | InnerConnectCluster) -> HttpProtocolOptions:
    return HttpProtocolOptions(
        common_http_protocol_options=CommonHttpOptions(
            idle_timeout=resolved.idle_timeout.json, max_requests_per_connection=resolved.max_requests or None
        ),
        explicit_http_config=HttpProtocolOptionsExplicitHttpConfig(
            http2_protocol_options=Http2ProtocolOptions(allow_connect=True)
        ),
    )


def _internal_cluster(resolved: InternalCluster) -> Cluster:
    return Cluster(
        name=resolved.name,
        alt_stat_name=f"{resolved.name};",
        type="STATIC",
        circuit_breakers=circuit_breakers(NO_LIMITS),
        load_assignment=_listener_endpoint(resolved.name, resolved.listener),
        typed_extension_protocol_options={HTTP_OPTIONS: _AS_DOWNSTREAM},
        transport_socket=_TO_INTERNAL,
    )


def _listener_endpoint(cluster: str, listener: str) -> ClusterLoadAssignment:
    endpoint = LbEndpoint(endpoint=Endpoint(address=internal_address(listener)))
    return ClusterLoadAssignment(cluster_name=cluster, endpoints=(LocalityLbEndpoints(lb_endpoints=(endpoint,)),))
