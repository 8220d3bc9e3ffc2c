"""Load balancing of clusters.

Follows istiod's `applyLoadBalancer`, `ApplyRingHashLoadBalancer` and the panic threshold of `applyOutlierDetection`.
"""

from msgspec.structs import replace

from meshcompile.behaviour import Behaviour
from meshcompile.documents import NOWHERE
from meshcompile.models.networking.destination_rule import (
    ConsistentHashLB,
    LoadBalancerSettings,
    OutlierDetection,
    SimpleLB,
)
from meshcompile.models.networking.localities import ZoneAwareLoadBalancerSetting
from meshcompile.resolve.clusters.ir import Algorithm, Balancing, Discovery, SlowStart, ZoneRouting
from meshcompile.resolve.endpoints.locality_balancing import Localities, LocalitySettings
from meshcompile.resolve.scope.traffic_policy import EffectivePolicy
from meshcompile.snapshot.service import Service, always_sends_unhealthy

DEFAULT_RING_SIZE = 1024

_SIMPLE = {
    SimpleLB.RANDOM: Algorithm.RANDOM,
    SimpleLB.ROUND_ROBIN: Algorithm.ROUND_ROBIN,
    SimpleLB.PASSTHROUGH: Algorithm.CLUSTER_PROVIDED,
}
_WARMING_UP = frozenset({Algorithm.ROUND_ROBIN, Algorithm.LEAST_REQUEST})


def asks_for_passthrough(balancer: LoadBalancerSettings | None) -> bool:
    """True when the load balancer forwards connections to their original destination."""
    return balancer is not None and balancer.simple is SimpleLB.PASSTHROUGH


def balancing(
    policy: EffectivePolicy,
    discovery: Discovery,
    localities: Localities | None,
    threshold: int | None,
    *,
    keeps_draining: bool,
) -> Balancing:
    """The load balancing of a service's cluster; LEAST_REQUEST unless a rule says otherwise.

    `threshold` is the panic threshold in percent.
    """
    common = Balancing(
        Algorithm.CLUSTER_PROVIDED,
        locality_weighted=_is_locality_weighted(localities, policy),
        zones=_zones(localities),
        panic_threshold=threshold,
        keeps_draining=keeps_draining,
    )
    return common if discovery is Discovery.ORIGINAL_DST else _chosen(common, policy.load_balancer)


def _chosen(common: Balancing, settings: LoadBalancerSettings | None) -> Balancing:
    """The load balancing with the algorithm of the settings."""
    hashing = None if settings is None else settings.consistent_hash
    simple = _simple(settings)
    return replace(
        common,
        algorithm=simple if hashing is None else _hashing(hashing),
        slow_start=_slow_start(simple, settings),
        ring_size=None if hashing is None else _ring_size(hashing),
        table_size=hashing.maglev.table_size or None if hashing is not None and hashing.maglev is not None else None,
        origin=NOWHERE if settings is None else settings.origin,
        hash_origin=NOWHERE if hashing is None else (hashing.ring_hash or hashing.maglev or hashing).origin,
    )


def _simple(settings: LoadBalancerSettings | None) -> Algorithm:
    simple = None if settings is None else settings.simple
    return Algorithm.LEAST_REQUEST if simple is None else _SIMPLE.get(simple, Algorithm.LEAST_REQUEST)


def _slow_start(algorithm: Algorithm, settings: LoadBalancerSettings | None) -> SlowStart | None:
    if settings is None or algorithm not in _WARMING_UP:
        return None
    if settings.warmup is not None:
        return SlowStart(algorithm, settings.warmup.duration, settings.warmup)
    if settings.warmup_duration_secs is not None:
        return SlowStart(algorithm, settings.warmup_duration_secs, None)
    return None


def _hashing(hashing: ConsistentHashLB) -> Algorithm:
    return Algorithm.RING_HASH if hashing.maglev is None else Algorithm.MAGLEV


def _ring_size(hashing: ConsistentHashLB) -> int | None:
    """The ring size.

    Istio's default applies when no algorithm is set. None leaves Envoy's default.
    """
    if hashing.maglev is not None:
        return None
    if hashing.ring_hash is not None:
        return hashing.ring_hash.minimum_ring_size or None
    return hashing.minimum_ring_size or DEFAULT_RING_SIZE


def _zones(localities: Localities | None) -> ZoneRouting | None:
    if not isinstance(localities, ZoneAwareLoadBalancerSetting):
        return None
    return ZoneRouting(localities.enabled is not False, localities.min_cluster_size, localities.origin)


def _is_locality_weighted(localities: Localities | None, policy: EffectivePolicy) -> bool:
    if not isinstance(localities, LocalitySettings):
        return False
    fails_over = localities.forced or policy.outlier_detection is not None
    return bool(localities.distribute) or (fails_over and localities.is_explicit)


def panic_threshold(service: Service, outliers: OutlierDetection | None, behaviour: Behaviour) -> int | None:
    """The percentage of healthy hosts below which all hosts get traffic; None for Envoy's default.

    Istio disables the threshold where clients get unhealthy endpoints.
    """
    if always_sends_unhealthy(service):
        return 0
    return _written_threshold(outliers, 0 if behaviour.send_unhealthy_endpoints else None)


def waypoint_panic_threshold(service: Service, outliers: OutlierDetection | None, behaviour: Behaviour) -> int | None:
    """The same for the clusters of a waypoint, for which istiod looks at the rule first."""
    if behaviour.send_unhealthy_endpoints:
        return _written_threshold(outliers, 0)
    return panic_threshold(service, outliers, behaviour)


def _written_threshold(outliers: OutlierDetection | None, default: int | None) -> int | None:
    return default if outliers is None or outliers.min_health_percent < 0 else outliers.min_health_percent
