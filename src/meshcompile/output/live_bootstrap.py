"""The bootstrap of a running proxy, as far as its mesh determines it: `istioctl proxy-config bootstrap`.

Settings that only the proxy's image and environment determine are omitted: statistics, log formats, overload limits,
and versions.
"""

from __future__ import annotations

from typing import Any

from meshcompile.envoy.config.bootstrap import Admin, Bootstrap, BootstrapDynamicResources
from meshcompile.envoy.config.core import (
    Address,
    AggregatedConfigSource,
    ApiConfigSource,
    ConfigSource,
    GrpcService,
    GrpcServiceEnvoyGrpc,
    SocketAddress,
)
from meshcompile.envoy.message import to_builtins
from meshcompile.output.bootstrap import node
from meshcompile.output.live_parts import Agent, static_resources
from meshcompile.proxy import Proxy

ADS = ConfigSource(ads=AggregatedConfigSource(), initial_fetch_timeout="0s", resource_api_version="V3")
ISTIOD = ApiConfigSource(
    api_type="DELTA_GRPC",
    transport_api_version="V3",
    grpc_services=(GrpcService(envoy_grpc=GrpcServiceEnvoyGrpc(cluster_name="xds-grpc")),),
    set_node_on_first_message_only=True,
)


def live_bootstrap(proxy: Proxy) -> dict[str, Any]:
    """The dump of the bootstrap, with the names of Envoy's admin interface."""
    agent = Agent.of(proxy)
    address = Address(socket_address=SocketAddress(address=agent.localhost, port_value=agent.admin_port))
    bootstrap = Bootstrap(
        node=node(proxy),
        static_resources=static_resources(proxy),
        dynamic_resources=BootstrapDynamicResources(lds_config=ADS, cds_config=ADS, ads_config=ISTIOD),
        admin=Admin(profile_path="/var/lib/istio/data/envoy.prof", address=address),
    )
    return {"bootstrap": to_builtins(bootstrap)}


def bootstrap_summary(proxy: Proxy) -> str:
    """The version of Istio. The image determines the version of Envoy, so it is omitted."""
    version = proxy.node_metadata.istio_version
    return f"Istio Version: {version}\n" if version else ""
