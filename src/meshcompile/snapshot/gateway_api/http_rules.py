"""Rules of HTTPRoutes and GRPCRoutes, as rules of VirtualServices with one match each.

Follows istiod's `convertHTTPRoute` and `convertGRPCRoute`.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

from meshcompile.documents import Origin
from meshcompile.models.base import placed
from meshcompile.models.common import StringMatch
from meshcompile.models.gateway_api.filters import GRPCRouteFilter, HTTPRequestMirrorFilter, HTTPRouteFilter
from meshcompile.models.gateway_api.grpc_route import (
    GRPCBackendRef,
    GRPCHeaderMatch,
    GRPCMethodMatch,
    GRPCRoute,
    GRPCRouteMatch,
    GRPCRouteRule,
)
from meshcompile.models.gateway_api.http_route import (
    HTTPBackendRef,
    HTTPHeaderMatch,
    HTTPPathMatch,
    HTTPQueryParamMatch,
    HTTPRoute,
    HTTPRouteMatch,
    HTTPRouteRetry,
    HTTPRouteRule,
    HTTPRouteTimeouts,
)
from meshcompile.models.networking import virtual_service as istio
from meshcompile.snapshot.gateway_api.backends import Backends, RouteInvalid, weighted
from meshcompile.snapshot.gateway_api.conditions import INVALID_CONFIGURATION, INVALID_FILTER, Invalid, joined
from meshcompile.snapshot.gateway_api.filters import cors, header_operations, mirror_percentage, redirect, rewrite
from meshcompile.snapshot.gateway_api.parents import ROUTE_KINDS
from meshcompile.values.durations import Duration

L7Route: TypeAlias = HTTPRoute | GRPCRoute
L7Rule: TypeAlias = HTTPRouteRule | GRPCRouteRule
L7Match: TypeAlias = HTTPRouteMatch | GRPCRouteMatch
L7BackendRef: TypeAlias = HTTPBackendRef | GRPCBackendRef
L7Filter: TypeAlias = HTTPRouteFilter | GRPCRouteFilter

RETRY_ON = ("connect-failure", "refused-stream", "unavailable", "cancelled")
"""Conditions of every retry; the statuses that a rule names follow."""
DEFAULT_ATTEMPTS = 2
NOTHING = Duration()

Settings = dict[str, object]
"""Fields of a rule of a VirtualService."""


class RuleBuilder:
    """Makes the rules of one route, for the mesh or for Gateways, and keeps what is invalid about its backends and
    mirrors.
    """

    def __init__(self, route: L7Route, backends: Backends, *, in_mesh: bool) -> None:
        self._route = route
        self._backends = backends
        self._enforces_grants = not in_mesh
        self.invalid: Invalid | None = None  # of the last rule that has something invalid, as istiod reports it
        self._problem: Invalid | None = None  # of the current rule
        self.backends: dict[Invalid, None] = {}
        self.mirrors: dict[Invalid, None] = {}

    def rules(self) -> Iterator[istio.HTTPRoute]:
        """One rule for each match.

        Raises RouteInvalid if the whole route is invalid.
        """
        rules: tuple[L7Rule, ...] = self._route.spec.rules
        for index, rule in enumerate(rules):
            matches: tuple[L7Match, ...] = rule.matches
            for match in matches or (None,):
                yield self._rule(index, rule, match)

    def _rule(self, index: int, rule: L7Rule, match: L7Match | None) -> istio.HTTPRoute:
        self._problem = None
        place = self._place(rule)
        settings: Settings = {
            "name": rule.name or f"{self._route.namespace}.{self._route.name}.{index}",
            "match": () if match is None else (_match(match, place),),
            **self._filtered(rule.filters),
        }
        if isinstance(rule, HTTPRouteRule):
            settings |= _resilience(rule)
        settings |= self._answer(rule, settings)
        self.invalid = self._problem or self.invalid
        return placed(istio.HTTPRoute.model_validate(settings), place)

    def _place(self, rule: L7Rule) -> Origin:
        """The place of a rule. The rule that a route without rules gets by default has that of the route."""
        return rule.origin or self._route.origin

    # ---- filters

    def _filtered(self, filters: Iterable[L7Filter]) -> Settings:
        """What the filters of a rule set."""
        settings: Settings = {}
        mirrors: list[istio.HTTPMirrorPolicy] = []
        for each in filters:
            match each.type:
                case "RequestRedirect" if isinstance(each, HTTPRouteFilter) and each.request_redirect:
                    settings["redirect"] = redirect(each.request_redirect, self._backends.behaviour)
                case "URLRewrite" if isinstance(each, HTTPRouteFilter) and each.url_rewrite:
                    settings["rewrite"] = rewrite(each.url_rewrite)
                case "CORS" if isinstance(each, HTTPRouteFilter) and each.cors:
                    settings["cors_policy"] = cors(each.cors)
                case "RequestMirror" if each.request_mirror:
                    mirrors += self._mirror(each.request_mirror)
                case "RequestRedirect" | "URLRewrite" | "CORS" | "RequestMirror":
                    continue
                case "RequestHeaderModifier" | "ResponseHeaderModifier":
                    continue
                case _:
                    raise RouteInvalid(_unsupported_filter(each))
        return {**settings, "headers": _headers(filters), "mirrors": tuple(mirrors)}

    def _mirror(self, mirrored: HTTPRequestMirrorFilter) -> Iterator[istio.HTTPMirrorPolicy]:
        """The mirror of a filter. An HTTPRoute goes on without a mirror whose backend is invalid."""
        kind = ROUTE_KINDS[type(self._route)]
        try:
            destination, invalid = self._backends.destination(
                mirrored.backend_ref, kind, self._route.namespace, self._enforces_grants
            )
        except RouteInvalid as error:
            destination, invalid = None, error.invalid
        if invalid is None and destination is not None:
            mirror = istio.HTTPMirrorPolicy(destination=destination, percentage=mirror_percentage(mirrored))
            yield placed(mirror, mirrored.origin)
        elif invalid is not None and isinstance(self._route, GRPCRoute):
            raise RouteInvalid(invalid)
        elif invalid is not None:
            self._problem = invalid
            self.mirrors[invalid] = None

    # ---- what answers

    def _answer(self, rule: L7Rule, settings: Settings) -> Settings:
        """The destinations of a rule, or the status with which Envoy answers in their place."""
        if not sum(ref.weight for ref in rule.backend_refs) and not settings.get("redirect"):
            has_none = isinstance(rule, HTTPRouteRule) and not rule.backend_refs
            status = 404 if has_none and self._backends.behaviour.missing_backends_not_found else 500
            return {"direct_response": placed(istio.HTTPDirectResponse(status=status), self._place(rule))}
        return {"route": tuple(self._targets(rule.backend_refs))}

    def _targets(self, refs: Iterable[L7BackendRef]) -> Iterator[istio.HTTPRouteDestination]:
        kind = ROUTE_KINDS[type(self._route)]
        invalid: Invalid | None = None
        for ref, weight in weighted(refs):
            destination, problem = self._backends.destination(ref, kind, self._route.namespace, self._enforces_grants)
            invalid = problem or invalid
            self.backends |= {problem: None} if problem else {}
            for each in ref.filters:
                if each.type not in ("RequestHeaderModifier", "ResponseHeaderModifier"):
                    raise RouteInvalid(_unsupported_filter(each))
            target = istio.HTTPRouteDestination(destination=destination, weight=weight, headers=_headers(ref.filters))
            yield placed(target, ref.origin)
        self._problem = joined(invalid, self._problem)


def _headers(filters: Iterable[L7Filter]) -> istio.Headers | None:
    """The changes of headers of some filters; of several for the same direction the last counts."""
    request = response = None
    origin: Origin | None = None
    for each in filters:
        if each.type == "RequestHeaderModifier" and each.request_header_modifier is not None:
            request, origin = header_operations(each.request_header_modifier), origin or each.origin
        elif each.type == "ResponseHeaderModifier" and each.response_header_modifier is not None:
            response, origin = header_operations(each.response_header_modifier), origin or each.origin
    return None if origin is None else placed(istio.Headers(request=request, response=response), origin)


def _unsupported_filter(unsupported: L7Filter) -> Invalid:
    return Invalid(INVALID_FILTER, f'unsupported filter type "{unsupported.type}"', unsupported.at("type"))


# ---- retries and timeouts


def _resilience(rule: HTTPRouteRule) -> Settings:
    """Retries and timeouts. The timeout of a backend limits each try if there are retries, else the whole request."""
    timeouts = rule.timeouts or HTTPRouteTimeouts()
    request, backend = duration(timeouts.request), duration(timeouts.backend_request)
    if rule.retry is None:
        return {"timeout": backend or request}
    return {"timeout": request, "retries": placed(_retries(rule.retry, backend), rule.retry.origin)}


def duration(text: str | None) -> Duration | None:
    """A duration; None for none, for zero, and for text that is no duration."""
    try:
        parsed = Duration.parse(text) if text else NOTHING
    except ValueError:
        return None
    return parsed if parsed != NOTHING else None


def _retries(retry: HTTPRouteRetry, per_try: Duration | None) -> istio.HTTPRetry:
    attempts = DEFAULT_ATTEMPTS if retry.attempts is None else retry.attempts
    conditions = (*RETRY_ON, *(str(code) for code in retry.codes))
    return istio.HTTPRetry(
        attempts=attempts,
        per_try_timeout=per_try,
        retry_on=",".join(conditions) if attempts else "",
        backoff=duration(retry.backoff) or (NOTHING if retry.backoff is not None else None),
    )


# ---- matches


def _match(pattern: L7Match, rule: Origin) -> istio.HTTPMatchRequest:
    """The conditions of a match. What it has by default has the place of the match, or else of its rule."""
    place = pattern.origin or rule
    match pattern:
        case HTTPRouteMatch():
            converted = istio.HTTPMatchRequest(
                uri=placed(_path(pattern.path), pattern.path.origin or place),
                headers=_by_name(pattern.headers),
                query_params=_by_name(pattern.query_params),
                method=None if pattern.method is None else placed(StringMatch(exact=pattern.method), pattern.origin),
            )
        case GRPCRouteMatch():
            uri = None if pattern.method is None else placed(_method(pattern.method), pattern.method.origin)
            converted = istio.HTTPMatchRequest(uri=uri, headers=_by_name(pattern.headers))
    return placed(converted, place)


def _path(path: HTTPPathMatch) -> StringMatch:
    match path.type:
        case "PathPrefix":
            return StringMatch(prefix=path.value if path.value == "/" else path.value.removesuffix("/"))
        case "Exact":
            return StringMatch(exact=path.value)
        case "RegularExpression":
            return StringMatch(regex=path.value)
        case unknown:
            raise _unknown_type(unknown, "Path match", path.at("type"))


def _method(rpc: GRPCMethodMatch) -> StringMatch:
    """The path of a gRPC request is `/SERVICE/METHOD`."""
    match (rpc.type, rpc.service, rpc.method):
        case (_, None, None):
            message = "gRPC match must have method or service defined"
            raise RouteInvalid(Invalid(INVALID_CONFIGURATION, message, rpc.origin))
        case ("Exact", service, None):
            return StringMatch(prefix=f"/{service}/")
        case ("Exact" | "RegularExpression", None, method):
            return StringMatch(regex=f"/[^/]+/{method}")
        case ("Exact", service, method):
            return StringMatch(exact=f"/{service}/{method}")
        case ("RegularExpression", service, None):
            return StringMatch(regex=f"/{service}/.+")
        case ("RegularExpression", service, method):
            return StringMatch(regex=f"/{service}/{method}")
        case (unknown, _, _):
            raise _unknown_type(unknown, "Path match", rpc.at("type"))


def _by_name(
    conditions: Iterable[HTTPHeaderMatch | GRPCHeaderMatch | HTTPQueryParamMatch],
) -> Mapping[str, StringMatch]:
    """The conditions by name; the last of one name counts."""
    return {each.name: placed(_value(each), each.origin) for each in conditions}


def _value(condition: HTTPHeaderMatch | GRPCHeaderMatch | HTTPQueryParamMatch) -> StringMatch:
    match condition.type:
        case "Exact":
            return StringMatch(exact=condition.value)
        case "RegularExpression":
            return StringMatch(regex=condition.value)
        case unknown:
            raise _unknown_type(unknown, "HeaderMatch", condition.at("type"))


def _unknown_type(value: str, what: str, origin: Origin) -> RouteInvalid:
    return RouteInvalid(Invalid(INVALID_CONFIGURATION, f'unknown type: "{value}" is not supported {what} type', origin))
