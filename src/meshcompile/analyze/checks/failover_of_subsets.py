"""Failover of subsets that has no effect, because neither the subset nor the rule detects outliers."""

from collections.abc import Iterator

from meshcompile.analyze.context import Context
from meshcompile.codes.validation import FAILOVER_WITHOUT_OUTLIER_DETECTION
from meshcompile.diagnostics import Diagnostic
from meshcompile.models.networking.destination_rule import DestinationRule, PortTrafficPolicy, TrafficPolicy


def failover_of_subsets(context: Context) -> Iterator[Diagnostic]:
    """A finding for each subset with failover and without outlier detection. Validation checks the rule itself."""
    for rule in context.resources.all(DestinationRule):
        whole = rule.spec.traffic_policy
        inherits = whole is not None and whole.outlier_detection is not None
        for policy in (subset.traffic_policy for subset in rule.spec.subsets if subset.traffic_policy is not None):
            yield from _of_policy(policy, policy.outlier_detection is not None or inherits)
            for settings in policy.port_level_settings:
                yield from _of_policy(settings, settings.outlier_detection is not None)


def _of_policy(policy: TrafficPolicy | PortTrafficPolicy, detects_outliers: bool) -> Iterator[Diagnostic]:
    balancer = policy.load_balancer
    locality = None if balancer is None else balancer.locality_lb_setting
    fails_over = locality is not None and bool(locality.failover or locality.failover_priority)
    if balancer is not None and fails_over and not detects_outliers:
        yield FAILOVER_WITHOUT_OUTLIER_DETECTION(balancer)
