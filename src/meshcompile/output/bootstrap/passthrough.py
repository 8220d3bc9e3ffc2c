"""What replaces `PassthroughCluster` where no iptables catches connections."""

from meshcompile.codes.output import PASSTHROUGH_REPLACED
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import NOWHERE
from meshcompile.emit.dns_cache import dns_cache
from meshcompile.emit.filters.http import dynamic_forward_proxy
from meshcompile.envoy.config.cluster import Cluster, ClusterCustomClusterType
from meshcompile.envoy.config.listener import Listener
from meshcompile.envoy.extensions.clusters.dynamic_forward_proxy import ClusterConfig
from meshcompile.envoy.extensions.filters.http.dynamic_forward_proxy import FilterConfig
from meshcompile.envoy.extensions.filters.http.router import Router
from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpConnectionManager, HttpFilter
from meshcompile.envoy.message import Message, encode, replaced
from meshcompile.output.bootstrap.options import Passthrough
from meshcompile.output.walk import rewritten
from meshcompile.resolve.dns_caches import host_cache
from meshcompile.values.names import PASSTHROUGH_CLUSTER

_CACHE = dns_cache(host_cache(PASSTHROUGH_CLUSTER, "V4_ONLY"))
_RESOLVES_HOSTS = HttpFilter(name=dynamic_forward_proxy.NAME, typed_config=FilterConfig(dns_cache_config=_CACHE))
_FATES = {
    Passthrough.DFP: "go to the host of each HTTP request; without HTTP, they are closed",
    Passthrough.BLOCK: "are answered with 503, and closed without HTTP",
}


def passthrough_cluster(cluster: Cluster, kind: Passthrough | None) -> tuple[Cluster, tuple[Diagnostic, ...]]:
    """The cluster, replaced if it is `PassthroughCluster` and the options ask for it."""
    if kind is None or cluster.name != PASSTHROUGH_CLUSTER:
        return cluster, ()
    finding = PASSTHROUGH_REPLACED(NOWHERE, fate=_FATES[kind])
    match kind:
        case Passthrough.BLOCK:
            return replaced(cluster, type="STATIC", lb_policy="ROUND_ROBIN"), (finding,)
        case Passthrough.DFP:
            config = ClusterConfig(dns_cache_config=_CACHE, allow_insecure_cluster_options=True)
            dynamic = ClusterCustomClusterType(name="envoy.clusters.dynamic_forward_proxy", typed_config=config)
            return replaced(cluster, type=None, cluster_type=dynamic, lb_policy="CLUSTER_PROVIDED"), (finding,)


def resolving_hosts(listener: Listener) -> Listener:
    """The listener, with a filter before the router that resolves the host of requests to `PassthroughCluster`."""
    text = encode(listener)
    if PASSTHROUGH_CLUSTER.encode() not in text or b'"InboundPassthroughCluster"' in text:
        return listener
    return rewritten(listener, _resolving)


def _resolving(message: Message) -> Message:
    match message:
        case HttpConnectionManager(http_filters=(*others, HttpFilter(typed_config=Router()) as last)):
            return replaced(message, http_filters=(*others, _RESOLVES_HOSTS, last))
        case _:
            return message
