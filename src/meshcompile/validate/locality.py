"""Locality and zone-aware load balancing: istiod's `ValidateLocalityLbSetting`."""

from collections.abc import Iterable

from meshcompile.codes import validation as codes
from meshcompile.models.networking.destination_rule import (
    LoadBalancerSettings,
)
from meshcompile.models.networking.localities import (
    LocalityDistribute,
    LocalityFailover,
    ZoneAwareFailover,
    ZoneAwareLoadBalancerSetting,
)
from meshcompile.validate.checks import Found
from meshcompile.values.labels import REGION, SUBZONE, ZONE

TOPOLOGY = frozenset({REGION, ZONE, SUBZONE})


def locality_settings(balancer: LoadBalancerSettings, detects_outliers: bool) -> Found:
    """Findings about how load is distributed over localities. Like istiod, this stops at some errors."""
    settings = balancer.locality_lb_setting
    if settings is None:
        return
    if settings.distribute and settings.failover:
        yield codes.LOCALITY(settings.at("failover"), problem="`distribute` and `failover` exclude each other")
        return
    if settings.failover and (topology := next((key for key in settings.failover_priority if key in TOPOLOGY), None)):
        problem: str | None = f"`failover` and `{topology}` in `failoverPriority` exclude each other"
        yield codes.LOCALITY(settings.at("failover_priority"), problem=problem)
        return
    for distribute in settings.distribute:
        if problem := _weights_problem(distribute) or _overlap_problem(distribute.to):
            yield codes.LOCALITY(distribute.at("to"), problem=problem)
    if problem := _overlap_problem(distribute.from_ for distribute in settings.distribute):
        yield codes.LOCALITY(settings.at("distribute"), problem=problem)
    if (settings.failover or settings.failover_priority) and not detects_outliers:
        yield codes.FAILOVER_WITHOUT_OUTLIER_DETECTION(balancer)
    for failover in settings.failover:
        if problem := _failover_problem(failover):
            yield codes.LOCALITY(failover, problem=problem)


def zone_settings(settings: ZoneAwareLoadBalancerSetting, detects_outliers: bool) -> Found:
    """Findings about zone-aware load balancing: istiod's `ValidateZoneAwareLbSetting`."""
    for index, label in enumerate(settings.failover_priority):
        if label in TOPOLOGY:
            problem = f"`{label}` cannot be a priority: Envoy takes care of regions and zones"
            yield codes.LOCALITY(settings.at("failover_priority", index), problem=problem)
    if (settings.failover or settings.failover_priority) and not detects_outliers:
        yield codes.FAILOVER_WITHOUT_OUTLIER_DETECTION(settings)
    for failover in settings.failover:
        if wrong := _failover_problem(failover):
            yield codes.LOCALITY(failover, problem=wrong)


def _weights_problem(distribute: LocalityDistribute) -> str | None:
    weights = distribute.to.values()
    if any(not 1 <= weight <= 100 for weight in weights):
        return "the weights of localities must be 1 to 100"
    return None if sum(weights) == 100 else f"the weights add up to {sum(weights)}, not to 100"


def _failover_problem(failover: LocalityFailover | ZoneAwareFailover) -> str | None:
    both = failover.from_ + failover.to
    if failover.from_ == failover.to:
        return "`from` and `to` are the same region"
    if "/" in both:
        return "`failover` accepts only regions, without zones"
    return "`failover` accepts no wildcards" if "*" in both else None


def _overlap_problem(localities: Iterable[str]) -> str | None:
    """The first locality that is invalid, or that overlaps with an earlier one; or None.

    A zone or a subzone before the wildcard for its region or zone does not overlap.
    """
    seen: dict[str, dict[str, set[str]]] = {}
    for locality in localities:
        if locality.count("*") > 1 or ("*" in locality and not locality.endswith("*")):
            return f"`{locality}` can have one `*`, only at the end"
        parts = locality.split("/", 2)
        if "*" in seen or _overlaps(parts, seen):
            return f"`{locality}` overlaps with an earlier one"
        if not all(parts):
            return f"`{locality}` has an empty part"
        region, zone, subzone = (*parts, "*", "*")[:3]
        seen.setdefault(region, {}).setdefault(zone, set()).add(subzone)
    return None


def _overlaps(parts: list[str], seen: dict[str, dict[str, set[str]]]) -> bool:
    match parts:
        case [region]:
            return region in seen
        case [region, zone]:
            return not seen.get(region, {}).keys().isdisjoint(("*", zone))
        case [region, zone, subzone]:
            zones = seen.get(region, {})
            return "*" in zones or not zones.get(zone, set()).isdisjoint(("*", subzone))
        case _:
            return False
