"""The clusters of a waypoint's HBONE tunnels. Follows istiod's `buildWaypointInboundClusters`."""

from collections.abc import Iterator

from msgspec.structs import replace

from meshcompile.proxy import Proxy
from meshcompile.resolve.hbone.tunnels import (
    InternalCluster,
    TunnelCluster,
    TunnelTls,
    connect_cluster,
    double_tunnel_clusters,
    tunnel_tls,
)
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.values.labels import MANAGED, MANAGED_WAYPOINT
from meshcompile.values.names import CONNECT_ORIGINATE, ENCAP, MAIN_INTERNAL


def opens_double_tunnels(snapshot: Snapshot, proxy: Proxy) -> bool:
    """True for a waypoint that istiod manages. It could reach other networks through two tunnels."""
    return snapshot.ambient and proxy.labels.get(MANAGED) == MANAGED_WAYPOINT


def waypoint_tunnel_clusters(snapshot: Snapshot, proxy: Proxy) -> Iterator[TunnelCluster]:
    """The clusters to its internal listeners, and those that open tunnels."""
    mesh = snapshot.mesh
    tls = tunnel_tls(mesh, proxy)
    yield InternalCluster(MAIN_INTERNAL, MAIN_INTERNAL)
    yield InternalCluster(ENCAP, CONNECT_ORIGINATE)
    yield connect_cluster(CONNECT_ORIGINATE, mesh, _to_own_namespace(tls, mesh.trust_domain, proxy))
    if opens_double_tunnels(snapshot, proxy):
        yield from double_tunnel_clusters(mesh, tls)


def _to_own_namespace(tls: TunnelTls, trust_domain: str, proxy: Proxy) -> TunnelTls:
    """The tunnels to workloads also accept the identities of the waypoint's own namespace.

    istiod means to restrict the identities to these, and Envoy accepts any of the list.
    """
    own = f"spiffe://{trust_domain}/ns/{proxy.namespace}/sa/"
    return replace(tls, identity_prefixes=(*tls.identity_prefixes, own))
