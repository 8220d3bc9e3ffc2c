"""Load balancing, outlier detection and circuit breakers of clusters. Follows istiod's `cluster_traffic_policy.go`."""

from meshcompile.emit.durations import duration
from meshcompile.envoy.config.cluster import (
    CircuitBreakers,
    CircuitBreakersThresholds,
    CircuitBreakersThresholdsRetryBudget,
    ClusterCommonLbConfig,
    ClusterCommonLbConfigLocalityWeightedLbConfig,
    ClusterCommonLbConfigZoneAwareLbConfig,
    ClusterLeastRequestLbConfig,
    ClusterMaglevLbConfig,
    ClusterRingHashLbConfig,
    ClusterRoundRobinLbConfig,
    ClusterSlowStartConfig,
    OutlierDetection,
)
from meshcompile.envoy.config.core import HealthStatusSet, RuntimeDouble
from meshcompile.envoy.message import at
from meshcompile.envoy.type import Percent
from meshcompile.models.networking.destination_rule import OutlierDetection as OutlierSettings
from meshcompile.models.networking.destination_rule import RetryBudget
from meshcompile.queries import derived
from meshcompile.resolve.clusters.ir import NO_LIMITS, Algorithm, Balancing, SlowStart, Thresholds, ZoneRouting

UNLIMITED = 4294967295
DEFAULT_RETRY_PERCENT = 20.0
DEFAULT_RETRY_CONCURRENCY = 3
DEFAULT_AGGRESSION = 1.0
DEFAULT_MINIMUM_PERCENT = 10.0

_NO_COMMON_CONFIG = ClusterCommonLbConfig()
_BY_LOCALITY = ClusterCommonLbConfigLocalityWeightedLbConfig()
# With persistent sessions, requests go to their endpoint until it terminates.
_DRAINING = HealthStatusSet(statuses=("HEALTHY", "DRAINING", "UNKNOWN", "DEGRADED"))


def common_lb_config(balancing: Balancing) -> ClusterCommonLbConfig:
    """The load balancing settings that do not depend on the algorithm."""
    threshold, zones = balancing.panic_threshold, balancing.zones
    if not balancing.locality_weighted and zones is None and threshold is None and not balancing.keeps_draining:
        return _NO_COMMON_CONFIG
    return ClusterCommonLbConfig(
        healthy_panic_threshold=None if threshold is None else _percent(threshold),
        zone_aware_lb_config=None if zones is None else _zone_aware(zones),
        locality_weighted_lb_config=_BY_LOCALITY if balancing.locality_weighted else None,
        override_host_status=_DRAINING if balancing.keeps_draining else None,
    )


def _zone_aware(zones: ZoneRouting) -> ClusterCommonLbConfigZoneAwareLbConfig:
    least = zones.min_cluster_size
    return at(
        ClusterCommonLbConfigZoneAwareLbConfig(
            routing_enabled=None if zones.enabled else _ZERO_PERCENT,
            min_cluster_size=None if least is None else str(least),
        ),
        zones.origin,
    )


def ring_hash_config(balancing: Balancing) -> ClusterRingHashLbConfig | None:
    if balancing.ring_size is None:
        return None
    return at(ClusterRingHashLbConfig(minimum_ring_size=str(balancing.ring_size)), balancing.hash_origin)


def maglev_config(balancing: Balancing) -> ClusterMaglevLbConfig | None:
    if balancing.table_size is None:
        return None
    return at(ClusterMaglevLbConfig(table_size=str(balancing.table_size)), balancing.hash_origin)


def least_request_config(balancing: Balancing) -> ClusterLeastRequestLbConfig | None:
    slow_start = _slow_start_of(balancing, Algorithm.LEAST_REQUEST)
    return None if slow_start is None else ClusterLeastRequestLbConfig(slow_start_config=_slow_start(slow_start))


def round_robin_config(balancing: Balancing) -> ClusterRoundRobinLbConfig | None:
    slow_start = _slow_start_of(balancing, Algorithm.ROUND_ROBIN)
    return None if slow_start is None else ClusterRoundRobinLbConfig(slow_start_config=_slow_start(slow_start))


