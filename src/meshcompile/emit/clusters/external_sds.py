"""The cluster of an SDS server on the proxy's machine. Follows istiod's `buildExternalSDSCluster`."""

from meshcompile.emit.clusters.http import HTTP2, HTTP_OPTIONS
from meshcompile.envoy.config.cluster import Cluster
from meshcompile.envoy.config.core import Address, Pipe
from meshcompile.envoy.config.endpoint import ClusterLoadAssignment, Endpoint, LbEndpoint, LocalityLbEndpoints
from meshcompile.resolve.clusters.ir import Clusters
from meshcompile.resolve.security.downstream_tls import EXTERNAL_SDS_CLUSTER


def external_sds_cluster(resolved: Clusters) -> Cluster:
    """The cluster with the unix socket of the SDS server."""
    endpoint = LbEndpoint(endpoint=Endpoint(address=Address(pipe=Pipe(path=resolved.external_sds))))
    timeout = resolved.own[0].connect_timeout if resolved.own else None
    return Cluster(
        name=EXTERNAL_SDS_CLUSTER,
        alt_stat_name=f"{EXTERNAL_SDS_CLUSTER};",
        type="STATIC",
        connect_timeout=timeout.json if timeout is not None else None,
        load_assignment=ClusterLoadAssignment(
            cluster_name=EXTERNAL_SDS_CLUSTER, endpoints=(LocalityLbEndpoints(lb_endpoints=(endpoint,)),)
        ),
        typed_extension_protocol_options={HTTP_OPTIONS: HTTP2},
    )
