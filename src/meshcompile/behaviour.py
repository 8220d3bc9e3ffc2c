"""Differences between releases: switches of istiod, and capabilities of the Envoy of a proxy.

There are two tables, with one documented field per difference. No other part of the compiler compares versions.
`meshcompile.changes` describes the differences between releases, one row per field.
"""

from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

Version = tuple[int, int, int]


class Behaviour(Struct, frozen=True):
    """The switches of one release of istiod, with its feature flags and their defaults.

    The defaults are those of Istio 1.30. Each field without a feature flag is a row of `meshcompile.changes`.
    """

    release: str
    # PILOT_ENABLE_MONGO_FILTER, PILOT_ENABLE_REDIS_FILTER, PILOT_ENABLE_MYSQL_FILTER: filters before tcp_proxy.
    mongo_filter: bool = True
    redis_filter: bool = False
    mysql_filter: bool = False
    # PILOT_ENABLE_ALPHA_GATEWAY_API: TCPRoutes, TCP listeners and XBackendTrafficPolicies.
    alpha_gateway_api: bool = False
    # Istio 1.30
    trust_domain_sources: bool = True
    redirect_codes: bool = True
    dynamic_sidecars: bool = True
    context_propagation: bool = True
    traffic_extensions: bool = True
    connect_strategy: bool = True
    namespace_traffic_distribution: bool = True
    default_export_lists: bool = True
    best_service_namespace: bool = True
    address_families: bool = True
    sorted_addresses: bool = True
    named_entry_endpoints: bool = True
    custom_provider_names: bool = True
    stable_tls_routes: bool = True
    stable_listener_sets: bool = True
    merged_route_kinds: bool = True
    grants_to_several: bool = True
    policy_conflicts: bool = True
    tls_mode_option: bool = True
    otel_conventions: bool = True
    waypoint_outbound_routes: bool = True
    missing_backends_not_found: bool = True
    gateways_of_families: bool = True
    unset_network_gateways: bool = True
    waypoint_client_identity: bool = True
    telemetry_of_services: bool = True
    spans_name_proxies: bool = True
    dns_failover_priority: bool = True
    unnamed_dynamic_hosts: bool = True
    waypoint_ranges: bool = True
    sds_credential_names: bool = True
    unverified_own_certificates: bool = True
    tls_routes_terminate: bool = True
    # Istio 1.31
    send_unhealthy_endpoints: bool = False
    subsets_inherit_tls_mode: bool = False
    slow_warmups: bool = False
    routes_must_retry: bool = False
    single_tcp_rule: bool = False
    only_addressed: bool = False
    stable_tcp_routes: bool = False
    filters_by_name: bool = False
    network_preferred: bool = False
    waypoint_hash: bool = False
    exact_hosts_by_name: bool = False
    strict_gateway_merging: bool = False
    short_proxy_versions: bool = False
    listener_conflicts: bool = False
    tls_listeners_need_tls: bool = False
    sds_authority: bool = False
    zone_aware_balancing: bool = False
    http2_keepalive: bool = False
    retry_budget_interval: bool = False
    redirect_prefixes: bool = False
    merge_replacing_lists: bool = False
    excluded_hosts: bool = False
    default_traffic_policy: bool = False
    any_client_certificate: bool = False
    dynamic_outbound: bool = False
    looked_up_families: bool = False
    rules_over_policies: bool = False
    own_waypoints_only: bool = False
    connection_settings: bool = False
    entry_visibility: bool = False
    canary_waypoints: bool = False
    secure_metrics_ports: bool = False
    protocols_of_entries: bool = False

    @property
    def name(self) -> str:
        """The release without its patch number, as `1.30`."""
        return self.release.rpartition(".")[0]


ISTIO_1_30 = Behaviour(release="1.30.3")
ISTIO_1_29 = replace(
    ISTIO_1_30,
    release="1.29.6",
    trust_domain_sources=False,
    redirect_codes=False,
    dynamic_sidecars=False,
    context_propagation=False,
    traffic_extensions=False,
    connect_strategy=False,
    namespace_traffic_distribution=False,
    default_export_lists=False,
    best_service_namespace=False,
    address_families=False,
    sorted_addresses=False,
    named_entry_endpoints=False,
    custom_provider_names=False,
    stable_tls_routes=False,
    stable_listener_sets=False,
    merged_route_kinds=False,
    grants_to_several=False,
    policy_conflicts=False,
    tls_mode_option=False,
    otel_conventions=False,
    waypoint_outbound_routes=False,
    missing_backends_not_found=False,
    gateways_of_families=False,
    unset_network_gateways=False,
    waypoint_client_identity=False,
    telemetry_of_services=False,
    spans_name_proxies=False,
    dns_failover_priority=False,
    unnamed_dynamic_hosts=False,
    waypoint_ranges=False,
    sds_credential_names=False,
    unverified_own_certificates=False,
    tls_routes_terminate=False,
)
ISTIO_1_31 = replace(
    ISTIO_1_30,
    release="1.31.0",
    send_unhealthy_endpoints=True,
    subsets_inherit_tls_mode=True,
    slow_warmups=True,
    routes_must_retry=True,
    single_tcp_rule=True,
    only_addressed=True,
    stable_tcp_routes=True,
    filters_by_name=True,
    network_preferred=True,
    waypoint_hash=True,
    exact_hosts_by_name=True,
    strict_gateway_merging=True,
    short_proxy_versions=True,
    listener_conflicts=True,
    tls_listeners_need_tls=True,
    sds_authority=True,
    zone_aware_balancing=True,
    http2_keepalive=True,
    retry_budget_interval=True,
    redirect_prefixes=True,
    merge_replacing_lists=True,
    excluded_hosts=True,
    default_traffic_policy=True,
    any_client_certificate=True,
    dynamic_outbound=True,
    looked_up_families=True,
    rules_over_policies=True,
    own_waypoints_only=True,
    connection_settings=True,
    entry_visibility=True,
    canary_waypoints=True,
    secure_metrics_ports=True,
    protocols_of_entries=True,
    missing_backends_not_found=False,
)

