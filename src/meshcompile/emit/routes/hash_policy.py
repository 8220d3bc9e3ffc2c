"""What the endpoint of a request is chosen by. Follows istiod's `consistentHashToHashPolicy`."""

from meshcompile.envoy.config.route import (
    RouteActionHashPolicy,
    RouteActionHashPolicyConnectionProperties,
    RouteActionHashPolicyCookie,
    RouteActionHashPolicyCookieAttribute,
    RouteActionHashPolicyHeader,
    RouteActionHashPolicyQueryParameter,
)
from meshcompile.models.networking.destination_rule import ConsistentHashLB, HTTPCookie


def hash_policies(hashes: tuple[ConsistentHashLB, ...]) -> tuple[RouteActionHashPolicy, ...]:
    """The policies of those hashes that have a key."""
    policies = (hash_policy(each) for each in hashes)
    return tuple(policy for policy in policies if policy is not None)


def hash_policy(wanted: ConsistentHashLB) -> RouteActionHashPolicy | None:
    """The policy of a consistent hash; None when it names no key."""
    match wanted:
        case ConsistentHashLB(http_header_name=str(name)):
            return RouteActionHashPolicy(header=RouteActionHashPolicyHeader(header_name=name))
        case ConsistentHashLB(http_cookie=HTTPCookie() as cookie):
            return RouteActionHashPolicy(cookie=_cookie(cookie))
        case ConsistentHashLB(use_source_ip=bool(source_ip)):
            by_source = RouteActionHashPolicyConnectionProperties(source_ip=source_ip)
            return RouteActionHashPolicy(connection_properties=by_source)
        case ConsistentHashLB(http_query_parameter_name=str(name)):
            return RouteActionHashPolicy(query_parameter=RouteActionHashPolicyQueryParameter(name=name))
        case _:
            return None


def _cookie(cookie: HTTPCookie) -> RouteActionHashPolicyCookie:
    """A cookie; with a `ttl` Envoy makes it where the client has none."""
    return RouteActionHashPolicyCookie(
        name=cookie.name,
        ttl=None if cookie.ttl is None else cookie.ttl.json,
        path=cookie.path,
        attributes=tuple(
            RouteActionHashPolicyCookieAttribute(name=each.name, value=each.value) for each in cookie.attributes
        ),
    )
