"""Hash policies of routes. Follows istiod's `consistentHashToHashPolicy`."""

from meshcompile.emit.durations import duration
from meshcompile.envoy.config.route import (
    RouteActionHashPolicy,
    RouteActionHashPolicyConnectionProperties,
    RouteActionHashPolicyCookie,
    RouteActionHashPolicyCookieAttribute,
    RouteActionHashPolicyHeader,
    RouteActionHashPolicyQueryParameter,
)
from meshcompile.envoy.message import at
from meshcompile.resolve.routes.intent import CookieHash, HeaderHash, QueryParameterHash, RequestHash, SourceAddressHash


def hash_policy(request_hash: RequestHash) -> RouteActionHashPolicy:
    """The policy of a hash."""
    return at(_hash_policy(request_hash), request_hash.origin)


def _hash_policy(request_hash: RequestHash) -> RouteActionHashPolicy:
    match request_hash:
        case HeaderHash(name=name):
            return RouteActionHashPolicy(header=RouteActionHashPolicyHeader(header_name=name))
        case CookieHash():
            return RouteActionHashPolicy(cookie=_cookie(request_hash))
        case SourceAddressHash(enabled=enabled):
            by_source = RouteActionHashPolicyConnectionProperties(source_ip=enabled)
            return RouteActionHashPolicy(connection_properties=by_source)
        case QueryParameterHash(name=name):
            return RouteActionHashPolicy(query_parameter=RouteActionHashPolicyQueryParameter(name=name))


def _cookie(cookie: CookieHash) -> RouteActionHashPolicyCookie:
    return RouteActionHashPolicyCookie(
        name=cookie.name,
        ttl=duration(cookie.ttl),
        path=cookie.path,
        attributes=tuple(
            RouteActionHashPolicyCookieAttribute(name=name, value=value) for name, value in cookie.attributes
        ),
    )
