"""Differences between releases: switches of istiod, and capabilities of the Envoy of a proxy.

There are two tables, with one documented field per difference. No other part of the compiler compares versions.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

Version = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Behaviour:
    """The switches of one release of istiod, with its feature flags and their defaults.

    A field is named after the environment variable that sets it in istiod. A later release is
    `replace(ISTIO_1_30, ...)`.
    """

    release: str
    # PILOT_ENABLE_MONGO_FILTER, PILOT_ENABLE_REDIS_FILTER, PILOT_ENABLE_MYSQL_FILTER: filters before tcp_proxy.
    mongo_filter: bool = True
    redis_filter: bool = False
    mysql_filter: bool = False
    # PILOT_ENABLE_ALPHA_GATEWAY_API: TCPRoutes, TCP listeners and XBackendTrafficPolicies.
    alpha_gateway_api: bool = False


ISTIO_1_30 = Behaviour(release="1.30.3")

FEATURES: Mapping[str, str] = {
    "PILOT_ENABLE_ALPHA_GATEWAY_API": "alpha_gateway_api",
    "PILOT_ENABLE_MONGO_FILTER": "mongo_filter",
    "PILOT_ENABLE_MYSQL_FILTER": "mysql_filter",
    "PILOT_ENABLE_REDIS_FILTER": "redis_filter",
}
"""The environment variables of istiod that can be given, and their switches."""


def with_features(behaviour: Behaviour, features: Mapping[str, bool]) -> Behaviour:
    """The behaviour with other values of feature flags. Raises KeyError for a flag that is not in FEATURES."""
    switches: dict[str, Any] = {FEATURES[name]: value for name, value in features.items()}
    return replace(behaviour, **switches)


Capability = Literal[
    "zipkin_trace_context", "zipkin_http_service", "formatter_tags", "no_context_propagation", "hashable_state"
]


@dataclass(frozen=True, slots=True)
class ProxyCapabilities:
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
