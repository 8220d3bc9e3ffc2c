"""The clusters of wildcard services that Envoy resolves by the host of each request."""

from collections.abc import Iterator

from meshcompile.resolve.clusters.ir import Algorithm, Balancing, Cluster, Discovery
from meshcompile.resolve.clusters.service_parts import ServiceParts
from meshcompile.resolve.dns_caches import host_cache
from meshcompile.resolve.endpoints.endpoint_builder import Upstream
from meshcompile.values.names import outbound
from meshcompile.values.ports import Protocol

DYNAMIC_PROTOCOLS = frozenset({Protocol.HTTP, Protocol.TLS, Protocol.GRPC, Protocol.HTTP2})


def dynamic_clusters(parts: ServiceParts) -> Iterator[Cluster]:
    """The clusters of a dynamic service: one for each port whose traffic names a host."""
    for port in parts.key.service.ports:
        if port.protocol in DYNAMIC_PROTOCOLS:
            yield _cluster(parts, parts.upstream(port))


def _cluster(parts: ServiceParts, upstream: Upstream) -> Cluster:
    name = outbound(upstream.port.number, "", upstream.service.hostname)
    settings = parts.settings.of(upstream.policy, Discovery.DYNAMIC_FORWARD_PROXY, keeps_draining=False)
    tls = parts.tls(upstream, Discovery.DYNAMIC_FORWARD_PROXY, name)
    return Cluster(
        name=name,
        stat_name=name,
        discovery=Discovery.DYNAMIC_FORWARD_PROXY,
        connect_timeout=settings.connect_timeout,
        balancing=Balancing(Algorithm.CLUSTER_PROVIDED),
        common_balancing=False,
        thresholds=settings.thresholds,
        keepalive=settings.keepalive,
        http=tls.http,
        security=tls.security,
        outlier_detection=upstream.policy.outlier_detection,
        metadata=parts.metadata(upstream, None),
        host_cache=host_cache(upstream.service.hostname, parts.key.client.lookup_families),
        insecure_host_options=tls.insecure_host_options,
        exchanges_metadata=True,
        origins=upstream.origins,
    )
