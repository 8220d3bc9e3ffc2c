"""One cluster. Follows istiod's `ClusterBuilder.buildCluster` and the steps that change its result."""

from collections.abc import Mapping

from meshcompile.emit.address import address
from meshcompile.emit.clusters.balancing import (
    circuit_breakers,
    common_lb_config,
    least_request_config,
    maglev_config,
    outlier_detection,
    ring_hash_config,
    round_robin_config,
)
from meshcompile.emit.clusters.http import HTTP_OPTIONS, http_options
from meshcompile.emit.clusters.security import transport_socket, transport_socket_matches
from meshcompile.emit.config_sources import OVER_ADS
from meshcompile.emit.dns_cache import FAMILIES, dns_cache
from meshcompile.emit.locality_endpoints import EndpointEmitter
from meshcompile.envoy.config.cluster import (
    Cluster,
    ClusterCustomClusterType,
    ClusterDiscoveryType,
    ClusterDnsLookupFamily,
    ClusterEdsClusterConfig,
    ClusterLbPolicy,
    ClusterOriginalDstLbConfig,
    Filter,
    OutlierDetection,
    UpstreamConnectionOptions,
)
from meshcompile.envoy.config.core import (
    BindConfig,
    ExtraSourceAddress,
    Metadata,
    SocketAddress,
    TcpKeepalive,
    TypedExtensionConfig,
)
from meshcompile.envoy.config.endpoint import ClusterLoadAssignment, Endpoint, LbEndpoint, LocalityLbEndpoints
from meshcompile.envoy.extensions.clusters.dynamic_forward_proxy import ClusterConfig
from meshcompile.envoy.extensions.network.dns_resolver.cares import CaresDnsResolverConfig
from meshcompile.envoy.istio import metadata_exchange
from meshcompile.envoy.message import JsonObject, JsonValue, Packed, at
from meshcompile.queries import derived
from meshcompile.resolve.clusters import ir
from meshcompile.resolve.clusters.ir import (
    Algorithm,
    Binding,
    ClusterMetadata,
    Discovery,
    HttpOptions,
    Keepalive,
    ServiceName,
)
from meshcompile.resolve.dns_caches import DnsCache

NEVER = "9223372035s"  # the longest duration that istiod writes
DNS_JITTER = "0.100s"

_TYPES: dict[Discovery, ClusterDiscoveryType] = {
    Discovery.EDS: "EDS",
    Discovery.STATIC: "STATIC",
    Discovery.STRICT_DNS: "STRICT_DNS",
    Discovery.LOGICAL_DNS: "LOGICAL_DNS",
    Discovery.ORIGINAL_DST: "ORIGINAL_DST",
}
_LB_POLICIES: dict[Algorithm, ClusterLbPolicy] = {
    Algorithm.ROUND_ROBIN: "ROUND_ROBIN",
    Algorithm.LEAST_REQUEST: "LEAST_REQUEST",
    Algorithm.RANDOM: "RANDOM",
    Algorithm.RING_HASH: "RING_HASH",
    Algorithm.MAGLEV: "MAGLEV",
    Algorithm.CLUSTER_PROVIDED: "CLUSTER_PROVIDED",
}

_METADATA_EXCHANGE = (
    Filter(
        name="istio.metadata_exchange",
        typed_config=metadata_exchange(enable_discovery=True, protocol="istio-peer-exchange"),
    ),
)
_DNS_RESOLVER = TypedExtensionConfig(
    name="envoy.network.dns_resolver.cares", typed_config=CaresDnsResolverConfig(udp_max_queries=100)
)
_NO_BALANCING = ir.Balancing(Algorithm.ROUND_ROBIN)


def cluster(resolved: ir.Cluster, endpoints: EndpointEmitter) -> Cluster:
    """The message of a cluster."""
    balancing = resolved.balancing or _NO_BALANCING
    return at(_cluster(resolved, balancing, endpoints), resolved.origins, balancing.origin)


