"""gRPC access log services of providers and of the bootstrap.

Follows istiod's `tcpGrpcAccessLog`, `httpGrpcAccessLog` and `buildAccessLogFilter`.
"""

from meshcompile.emit.access_log.filters import NO_FILTER_CHAIN
from meshcompile.envoy.config.accesslog import AccessLog
from meshcompile.envoy.config.core import GrpcService, GrpcServiceEnvoyGrpc
from meshcompile.envoy.extensions.access_loggers.grpc import (
    CommonGrpcAccessLogConfig,
    HttpGrpcAccessLogConfig,
    TcpGrpcAccessLogConfig,
)

HTTP = "envoy.access_loggers.http_grpc"
TCP = "envoy.tcp_grpc_access_log"
# The metadata of peers, also under the names that proxies before 1.24 use.
ALL_PEERS = (
    "upstream_peer",
    "downstream_peer",
    "wasm.upstream_peer",
    "wasm.upstream_peer_id",
    "wasm.downstream_peer",
    "wasm.downstream_peer_id",
)
# The static cluster in the bootstrap for `envoyAccessLogService`.
_BOOTSTRAP_SERVICE = GrpcService(envoy_grpc=GrpcServiceEnvoyGrpc(cluster_name="envoy_accesslog_service"))


def common_config(log_name: str, service: GrpcService, filter_state: tuple[str, ...]) -> CommonGrpcAccessLogConfig:
    return CommonGrpcAccessLogConfig(
        log_name=log_name,
        grpc_service=service,
        transport_api_version="V3",
        filter_state_objects_to_log=filter_state,
    )


def _tcp_to_bootstrap(log_name: str) -> TcpGrpcAccessLogConfig:
    return TcpGrpcAccessLogConfig(common_config=common_config(log_name, _BOOTSTRAP_SERVICE, ALL_PEERS))


HTTP_TO_BOOTSTRAP = AccessLog(
    name=HTTP,
    typed_config=HttpGrpcAccessLogConfig(
        common_config=common_config("http_envoy_accesslog", _BOOTSTRAP_SERVICE, ALL_PEERS)
    ),
)
TCP_TO_BOOTSTRAP = AccessLog(name=TCP, typed_config=_tcp_to_bootstrap("tcp_envoy_accesslog"))
LISTENER_TO_BOOTSTRAP = AccessLog(
    name=TCP, filter=NO_FILTER_CHAIN, typed_config=_tcp_to_bootstrap("listener_envoy_accesslog")
)