RELEASES: Mapping[str, Behaviour] = {"1.29": ISTIO_1_29, "1.30": ISTIO_1_30, "1.31": ISTIO_1_31}
"""The supported releases, oldest first. The answers of 1.31 are those of its release candidate 1.31.0-rc.0."""

DEFAULT_RELEASE = "1.30"
"""The newest release that is not a release candidate."""

FEATURES: Mapping[str, str] = {
    "PILOT_AUTO_SEND_UNHEALTHY_ENDPOINTS": "send_unhealthy_endpoints",
    "PILOT_ENABLE_ALPHA_GATEWAY_API": "alpha_gateway_api",
    "PILOT_ENABLE_MONGO_FILTER": "mongo_filter",
    "PILOT_ENABLE_MYSQL_FILTER": "mysql_filter",
    "PILOT_ENABLE_REDIS_FILTER": "redis_filter",
    "PILOT_ENABLE_STRICT_GATEWAY_MERGING": "strict_gateway_merging",
    "PILOT_SIDECAR_PICK_BEST_SERVICE_NAMESPACE": "best_service_namespace",
}
"""The environment variables of istiod that can be given, and their switches."""

ADDED_FEATURES: Mapping[str, str] = {
    "PILOT_AUTO_SEND_UNHEALTHY_ENDPOINTS": "1.31",
    "PILOT_ENABLE_STRICT_GATEWAY_MERGING": "1.31",
    "PILOT_SIDECAR_PICK_BEST_SERVICE_NAMESPACE": "1.30",
}
"""The feature flags that not all releases have, and the first release that has them."""


def features_of(release: str) -> tuple[str, ...]:
    """The feature flags of a release."""
    releases = tuple(RELEASES)
    age = releases.index(release)
    return tuple(name for name in FEATURES if releases.index(ADDED_FEATURES.get(name, releases[0])) <= age)


def with_features(behaviour: Behaviour, features: Mapping[str, bool]) -> Behaviour:
    """The behaviour with other values of feature flags. Raises KeyError for a flag that is not in FEATURES."""
    switches: dict[str, Any] = {FEATURES[name]: value for name, value in features.items()}
    return replace(behaviour, **switches)


Capability = Literal[
    "zipkin_trace_context", "zipkin_http_service", "formatter_tags", "no_context_propagation", "hashable_state"
]


class ProxyCapabilities(Struct, frozen=True):
    """The features that the Envoy of a proxy supports. istiod omits configuration for the others."""

    zipkin_trace_context: bool
    """`traceContextOption` of Zipkin: `zipkinConfig` in pilot/pkg/networking/core/tracing.go."""
    zipkin_http_service: bool
    """Timeout and headers of Zipkin, in its `collector_service`: the same function."""
    formatter_tags: bool
    """Custom tags with a formatter: `buildCustomTagsFromProvider` in pilot/pkg/networking/core/tracing.go."""
    no_context_propagation: bool
    """`disableContextPropagation`: `configureTracingFromTelemetry` in pilot/pkg/networking/core/tracing.go."""
    hashable_state: bool
    """Filter state that takes part in the choice of upstream connections: `ConnectAuthorityFilter` in
    pilot/pkg/xds/filters/filters.go."""


SINCE: Mapping[Capability, Version] = {
    "zipkin_trace_context": (1, 28, 0),
    "zipkin_http_service": (1, 29, 0),
    "formatter_tags": (1, 29, 0),
    "no_context_propagation": (1, 30, 0),
    "hashable_state": (1, 29, 2),
}
"""The first release of Istio whose proxies have a capability."""


def capabilities(version: Version) -> ProxyCapabilities:
    """The capabilities of proxies of this version."""
    return ProxyCapabilities(**{capability: version >= first for capability, first in SINCE.items()})


def first_release(capability: Capability) -> str:
    """The first release whose proxies have a capability, as `1.29`."""
    major, minor, _ = SINCE[capability]
    return f"{major}.{minor}"
