"""The CORS filter."""

from dataclasses import replace

from meshcompile.envoy.config.core import RuntimeFractionalPercent
from meshcompile.envoy.config.route import CorsPolicy as RouteCorsPolicy
from meshcompile.envoy.extensions.filters.http.cors import CorsPolicy
from meshcompile.simulate.course import Course, HttpFilterConfig, Passed
from meshcompile.simulate.header_map import HeaderMap
from meshcompile.simulate.outcomes import LocalReply
from meshcompile.simulate.route_match import percent
from meshcompile.simulate.streams import HttpStream
from meshcompile.simulate.string_match import string_predicate

Policy = CorsPolicy | RouteCorsPolicy


def cors(filter_: HttpFilterConfig, course: Course) -> Passed:
    """A preflight request of an allowed origin is answered. Other requests pass, and the response allows the origin."""
    policy, origin = _policy(filter_, course), course.stream.headers.joined("origin")
    if policy is None or not origin or not _is_enabled(policy.filter_enabled):
        yield course
        return
    allowed = any(string_predicate(matcher)(origin) for matcher in policy.allow_origin_string_match)
    if _is_preflight(course.stream):
        if allowed:
            answered = course.after("CORS", filter_.name, f"answers the preflight request of {origin}", filter_.pointer)
            yield answered.ending(
                LocalReply(200, "cors_response", "", HeaderMap.of(_preflight_headers(policy, origin)))
            )
        elif policy.forward_not_matching_preflights is False:
            refused = course.after("CORS", filter_.name, f"does not allow {origin}", filter_.pointer)
            yield refused.ending(LocalReply(200, "cors_response"))
        else:
            yield course.after("CORS", filter_.name, f"does not allow {origin}", filter_.pointer)
    elif allowed:
        headers = (*course.response_headers, *_response_headers(policy, origin))
        yield replace(course.after("CORS", filter_.name, f"allows {origin}", filter_.pointer), response_headers=headers)
    else:
        yield course.after("CORS", filter_.name, f"does not allow {origin}", filter_.pointer)


def _policy(filter_: HttpFilterConfig, course: Course) -> Policy | None:
    """The policy of a route that forwards, or of its virtual host. The deprecated fields of routes count as well."""
    route, host = course.choice.route, course.choice.virtual_host
    action = route.message.route if route else None
    if action is None or host is None:
        return None
    return filter_.per_route if isinstance(filter_.per_route, CorsPolicy) else action.cors or host.message.cors


def _is_enabled(enabled: RuntimeFractionalPercent | None) -> bool:
    return enabled is None or percent(enabled.default_value) == 1


def _is_preflight(stream: HttpStream) -> bool:
    return stream.method == "OPTIONS" and bool(stream.headers.first("access-control-request-method"))


def _preflight_headers(policy: Policy, origin: str) -> list[tuple[str, str]]:
    fields = (
        ("access-control-allow-origin", origin),
        ("access-control-allow-credentials", "true" if policy.allow_credentials else ""),
        ("access-control-allow-methods", policy.allow_methods),
        ("access-control-allow-headers", policy.allow_headers),
        ("access-control-max-age", policy.max_age),
    )
    return [(name, value) for name, value in fields if value]


def _response_headers(policy: Policy, origin: str) -> list[tuple[str, str]]:
    fields = (
        ("access-control-allow-origin", origin),
        ("access-control-allow-credentials", "true" if policy.allow_credentials else ""),
        ("access-control-expose-headers", policy.expose_headers),
    )
    return [(name, value) for name, value in fields if value]
