"""The cluster for requests to hosts that no service has. Follows istiod's `buildAllowAnyDFPCluster`."""

from msgspec.structs import replace

from meshcompile.models.mesh.mesh_config import MeshConfig
from meshcompile.models.networking.destination_rule import ClientTLSMode, ClientTLSSettings
from meshcompile.node_metadata import NodeMetadata
from meshcompile.resolve.clusters.ir import NO_LIMITS, Algorithm, Balancing, Cluster, Discovery, HttpOptions
from meshcompile.resolve.clusters.pool import keepalive
from meshcompile.resolve.clusters.security import ClusterTls, TlsPeer, cluster_tls
from meshcompile.resolve.dns_caches import unknown_hosts_cache
from meshcompile.resolve.scope.clients import ClientKey
from meshcompile.resolve.scope.traffic_policy import EffectivePolicy
from meshcompile.values.names import UNKNOWN_HOSTS_CLUSTER


def unknown_hosts_cluster(mesh: MeshConfig, client: ClientKey, http: HttpOptions | None, node: NodeMetadata) -> Cluster:
    """The cluster of a sidecar. `http` are the options of `PassthroughCluster`."""
    tls = None if mesh.outbound_traffic_policy is None else mesh.outbound_traffic_policy.tls
    is_plain = tls is None or tls.mode is ClientTLSMode.DISABLE
    secured = _secured(mesh, client, tls)
    return Cluster(
        name=UNKNOWN_HOSTS_CLUSTER,
        stat_name=UNKNOWN_HOSTS_CLUSTER,
        discovery=Discovery.DYNAMIC_FORWARD_PROXY,
        connect_timeout=mesh.connect_timeout,
        balancing=Balancing(Algorithm.CLUSTER_PROVIDED),
        common_balancing=False,
        thresholds=NO_LIMITS,
        keepalive=keepalive(None, mesh),
        http=http if secured.http is None else secured.http,
        security=secured.security,
        host_cache=unknown_hosts_cache(client.lookup_families, node),
        insecure_host_options=is_plain or secured.insecure_host_options,
        exchanges_metadata=True,
    )


def _secured(mesh: MeshConfig, client: ClientKey, tls: ClientTLSSettings | None) -> ClusterTls:
    """TLS as the mesh config says. istiod does not look for the sockets of credentials here."""
    server = TlsPeer(
        cluster_name=UNKNOWN_HOSTS_CLUSTER,
        discovery=Discovery.DYNAMIC_FORWARD_PROXY,
        mode=None,
        sni="",
        service_accounts=(),
        mesh_external=True,
        is_external_registry=False,
        by_host=True,
        over_hbone=False,
    )
    without_sockets = replace(client, credential_socket=False, file_credential_socket=False)
    return cluster_tls(server, EffectivePolicy(tls=tls), None, mesh, without_sockets, rule_selects_workloads=False)
