"""The consistent hash that chooses a request's endpoint.

Follows istiod's `hashForService`, `HashForHTTPDestination` and `consistentHashToHashPolicy`.
"""

from meshcompile.models.networking.destination_rule import (
    ConsistentHashLB,
    HTTPCookie,
    PortTrafficPolicy,
    TrafficPolicy,
)
from meshcompile.models.networking.virtual_service import Destination
from meshcompile.resolve.routes.context import RouteContext
from meshcompile.resolve.routes.intent import CookieHash, HeaderHash, QueryParameterHash, RequestHash, SourceAddressHash
from meshcompile.resolve.scope.traffic_policy import port_settings
from meshcompile.snapshot.destination_rules import MergedDestinationRule


def request_hash(wanted: ConsistentHashLB) -> RequestHash | None:
    """What a consistent hash is computed of; None when it names no key."""
    match wanted:
        case ConsistentHashLB(http_header_name=str(name)):
            return HeaderHash(name, wanted.origin)
        case ConsistentHashLB(http_cookie=HTTPCookie() as cookie):
            attributes = tuple((each.name, each.value) for each in cookie.attributes)
            return CookieHash(cookie.name, cookie.path, cookie.ttl, attributes, cookie.origin)
        case ConsistentHashLB(use_source_ip=bool(enabled)):
            return SourceAddressHash(enabled, wanted.origin)
        case ConsistentHashLB(http_query_parameter_name=str(name)):
            return QueryParameterHash(name, wanted.origin)
        case _:
            return None


def service_hash(rule: MergedDestinationRule | None, port: int) -> ConsistentHashLB | None:
    """The hash of a service's port: that of the port, else the rule's."""
    if rule is None:
        return None
    return _of_port(rule.traffic_policy, port) or _of(rule.traffic_policy)


def destination_hash(context: RouteContext, destination: Destination) -> ConsistentHashLB | None:
    """The hash of a destination: that of its subset's port, its subset, its port, else the rule's.

    A port only counts when the destination names it.
    """
    rule = context.scope.destination_rule(destination.host, context.labels)
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
