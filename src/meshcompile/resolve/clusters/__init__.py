"""The clusters of one proxy. Follows istiod's `ConfigGeneratorImpl.buildClusters`."""

from collections.abc import Iterator

from meshcompile.models.mesh.mesh_config import MeshConfig
from meshcompile.proxy import Proxy
from meshcompile.resolve.clusters.inbound import PASSTHROUGH_SOURCE, PASSTHROUGH_SOURCE_IPV6, inbound_clusters
from meshcompile.resolve.clusters.ir import (
    Algorithm,
    Balancing,
    Binding,
    Cluster,
    Clusters,
    Discovery,
    HttpOptions,
    SharedClusters,
    UpstreamProtocol,
)
from meshcompile.resolve.clusters.outbound import host_clusters, outbound_clusters, sni_dnat_clusters
from meshcompile.resolve.clusters.pool import connect_timeout, keepalive, thresholds
from meshcompile.resolve.clusters.unknown_hosts import unknown_hosts_cluster
from meshcompile.resolve.facts import ProxyFacts
from meshcompile.resolve.hbone.tunnels import (
    InternalCluster,
    TunnelCluster,
    accepts_tunnels,
    connect_cluster,
    tunnel_tls,
)
from meshcompile.resolve.scope.clients import ClientKey, ScopedClientKey, client_key
from meshcompile.resolve.waypoint.clusters import vip_clusters, vip_keys
from meshcompile.resolve.waypoint.outbound import waypoint_outbound_hosts
from meshcompile.resolve.waypoint.tunnels import waypoint_tunnel_clusters
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.values.durations import Duration
from meshcompile.values.names import (
    BLACK_HOLE_CLUSTER,
    CONNECT_ORIGINATE,
    INBOUND_PASSTHROUGH_CLUSTER,
    MAIN_INTERNAL,
    PASSTHROUGH_CLUSTER,
)

PASSTHROUGH_IDLE_TIMEOUT = Duration.of_seconds(300)
EXTERNAL_SDS_SOCKET = "./var/run/secrets/credential-uds/socket"


def clusters(snapshot: Snapshot, facts: ProxyFacts) -> Clusters:
    """The clusters of a proxy."""
    traits = client_key(snapshot, facts.scope, facts.proxy, facts.config)
    scoped = ScopedClientKey(facts.scope.key, traits)
    external_sds = EXTERNAL_SDS_SOCKET if traits.credential_socket else ""
    if facts.proxy.is_waypoint:
        tunnels = tuple(waypoint_tunnel_clusters(snapshot, facts.proxy))
        return Clusters(_waypoint_clusters(snapshot, facts, scoped), own=(), tunnels=tunnels, external_sds=external_sds)
    if traits.is_sidecar:
        own = _sidecar_clusters(snapshot.mesh, facts, traits)
    else:
        own = (_black_hole(snapshot.mesh), *_sni_dnat(snapshot, facts, scoped))
    return Clusters(
        shared=outbound_clusters(snapshot, scoped),
        own=own,
        tunnels=tuple(_tunnels(snapshot, facts.proxy)),
        external_sds=external_sds,
    )


def _waypoint_clusters(snapshot: Snapshot, facts: ProxyFacts, scoped: ScopedClientKey) -> SharedClusters:
    """The clusters of the services behind a waypoint, and of others that it sends traffic to."""
    vips = (vip_clusters(snapshot, key) for key in vip_keys(facts, scoped.client))
    others = (host_clusters(snapshot, key) for key in waypoint_outbound_hosts(snapshot, facts, scoped))
    return SharedClusters((*others, *vips))


def _tunnels(snapshot: Snapshot, proxy: Proxy) -> Iterator[TunnelCluster]:
    """The clusters of HBONE tunnels, to and from a proxy. Only ambient meshes have them."""
    if accepts_tunnels(snapshot, proxy):
        yield InternalCluster(MAIN_INTERNAL, MAIN_INTERNAL)
    if snapshot.ambient and not proxy.node_metadata.disable_hbone_send:
        yield connect_cluster(CONNECT_ORIGINATE, snapshot.mesh, tunnel_tls(snapshot.mesh, proxy))


def passes_through(facts: ProxyFacts) -> bool:
    """True for a gateway with a server in AUTO_PASSTHROUGH mode."""
    return facts.proxy.is_router and bool(facts.gateway.auto_passthrough_hosts)


def _sidecar_clusters(mesh: MeshConfig, facts: ProxyFacts, traits: ClientKey) -> tuple[Cluster, ...]:
    passthrough = _passthrough(mesh, traits)
    return (
        _black_hole(mesh),
        passthrough,
        *_unknown_hosts(mesh, facts, traits, passthrough),
        *inbound_clusters(mesh, facts, traits),
        _inbound_passthrough(passthrough, traits),
    )


def _unknown_hosts(mesh: MeshConfig, facts: ProxyFacts, traits: ClientKey, passthrough: Cluster) -> Iterator[Cluster]:
    if facts.scope.resolves_unknown_hosts:
        yield unknown_hosts_cluster(mesh, traits, passthrough.http, facts.proxy.node_metadata)


def _sni_dnat(snapshot: Snapshot, facts: ProxyFacts, scoped: ScopedClientKey) -> Iterator[Cluster]:
    if passes_through(facts):
        for host in sni_dnat_clusters(snapshot, scoped).hosts:
            yield from host.clusters


def _black_hole(mesh: MeshConfig) -> Cluster:
    """The cluster for requests that have no known destination."""
    return Cluster(
        name=BLACK_HOLE_CLUSTER,
        stat_name=BLACK_HOLE_CLUSTER,
        discovery=Discovery.STATIC,
        connect_timeout=mesh.connect_timeout,
    )


def _passthrough(mesh: MeshConfig, client: ClientKey) -> Cluster:
    """The cluster that forwards connections to unknown addresses to their original destination.

    istiod drops the HTTP settings of the mesh's default pool.
    """
    pool = None if mesh.default_traffic_policy is None else mesh.default_traffic_policy.connection_pool
    return Cluster(
        name=PASSTHROUGH_CLUSTER,
        stat_name=PASSTHROUGH_CLUSTER,
        discovery=Discovery.ORIGINAL_DST,
        connect_timeout=connect_timeout(pool, mesh),
        balancing=Balancing(Algorithm.CLUSTER_PROVIDED),
        common_balancing=False,
        thresholds=thresholds(pool, None),
        keepalive=keepalive(pool, mesh),
        http=HttpOptions(
            UpstreamProtocol.AS_DOWNSTREAM,
            preserves_header_case=client.preserves_header_case,
            has_common=True,
            idle_timeout=PASSTHROUGH_IDLE_TIMEOUT,
        ),
        exchanges_metadata=True,
    )


def _inbound_passthrough(outbound: Cluster, client: ClientKey) -> Cluster:
    """The cluster for connections to workload ports that no service declares."""
    return Cluster(
        name=INBOUND_PASSTHROUGH_CLUSTER,
        stat_name=outbound.stat_name,
        discovery=outbound.discovery,
        connect_timeout=outbound.connect_timeout,
        balancing=outbound.balancing,
        common_balancing=False,
        thresholds=outbound.thresholds,
        keepalive=outbound.keepalive,
        http=outbound.http,
        binding=Binding(
            PASSTHROUGH_SOURCE if client.ipv4 else PASSTHROUGH_SOURCE_IPV6,
            (PASSTHROUGH_SOURCE_IPV6,) if client.ipv4 and client.ipv6 else (),
        ),
    )
