"""The clusters that one proxy gets, decided. Follows istiod's `ConfigGeneratorImpl.buildClusters`."""

from collections.abc import Iterator

from meshcompile.durations import Duration
from meshcompile.names import BLACK_HOLE_CLUSTER, INBOUND_PASSTHROUGH_CLUSTER, PASSTHROUGH_CLUSTER
from meshcompile.resolve.clients import client
from meshcompile.resolve.clusters.inbound import PASSTHROUGH_SOURCE, PASSTHROUGH_SOURCE_IPV6, inbound_clusters
from meshcompile.resolve.clusters.outbound import outbound_clusters, sni_dnat_clusters
from meshcompile.resolve.clusters.pieces import (
    NO_LIMITS,
    Algorithm,
    Balancing,
    Binding,
    Cluster,
    Clusters,
    Discovery,
    HostClusters,
    HttpOptions,
    UpstreamProtocol,
)
from meshcompile.resolve.clusters.pool import keepalive
from meshcompile.resolve.view import View

PASSTHROUGH_IDLE_TIMEOUT = Duration.of_seconds(300)
EXTERNAL_SDS_SOCKET = "./var/run/secrets/credential-uds/socket"


def clusters(view: View) -> Clusters:
    """The clusters of a proxy."""
    traits = client(view)
    return Clusters(
        shared=outbound_clusters(view),
        own=_sidecar_clusters(view) if traits.is_sidecar else _gateway_clusters(view),
        external_sds=EXTERNAL_SDS_SOCKET if traits.credential_socket else "",
    )


def discovering(view: View) -> Iterator[HostClusters]:
    """The clusters of a proxy that may get their endpoints by EDS, by service and in order."""
    yield from outbound_clusters(view).hosts
    if _passes_through(view):
        yield from sni_dnat_clusters(view).hosts


def _sidecar_clusters(view: View) -> tuple[Cluster, ...]:
    return (_black_hole(view), _passthrough(view), *inbound_clusters(view), _inbound_passthrough(view))


def _gateway_clusters(view: View) -> tuple[Cluster, ...]:
    return (_black_hole(view), *_sni_dnat(view))


def _sni_dnat(view: View) -> Iterator[Cluster]:
    if _passes_through(view):
        for host in sni_dnat_clusters(view).hosts:
            yield from host.clusters


def _passes_through(view: View) -> bool:
    """True for a gateway that has a server in AUTO_PASSTHROUGH mode."""
    return view.proxy.is_router and bool(view.gateway.auto_passthrough_hosts)


def _black_hole(view: View) -> Cluster:
    """Where requests end that nothing is known to do with."""
    return Cluster(
        name=BLACK_HOLE_CLUSTER,
        stat_name=BLACK_HOLE_CLUSTER,
        discovery=Discovery.STATIC,
        connect_timeout=view.snapshot.mesh.connect_timeout,
    )


def _passthrough(view: View) -> Cluster:
    """Where connections to addresses that no service has go: on to where they were meant to."""
    return Cluster(
        name=PASSTHROUGH_CLUSTER,
        stat_name=PASSTHROUGH_CLUSTER,
        discovery=Discovery.ORIGINAL_DST,
        connect_timeout=view.snapshot.mesh.connect_timeout,
        balancing=Balancing(Algorithm.CLUSTER_PROVIDED),
        common_balancing=False,
        thresholds=NO_LIMITS,
        keepalive=keepalive(None, view.snapshot.mesh),
        http=HttpOptions(
            UpstreamProtocol.AS_DOWNSTREAM,
            preserves_header_case=client(view).preserves_header_case,
            has_common=True,
            idle_timeout=PASSTHROUGH_IDLE_TIMEOUT,
        ),
        exchanges_metadata=True,
    )


def _inbound_passthrough(view: View) -> Cluster:
    """Where connections to ports of the workload that no service has go."""
    outbound = _passthrough(view)
    ipv4, ipv6 = view.proxy.supports_ipv4, view.proxy.supports_ipv6
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
            PASSTHROUGH_SOURCE if ipv4 else PASSTHROUGH_SOURCE_IPV6,
            (PASSTHROUGH_SOURCE_IPV6,) if ipv4 and ipv6 else (),
        ),
    )