def _cluster(resolved: ir.Cluster, balancing: ir.Balancing, endpoints: EndpointEmitter) -> Cluster:
    dns, timeout = resolved.dns, resolved.connect_timeout
    return Cluster(
        name=resolved.name,
        alt_stat_name=f"{resolved.stat_name};",
        type=_TYPES.get(resolved.discovery),
        cluster_type=None if resolved.host_cache is None else _by_host(resolved, resolved.host_cache),
        eds_cluster_config=_over_ads(resolved) if resolved.discovery is Discovery.EDS else None,
        connect_timeout=None if timeout is None else timeout.json,
        lb_policy=_LB_POLICIES[balancing.algorithm],
        load_assignment=_load_assignment(resolved, endpoints),
        circuit_breakers=None if resolved.thresholds is None else circuit_breakers(resolved.thresholds),
        typed_extension_protocol_options=_protocol_options(resolved.http),
        dns_lookup_family=_lookup_family(resolved),
        dns_refresh_rate=None if dns is None or dns.refresh_rate is None else dns.refresh_rate.json,
        dns_jitter=None if dns is None else DNS_JITTER,
        respect_dns_ttl=dns is not None,
        typed_dns_resolver_config=None if dns is None else _DNS_RESOLVER,
        outlier_detection=_outlier_detection(resolved),
        cleanup_interval=NEVER if resolved.stays_connected else None,
        upstream_bind_config=None if resolved.binding is None else _bind_config(resolved.binding),
        ring_hash_lb_config=ring_hash_config(balancing),
        maglev_lb_config=maglev_config(balancing),
        least_request_lb_config=least_request_config(balancing),
        round_robin_lb_config=round_robin_config(balancing),
        original_dst_lb_config=None if resolved.port_override is None else _overridden(resolved.port_override),
        common_lb_config=common_lb_config(balancing) if resolved.balancing and resolved.common_balancing else None,
        transport_socket=transport_socket(resolved.security),
        transport_socket_matches=transport_socket_matches(resolved.security),
        metadata=None if resolved.metadata is None else _metadata(resolved.metadata),
        upstream_connection_options=None if resolved.keepalive is None else _keepalive(resolved.keepalive),
        filters=_METADATA_EXCHANGE if resolved.exchanges_metadata else (),
    )


_NO_OPTIONS: Mapping[str, Packed] = {}


def _protocol_options(http: HttpOptions | None) -> Mapping[str, Packed]:
    return _NO_OPTIONS if http is None else {HTTP_OPTIONS: http_options(http)}


def _lookup_family(resolved: ir.Cluster) -> ClusterDnsLookupFamily:
    if resolved.every_family:
        return "ALL"
    return "AUTO" if resolved.dns is None else FAMILIES[resolved.dns.families]


def _outlier_detection(resolved: ir.Cluster) -> OutlierDetection | None:
    return None if resolved.outlier_detection is None else outlier_detection(resolved.outlier_detection)


def _over_ads(resolved: ir.Cluster) -> ClusterEdsClusterConfig:
    return ClusterEdsClusterConfig(eds_config=OVER_ADS, service_name=resolved.name)


def _overridden(port: int) -> ClusterOriginalDstLbConfig:
    return ClusterOriginalDstLbConfig(upstream_port_override=port)


def _by_host(resolved: ir.Cluster, known: DnsCache) -> ClusterCustomClusterType:
    return ClusterCustomClusterType(
        name="envoy.clusters.dynamic_forward_proxy",
        typed_config=ClusterConfig(
            dns_cache_config=dns_cache(known), allow_insecure_cluster_options=resolved.insecure_host_options
        ),
    )


def _load_assignment(resolved: ir.Cluster, endpoints: EndpointEmitter) -> ClusterLoadAssignment | None:
    if resolved.local_endpoint is not None:
        endpoint = LbEndpoint(endpoint=Endpoint(address=address(*resolved.local_endpoint)))
        return ClusterLoadAssignment(
            cluster_name=resolved.name, endpoints=(LocalityLbEndpoints(lb_endpoints=(endpoint,)),)
        )
    if not resolved.groups:
        return None
    return ClusterLoadAssignment(cluster_name=resolved.name, endpoints=endpoints.groups(resolved.groups))


def _bind_config(binding: Binding) -> BindConfig:
    return BindConfig(
        source_address=SocketAddress(address=binding.source, port_value=0),
        extra_source_addresses=tuple(
            ExtraSourceAddress(address=SocketAddress(address=source, port_value=0)) for source in binding.extra_sources
        ),
    )


def _keepalive(keepalive: Keepalive) -> UpstreamConnectionOptions:
    probes = TcpKeepalive(
        keepalive_probes=keepalive.probes or None,
        keepalive_time=keepalive.time,
        keepalive_interval=keepalive.interval,
    )
    return UpstreamConnectionOptions(tcp_keepalive=at(probes, keepalive.origins))


@derived
def _metadata(metadata: ClusterMetadata) -> Metadata | None:
    """The metadata that Istio's filters read, in the namespace `istio`."""
    istio: dict[str, JsonValue] = {}
    if metadata.rule is not None:
        namespace, name = metadata.rule
        istio["config"] = f"/apis/networking.istio.io/v1/namespaces/{namespace}/destination-rule/{name}"
    if metadata.services is not None:
        istio["services"] = list(map(_service_metadata, metadata.services))
    if metadata.subset:
        istio["subset"] = metadata.subset
    if metadata.keeps_alpn:
        istio["alpn_override"] = "false"
    if metadata.is_external:
        istio["external"] = True
    if metadata.is_tunnelled:
        istio["disable_mx"] = True
    return Metadata(filter_metadata={"istio": istio}) if istio else None


@derived
def _service_metadata(service: ServiceName) -> JsonObject:
    return {"host": service.host, "name": service.name, "namespace": service.namespace}
