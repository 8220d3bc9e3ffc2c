"""`envoy.filters.http.cors`: enables CORS, which routes configure.

Follows istiod's `TranslateCORSPolicy` for the rules of VirtualServices.
"""

from meshcompile.emit.fractions import PERCENT_100
from meshcompile.emit.strings import string_matcher
from meshcompile.envoy.config.core import RuntimeFractionalPercent
from meshcompile.envoy.extensions.filters.http.cors import Cors, CorsPolicy
from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpFilter
from meshcompile.envoy.message import at
from meshcompile.resolve.listeners.http_connection import HttpFilterInputs, HttpTraits
from meshcompile.resolve.routes.intent import RouteRule

NAME = "envoy.filters.http.cors"
_FILTER = HttpFilter(name=NAME, typed_config=Cors())


def filters(traits: HttpTraits, inputs: HttpFilterInputs) -> tuple[HttpFilter, ...]:
    return (_FILTER,)


def per_route(rule: RouteRule) -> CorsPolicy | None:
    """The CORS policy of a rule's routes; None when the rule has none."""
    policy = rule.cors
    if policy is None:
        return None
    matchers = (string_matcher(origin) for origin in policy.allow_origins)
    return at(
        CorsPolicy(
            allow_origin_string_match=tuple(matcher for matcher in matchers if matcher is not None),
            allow_methods=",".join(policy.allow_methods),
            allow_headers=",".join(policy.allow_headers),
            expose_headers=",".join(policy.expose_headers),
            max_age="" if policy.max_age is None else str(policy.max_age),
            allow_credentials=policy.allow_credentials,
            filter_enabled=RuntimeFractionalPercent(default_value=PERCENT_100),
            forward_not_matching_preflights=policy.forward_unmatched_preflights,
        ),
        policy.origin,
    )