def _slow_start_of(balancing: Balancing, algorithm: Algorithm) -> SlowStart | None:
    """The slow start of an algorithm, unless a hash size uses the place of its configuration."""
    slow_start = balancing.slow_start
    if slow_start is None or slow_start.algorithm is not algorithm:
        return None
    return slow_start if balancing.ring_size is None and balancing.table_size is None else None


def _slow_start(slow_start: SlowStart) -> ClusterSlowStartConfig:
    warmup = slow_start.warmup
    if warmup is None:
        return ClusterSlowStartConfig(slow_start_window=duration(slow_start.window))
    aggression = DEFAULT_AGGRESSION if warmup.aggression is None else warmup.aggression
    minimum = DEFAULT_MINIMUM_PERCENT if warmup.minimum_percent is None else warmup.minimum_percent
    return at(
        ClusterSlowStartConfig(
            slow_start_window=duration(slow_start.window),
            # istiod uses this runtime key. Envoy requires a key, and nothing sets this one.
            aggression=RuntimeDouble(default_value=aggression or 0.0, runtime_key="("),
            min_weight_percent=_percent(minimum),
        ),
        warmup.origin,
    )


def outlier_detection(outliers: OutlierSettings) -> OutlierDetection:
    """Outlier detection. Istio never uses success rates."""
    errors, gateway = outliers.consecutive_5xx_errors, outliers.consecutive_gateway_errors
    local = outliers.consecutive_local_origin_failures if outliers.split_external_local_origin_errors else None
    return at(
        OutlierDetection(
            enforcing_success_rate=0,
            consecutive_5xx=errors,
            enforcing_consecutive_5xx=_enforced(errors),
            consecutive_gateway_failure=gateway,
            enforcing_consecutive_gateway_failure=_enforced(gateway),
            interval=duration(outliers.interval),
            base_ejection_time=duration(outliers.base_ejection_time),
            max_ejection_percent=outliers.max_ejection_percent if outliers.max_ejection_percent > 0 else None,
            split_external_local_origin_errors=outliers.split_external_local_origin_errors,
            consecutive_local_origin_failure=local or None,
            enforcing_consecutive_local_origin_failure=100 if local else None,
            enforcing_local_origin_success_rate=0 if outliers.split_external_local_origin_errors else None,
        ),
        outliers.origin,
    )


def _enforced(errors: int | None) -> int | None:
    return None if errors is None else 100 if errors > 0 else 0


_NO_BREAKERS = CircuitBreakers(
    thresholds=(
        CircuitBreakersThresholds(
            max_connections=UNLIMITED,
            max_pending_requests=UNLIMITED,
            max_requests=UNLIMITED,
            max_retries=UNLIMITED,
        ),
    )
)


@derived
def circuit_breakers(thresholds: Thresholds) -> CircuitBreakers:
    """Circuit breakers. Envoy's own defaults are low; Istio has no limits by default."""
    if thresholds == NO_LIMITS:
        return _NO_BREAKERS
    budget = thresholds.retry_budget
    return at(
        CircuitBreakers(
            thresholds=(
                CircuitBreakersThresholds(
                    max_connections=thresholds.max_connections or UNLIMITED,
                    max_pending_requests=thresholds.max_pending_requests or UNLIMITED,
                    max_requests=thresholds.max_requests or UNLIMITED,
                    max_retries=thresholds.max_retries or UNLIMITED,
                    retry_budget=None if budget is None else _retry_budget(budget),
                ),
            )
        ),
        thresholds.origins,
    )


def _retry_budget(budget: RetryBudget) -> CircuitBreakersThresholdsRetryBudget:
    return at(
        CircuitBreakersThresholdsRetryBudget(
            budget_percent=_percent(DEFAULT_RETRY_PERCENT if budget.percent is None else budget.percent),
            min_retry_concurrency=budget.min_retry_concurrency or DEFAULT_RETRY_CONCURRENCY,
            budget_interval=duration(budget.budget_interval),
        ),
        budget.origin,
    )


def _percent(value: float) -> Percent:
    return Percent(value=float(value)) if value else _ZERO_PERCENT


_ZERO_PERCENT = Percent()
