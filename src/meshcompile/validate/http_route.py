"""Rules of `http` in VirtualServices: istiod's `validateHTTPRoute`."""

from collections.abc import Callable, Mapping
from typing import Any

from meshcompile.codes import validation as codes
from meshcompile.models.networking.virtual_service import (
    HTTPMatchRequest,
    HTTPRoute,
)
from meshcompile.validate import checks
from meshcompile.validate.checks import Found, errors
from meshcompile.validate.destinations import destination, weights
from meshcompile.validate.gateway_names import gateway_names
from meshcompile.validate.headers import authority_twice, changes, is_matchable
from meshcompile.validate.http_actions import cors, direct_response, fault, redirect, retry, rewrite, share

WITH_REDIRECT = ("route", "fault", "rewrite", "direct_response")
WITH_DIRECT_RESPONSE = ("route", "fault", "rewrite")
"""Fields that cannot be combined with a redirect or a direct response."""
NAMES = {"route": "route", "fault": "fault", "rewrite": "rewrite", "direct_response": "directResponse"}

PARTS: Mapping[str, Callable[[Any], Found]] = {
    "headers": changes,
    "cors_policy": cors,
    "fault": fault,
    "mirror": destination,
    "direct_response": direct_response,
    "retries": retry,
    "rewrite": rewrite,
}
"""The optional parts of a rule, and the check of each."""


def http_route(route: HTTPRoute, is_delegate: bool, generated: bool) -> Found:
    """Findings about a rule. `is_delegate` says that other VirtualServices delegate to the rule's VirtualService."""
    yield from _action(route, is_delegate)
    for match in route.match:
        yield from _match(match)
    for field, rules in PARTS.items():
        if (part := getattr(route, field)) is not None:
            yield from rules(part)
    if route.redirect is not None:
        yield from redirect(route.redirect, route.match)
    yield from authority_twice(route.rewrite, route.headers)
    yield from _mirrors(route)
    for target in route.route:
        if target.headers is not None:
            yield from changes(target.headers)
        if not generated:
            yield from destination(target.destination)
    yield from weights(route.route)
    if route.timeout is not None:
        yield from checks.duration(route, "timeout")


def _action(route: HTTPRoute, is_delegate: bool) -> Found:
    if route.delegate is not None and not is_delegate:
        for field in ("redirect", "route"):
            if getattr(route, field):
                yield codes.DELEGATE(route.at(field), problem=f"a rule that delegates cannot have `{field}`")
        return
    if route.delegate is not None:
        problem = "a delegate cannot delegate further"
        yield codes.DELEGATE(route.at("delegate"), problem=problem)
    if route.redirect is not None:
        yield from _conflicts(route, "redirect", WITH_REDIRECT)
    elif route.direct_response is not None:
        yield from _conflicts(route, "directResponse", WITH_DIRECT_RESPONSE)
    elif not route.route:
        problem = "a rule needs `route`, `redirect`, `directResponse` or `delegate`"
        yield codes.ROUTE_ACTION(route, problem=problem)
    if route.mirror is not None and route.mirrors:
        yield codes.EXCLUSIVE(route.at("mirrors"), fields="`mirror` and `mirrors`")


def _conflicts(route: HTTPRoute, action: str, others: tuple[str, ...]) -> Found:
    for field in others:
        if getattr(route, field):
            problem = f"a rule cannot have both `{action}` and `{NAMES[field]}`"
            yield codes.ROUTE_ACTION(route.at(field), problem=problem)


def _match(match: HTTPMatchRequest) -> Found:
    for name, value in match.headers.items():
        yield from _header(match, "headers", name)
        yield from checks.string_match(value)
    for name, value in match.without_headers.items():
        yield from _header(match, "without_headers", name)
        if value.regex != "*":  # Istio reads a lone "*", which is not a valid expression, as "present".
            yield from checks.string_match(value)
    if match.uri is not None:
        yield from checks.regex_match(match.uri)
    for part in (match.scheme, match.method, match.authority, *match.query_params.values()):
        if part is not None:
            yield from checks.string_match(part)
    if match.port:
        yield from checks.port(match, "port")
    if match.source_labels:
        yield from checks.labels(match, "source_labels")
    if match.gateways:
        yield from errors(gateway_names(match))
    if match.source_namespace:
        yield from checks.label_name(match, "source_namespace", "a namespace")


def _header(match: HTTPMatchRequest, field: str, name: str) -> Found:
    if not is_matchable(name):
        problem = ": the path is `uri`, or the header `:path`" if name == ":uri" else "" if name else ": it is empty"
        yield codes.HEADER_NAME(match.at(field, name), value=name, problem=problem)


def _mirrors(route: HTTPRoute) -> Found:
    if route.mirror_percent is not None:
        if route.mirror_percent > 100:
            origin = route.at("mirror_percent")
            yield codes.PERCENTAGE(origin, value=route.mirror_percent, expected="0 to 100")
        instead = "`mirrorPercentage`"
        yield codes.DEPRECATED_FIELD(route.at("mirror_percent"), field="mirrorPercent", instead=instead)
    yield from share(route.mirror_percentage)
    for mirror in route.mirrors:
        yield from destination(mirror.destination)
        yield from share(mirror.percentage)
