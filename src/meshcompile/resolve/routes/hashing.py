"""The consistent hash that chooses a request's endpoint: istiod's `hashForService` and `HashForHTTPDestination`."""

from meshcompile.models.networking.destination_rule import ConsistentHashLB, PortTrafficPolicy, TrafficPolicy
from meshcompile.models.networking.virtual_service import Destination
from meshcompile.resolve.traffic_policy import port_settings
from meshcompile.snapshot.destination_rules import MergedDestinationRule


def service_hash(rule: MergedDestinationRule | None, port: int) -> ConsistentHashLB | None:
    """The hash of a service's port: that of the port, else the rule's."""
    if rule is None:
        return None
    return _of_port(rule.traffic_policy, port) or _of(rule.traffic_policy)


def destination_hash(rule: MergedDestinationRule | None, destination: Destination) -> ConsistentHashLB | None:
    """The hash of a destination: that of its subset's port, its subset, its port, else the rule's.

    A port only counts when the destination names it.
    """
    if rule is None:
        return None
    # A destination without a subset looks for one without a name, which there is none of.
    subset = rule.subset(destination.subset)
    port = None if destination.port is None else destination.port.number
    return (
        (subset and _of_port(subset.traffic_policy, port))
        or (subset and _of(subset.traffic_policy))
        or _of_port(rule.traffic_policy, port)
        or _of(rule.traffic_policy)
    )


def _of(policy: TrafficPolicy | PortTrafficPolicy | None) -> ConsistentHashLB | None:
    if policy is None or policy.load_balancer is None:
        return None
    return policy.load_balancer.consistent_hash


def _of_port(policy: TrafficPolicy | None, port: int | None) -> ConsistentHashLB | None:
    """The hash of the first settings for the port."""
    return None if policy is None or port is None else _of(port_settings(policy, port))
