"""HTTPRoute: rules for HTTP requests that reach a Gateway, or a Service inside the mesh."""

from typing import Annotated, Literal

from meshcompile.models.gateway_api.base import GatewayApiNode, GatewayApiResource
from meshcompile.models.gateway_api.filters import HTTPRouteFilter
from meshcompile.models.gateway_api.limits import REQUIRED, Limits, choice, items
from meshcompile.models.gateway_api.references import BackendRef, GatewayScope, ParentReference
from meshcompile.models.gateway_api.scalars import (
    GatewayDuration,
    HeaderName,
    HeaderValue,
    Hostname,
    Int,
    SectionName,
)
from meshcompile.models.gateway_api.session_persistence import SessionPersistence

MatchType = Annotated[str, choice("Exact", "RegularExpression")]


METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH")


class HTTPPathMatch(GatewayApiNode):
    """A condition on the path of a request, without its query."""

    type: Annotated[str, choice("Exact", "PathPrefix", "RegularExpression")] = "PathPrefix"
    """How the path is compared. `PathPrefix` compares whole segments: `/a` matches `/a/b`, not `/ab`."""
    value: Annotated[str, Limits(most=1024)] = "/"
    """The path, prefix or regular expression (RE2, the whole path)."""


class HTTPHeaderMatch(GatewayApiNode):
    """A condition on a header."""

    type: MatchType = "Exact"
    """How the value is compared."""
    name: Annotated[HeaderName, REQUIRED] = ""
    """Name of the header, without regard to case."""
    value: Annotated[HeaderValue, REQUIRED] = ""
    """The value, or the regular expression for the whole value."""


class HTTPQueryParamMatch(GatewayApiNode):
    """A condition on a parameter of the query."""

    type: MatchType = "Exact"
    """How the value is compared."""
    name: Annotated[HeaderName, REQUIRED] = ""
    """Name of the parameter."""
    value: Annotated[str, Limits(1, 1024, required=True)] = ""
    """The value, or the regular expression for the whole value."""


class HTTPRouteMatch(GatewayApiNode):
    """Conditions on one request; all of them must hold."""

    path: HTTPPathMatch = HTTPPathMatch.model_construct()
    """Condition on the path. Default: every path."""
    headers: Annotated[tuple[HTTPHeaderMatch, ...], items(16)] = ()
    """Conditions on headers."""
    query_params: Annotated[tuple[HTTPQueryParamMatch, ...], items(16)] = ()
    """Conditions on parameters of the query."""
    method: (
        Annotated[str, choice("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH")] | None
    ) = None
    """The method. Default: every method."""


class HTTPBackendRef(BackendRef):
    """A backend of an HTTPRoute."""

    filters: Annotated[tuple[HTTPRouteFilter, ...], items(16)] = ()
    """Filters for requests to this backend; istiod supports only changes of headers here."""


class HTTPRouteTimeouts(GatewayApiNode):
    """Limits on the time of a request."""

    request: GatewayDuration | None = None
    """Time until the whole response is sent; 0 means no limit."""
    backend_request: GatewayDuration | None = None
    """Time for one try at a backend; 0 means no limit. Without `retry`, istiod uses it for the whole request."""


class HTTPRouteRetry(GatewayApiNode):
    """When and how often a request is sent again."""

    codes: tuple[Annotated[Int, Limits(400, 599)], ...] = ()
    """Statuses after which a request is sent again. Failed connections always count."""
    attempts: Int | None = None
    """How often at most. Default in istiod: 2."""
    backoff: GatewayDuration | None = None
    """Time to wait before the first retry; later ones wait longer."""


class HTTPRouteRule(GatewayApiNode):
    """Requests that match, and what happens to them."""

    name: SectionName | None = None
    """Name of the rule: the name of its route in Envoy."""
    matches: Annotated[tuple[HTTPRouteMatch, ...], items(64)] = (HTTPRouteMatch(),)
    """Alternatives; one of them must hold. Default: every request."""
    filters: Annotated[tuple[HTTPRouteFilter, ...], items(16)] = ()
    """Filters for requests of this rule."""
    backend_refs: Annotated[tuple[HTTPBackendRef, ...], items(16)] = ()
    """Where requests go. Without any, istiod answers 404; if all weights are 0, 500."""
    timeouts: HTTPRouteTimeouts | None = None
    """Limits on the time of a request."""
    retry: HTTPRouteRetry | None = None
    """When requests are sent again. Default: Istio's default retries."""
    session_persistence: SessionPersistence | None = None
    """istiod does not support it."""


class HTTPRouteSpec(GatewayApiNode):
    """Specification of an HTTPRoute."""

    parent_refs: Annotated[tuple[ParentReference, ...], items(32)] = ()
    """What the route attaches to."""
    use_default_gateways: GatewayScope | None = None
    """istiod does not read it."""
    hostnames: Annotated[tuple[Hostname, ...], items(16)] = ()
    """Hosts of the requests, compared with those of the listener. Default: every host of the listener."""
    rules: Annotated[tuple[HTTPRouteRule, ...], items(16, 1)] = (HTTPRouteRule(),)
    """The rules. The most specific match wins, whatever their order: exact paths before longer prefixes before
    regular expressions, then methods, then more headers, then more query parameters.
    """


class HTTPRoute(GatewayApiResource):
    """Rules for HTTP requests that reach a Gateway, or a Service inside the mesh."""

    api_version: Literal["gateway.networking.k8s.io/v1", "gateway.networking.k8s.io/v1beta1"] = (
        "gateway.networking.k8s.io/v1"
    )
    kind: Literal["HTTPRoute"] = "HTTPRoute"
    spec: Annotated[HTTPRouteSpec, REQUIRED] = HTTPRouteSpec.model_construct()
    """Specification."""
