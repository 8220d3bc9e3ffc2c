"""HTTP settings of clusters. Follows istiod's `ClusterBuilder.setUpstreamProtocol`, `applyH2Upgrade` and the HTTP part
of `applyConnectionPool`.
"""

from meshcompile.models.mesh.mesh_config import H2UpgradePolicy as MeshUpgradePolicy
from meshcompile.models.mesh.mesh_config import MeshConfig
from meshcompile.models.networking.destination_rule import ConnectionPoolSettings, H2UpgradePolicy
from meshcompile.resolve.clusters.ir import HttpOptions, UpstreamProtocol
from meshcompile.values.ports import Protocol


def outbound_http(
    protocol: Protocol,
    pool: ConnectionPoolSettings | None,
    mesh: MeshConfig,
    *,
    sniffs: bool,
    preserves_header_case: bool,
) -> HttpOptions | None:
    """The HTTP options of a cluster for a port. `sniffs` means that Envoy detects the protocol of undeclared ports."""
    declared = _declared(protocol, sniffs, preserves_header_case)
    if declared is None and _is_upgraded(protocol, pool, mesh):
        declared = UpstreamProtocol.HTTP2
    return _with_pool(declared, _keeps_case(protocol, preserves_header_case), pool)


def inbound_http(
    protocol: Protocol, pool: ConnectionPoolSettings | None, *, preserves_header_case: bool
) -> HttpOptions | None:
    """The HTTP options of a sidecar's inbound cluster, which is never upgraded to HTTP/2."""
    declared = _declared(protocol, True, preserves_header_case)
    return _with_pool(declared, _keeps_case(protocol, preserves_header_case), pool)


def _keeps_case(protocol: Protocol, preserves_header_case: bool) -> bool:
    return preserves_header_case and protocol.is_http_or_sniffed and not protocol.is_http2


def _declared(protocol: Protocol, sniffs: bool, preserves_header_case: bool) -> UpstreamProtocol | None:
    if protocol.is_http2:
        return UpstreamProtocol.HTTP2
    if protocol is Protocol.AUTO and sniffs:
        return UpstreamProtocol.AS_DOWNSTREAM
    return UpstreamProtocol.HTTP1 if _keeps_case(protocol, preserves_header_case) else None


def _is_upgraded(protocol: Protocol, pool: ConnectionPoolSettings | None, mesh: MeshConfig) -> bool:
    """True when HTTP/2 replaces the declared protocol.

    A rule can ask for it on any port, the mesh config on HTTP ports.
    """
    http = None if pool is None else pool.http
    if http is not None:
        if http.use_client_protocol or http.h2_upgrade_policy is H2UpgradePolicy.DO_NOT_UPGRADE:
            return False
        if http.h2_upgrade_policy is H2UpgradePolicy.UPGRADE:
            return True
    return protocol.is_http and mesh.h2_upgrade_policy is MeshUpgradePolicy.UPGRADE


def _with_pool(
    protocol: UpstreamProtocol | None, keeps_case: bool, pool: ConnectionPoolSettings | None
) -> HttpOptions | None:
    http, tcp = (None, None) if pool is None else (pool.http, pool.tcp)
    idle = http.idle_timeout if http is not None else None
    if idle is None and tcp is not None:
        idle = tcp.idle_timeout
    requests = max(http.max_requests_per_connection, 0) if http is not None else 0
    streams = max(http.max_concurrent_streams, 0) if http is not None else 0
    duration = tcp.max_connection_duration if tcp is not None else None
    pings = http.http2_keep_alive if http is not None else None
    limits = [node for node in (http, tcp) if node is not None]
    has_common = idle is not None or duration is not None or requests > 0 or streams > 0
    has_common = has_common or pings is not None
    if http is not None and http.use_client_protocol:
        # Earlier HTTP/2 settings are lost, as in istiod. So is the header case when protocol detection set it first.
        keeps_case = keeps_case and protocol is not UpstreamProtocol.AS_DOWNSTREAM
        protocol = UpstreamProtocol.AS_DOWNSTREAM
    if protocol is None and not has_common:
        return None
    return HttpOptions(
        protocol=protocol or UpstreamProtocol.HTTP1,
        preserves_header_case=keeps_case,
        max_concurrent_streams=streams if protocol is UpstreamProtocol.HTTP2 else 0,
        http2_keepalive=pings if protocol is UpstreamProtocol.HTTP2 else None,
        has_common=has_common,
        idle_timeout=idle,
        max_requests_per_connection=requests,
        max_connection_duration=duration,
        origins=tuple(node.origin for node in limits) if has_common else (),
    )
