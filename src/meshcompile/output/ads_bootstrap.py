"""The bootstrap of an Envoy that gets its resources from an xDS server, such as `meshcompile serve`."""

from ipaddress import ip_address

from meshcompile.envoy.config import bootstrap as envoy
from meshcompile.envoy.config.cluster import Cluster
from meshcompile.envoy.config.core import (
    Address,
    AggregatedConfigSource,
    ApiConfigSource,
    BackoffStrategy,
    ConfigSource,
    GrpcService,
    GrpcServiceEnvoyGrpc,
    RetryPolicy,
    SocketAddress,
    TransportSocket,
)
from meshcompile.envoy.extensions.transport_sockets.tls import UpstreamTlsContext
from meshcompile.output.bootstrap import node
from meshcompile.output.bootstrap.agent import HTTP2, single_endpoint
from meshcompile.output.bootstrap.surroundings import INTERNAL_LISTENERS, RUNTIME
from meshcompile.proxy import Proxy

XDS = "xds-grpc"
ADS = ConfigSource(ads=AggregatedConfigSource(), initial_fetch_timeout="0s", resource_api_version="V3")
RECONNECT = BackoffStrategy(base_interval="0.100s", max_interval="2s")
"""How long Envoy waits before it connects again: servers are replaced often."""


def ads_bootstrap(
    proxy: Proxy, server: SocketAddress, tls: UpstreamTlsContext | None, is_delta: bool, admin_port: int
) -> envoy.Bootstrap:
    """The bootstrap of a proxy. Without `tls`, the connection to the server is plain text."""
    service = GrpcServiceEnvoyGrpc(cluster_name=XDS, retry_policy=RetryPolicy(retry_back_off=RECONNECT))
    source = ApiConfigSource(
        api_type="DELTA_GRPC" if is_delta else "GRPC",
        transport_api_version="V3",
        grpc_services=(GrpcService(envoy_grpc=service),),
        set_node_on_first_message_only=True,
    )
    admin = SocketAddress(address="127.0.0.1", port_value=admin_port)
    layers = (
        envoy.RuntimeLayer(name="istio", static_layer=RUNTIME),
        envoy.RuntimeLayer(name="admin", admin_layer=envoy.RuntimeLayerAdminLayer()),
    )
    return envoy.Bootstrap(
        node=node(proxy),
        admin=envoy.Admin(address=Address(socket_address=admin)),
        layered_runtime=envoy.LayeredRuntime(layers=layers),
        bootstrap_extensions=(INTERNAL_LISTENERS,),
        static_resources=envoy.BootstrapStaticResources(clusters=(_server(server, tls),)),
        dynamic_resources=envoy.BootstrapDynamicResources(lds_config=ADS, cds_config=ADS, ads_config=source),
    )


def _server(address: SocketAddress, tls: UpstreamTlsContext | None) -> Cluster:
    socket = TransportSocket(name="envoy.transport_sockets.tls", typed_config=tls)
    return Cluster(
        name=XDS,
        type="STATIC" if _is_ip(address.address) else "STRICT_DNS",
        connect_timeout="1s",
        load_assignment=single_endpoint(XDS, Address(socket_address=address)),
        transport_socket=None if tls is None else socket,
        typed_extension_protocol_options=HTTP2,
    )


def _is_ip(host: str) -> bool:
    try:
        return bool(ip_address(host))
    except ValueError:
        return False
