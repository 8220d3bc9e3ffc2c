"""The consistent hash that chooses a request's endpoint.

Follows istiod's `hashForService`, `HashForHTTPDestination` and `consistentHashToHashPolicy`.
"""

from meshcompile.models.networking.destination_rule import (
    ConsistentHashLB,
    HTTPCookie,
)
from meshcompile.models.networking.virtual_service import Destination
from meshcompile.resolve.routes.context import RouteContext
from meshcompile.resolve.routes.intent import CookieHash, HeaderHash, QueryParameterHash, RequestHash, SourceAddressHash
from meshcompile.resolve.scope.traffic_policy import consistent_hash, policy_levels
from meshcompile.snapshot.destination_rules import MergedDestinationRule


def request_hash(hashing: ConsistentHashLB) -> RequestHash | None:
    """The key of a consistent hash; None when the settings name none."""
    match hashing:
        case ConsistentHashLB(http_header_name=str(name)):
            return HeaderHash(name, hashing.origin)
        case ConsistentHashLB(http_cookie=HTTPCookie() as cookie):
            attributes = tuple((attribute.name, attribute.value) for attribute in cookie.attributes)
            return CookieHash(cookie.name, cookie.path, cookie.ttl, attributes, cookie.origin)
        case ConsistentHashLB(use_source_ip=bool(enabled)):
            return SourceAddressHash(enabled, hashing.origin)
        case ConsistentHashLB(http_query_parameter_name=str(name)):
            return QueryParameterHash(name, hashing.origin)
        case _:
            return None


def service_hash(rule: MergedDestinationRule | None, port: int) -> ConsistentHashLB | None:
    """The hash of a service's port: that of the port, else the rule's."""
    return consistent_hash(policy_levels(rule, port=port))


def destination_hash(context: RouteContext, destination: Destination) -> ConsistentHashLB | None:
    """The hash of a destination: that of its subset's port, its subset, its port, else the rule's.

    A port only counts when the destination names it.
    """
    rule = context.destination_rule(destination)
    port = None if destination.port is None else destination.port.number
    return consistent_hash(policy_levels(rule, destination.subset, port))
