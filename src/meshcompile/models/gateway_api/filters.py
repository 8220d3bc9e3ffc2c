"""Filters of HTTPRoutes and GRPCRoutes: what happens to a request on its way to the backend."""

from typing import Annotated, ClassVar

from meshcompile.models.gateway_api.base import GatewayApiNode
from meshcompile.models.gateway_api.limits import REQUIRED, Limits, choice, items
from meshcompile.models.gateway_api.references import BackendObjectReference, LocalObjectReference
from meshcompile.models.gateway_api.scalars import (
    Flag,
    HeaderName,
    HeaderValue,
    Int,
    Port,
    PreciseHostname,
    Text,
)


class HTTPHeader(GatewayApiNode):
    """A header and its value."""

    name: Annotated[HeaderName, REQUIRED] = ""
    """Name, without regard to case."""
    value: Annotated[HeaderValue, REQUIRED] = ""
    """Value."""


class HTTPHeaderFilter(GatewayApiNode):
    """Changes of the headers of a request or response."""

    set: Annotated[tuple[HTTPHeader, ...], items(16)] = ()
    """Headers that replace those of the same name."""
    add: Annotated[tuple[HTTPHeader, ...], items(16)] = ()
    """Headers that come on top of those of the same name."""
    remove: Annotated[tuple[Text, ...], items(16)] = ()
    """Names of headers that are removed."""


class Fraction(GatewayApiNode):
    """A share of requests, as a fraction."""

    numerator: Annotated[Int, Limits(0, required=True)] = 0
    """How many of the denominator."""
    denominator: Annotated[Int, Limits(1)] = 100
    """Out of how many."""


class HTTPRequestMirrorFilter(GatewayApiNode):
    """Copies of requests that go to another backend, whose answers are dropped."""

    backend_ref: Annotated[BackendObjectReference, REQUIRED] = BackendObjectReference.model_construct()
    """Where the copies go."""
    percent: Annotated[Int, Limits(0, 100)] | None = None
    """Share of the requests to copy, in percent. Default: all."""
    fraction: Fraction | None = None
    """Share of the requests to copy, as a fraction; instead of `percent`."""


class HTTPPathModifier(GatewayApiNode):
    """A change of the path of a request."""

    type: Annotated[str, choice("ReplaceFullPath", "ReplacePrefixMatch", required=True)] = ""
    """Whether the whole path changes, or only the prefix that the rule matched."""
    replace_full_path: Annotated[str, Limits(most=1024)] | None = None
    """The new path, for `ReplaceFullPath`."""
    replace_prefix_match: Annotated[str, Limits(most=1024)] | None = None
    """The new prefix, for `ReplacePrefixMatch`; empty or `/` removes the prefix."""


class HTTPRequestRedirectFilter(GatewayApiNode):
    """An answer that sends the client to another URL."""

    scheme: Annotated[str, choice("http", "https")] | None = None
    """Scheme of the new URL. Default: that of the request."""
    hostname: PreciseHostname | None = None
    """Host of the new URL. Default: that of the request."""
    path: HTTPPathModifier | None = None
    """Path of the new URL. Default: that of the request."""
    port: Port | None = None
    """Port of the new URL. Default: that of the scheme if one is set, else the port of the request."""
    status_code: Annotated[int, choice(301, 302, 303, 307, 308)] = 302
    """Status of the answer."""


class HTTPURLRewriteFilter(GatewayApiNode):
    """A change of the request before it goes to the backend."""

    hostname: PreciseHostname | None = None
    """The new value of the `Host` header."""
    path: HTTPPathModifier | None = None
    """The new path."""


class HTTPCORSFilter(GatewayApiNode):
    """Which other origins a browser may call from. A preflight that matches none goes to the backend."""

    allow_origins: Annotated[tuple[Text, ...], items(64)] = ()
    """Origins such as `https://example.com`. `*` in place of the host or a label matches any text."""
    allow_credentials: Flag | None = None
    """Whether requests may carry cookies and credentials."""
    allow_methods: Annotated[
        tuple[
            Annotated[str, choice("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "*")],
            ...,
        ],
        items(9),
    ] = ()
    """Methods that are allowed; `*` alone means all."""
    allow_headers: Annotated[tuple[HeaderName, ...], items(64)] = ()
    """Request headers that are allowed; `*` alone means all."""
    expose_headers: Annotated[tuple[HeaderName, ...], items(64)] = ()
    """Response headers that scripts may read."""
    max_age: Annotated[Int, Limits(1)] = 5
    """For how many seconds a browser may keep the answer to a preflight."""


class ForwardBodyConfig(GatewayApiNode):
    """How much of the request's body an authorization service gets."""

    max_size: Int | None = None
    """Size in bytes."""


class GRPCAuthConfig(GatewayApiNode):
    """An authorization service that speaks gRPC."""

    allowed_headers: Annotated[tuple[Text, ...], items(64)] = ()
    """Request headers that it gets."""


class HTTPAuthConfig(GatewayApiNode):
    """An authorization service that speaks HTTP."""

    path: Annotated[str, Limits(most=1024)] = ""
    """Path in front of the request's."""
    allowed_headers: Annotated[tuple[Text, ...], items(64)] = ()
    """Request headers that it gets."""
    allowed_response_headers: Annotated[tuple[Text, ...], items(64)] = ()
    """Headers of its answer that go on to the backend."""


class HTTPExternalAuthFilter(GatewayApiNode):
    """A service that allows or denies each request; istiod does not support it."""

    protocol: Annotated[str, choice("HTTP", "GRPC", required=True)] = ""
    """Protocol of the service."""
    backend_ref: Annotated[BackendObjectReference, REQUIRED] = BackendObjectReference.model_construct()
    """The service."""
    grpc: GRPCAuthConfig | None = None
    """Settings for `GRPC`."""
    http: HTTPAuthConfig | None = None
    """Settings for `HTTP`."""
    forward_body: ForwardBodyConfig | None = None
    """How much of the body it gets."""


class GRPCRouteFilter(GatewayApiNode):
    """A filter of a GRPCRoute: the field that belongs to its `type` is set, and no other."""

    settings: ClassVar[dict[str, str]] = {
        "RequestHeaderModifier": "request_header_modifier",
        "ResponseHeaderModifier": "response_header_modifier",
        "RequestMirror": "request_mirror",
        "ExtensionRef": "extension_ref",
    }
    """The field that holds the settings of each type."""

    type: Annotated[
        str, choice("RequestHeaderModifier", "ResponseHeaderModifier", "RequestMirror", "ExtensionRef", required=True)
    ] = ""
    """What the filter does."""
    request_header_modifier: HTTPHeaderFilter | None = None
    """Changes of request headers."""
    response_header_modifier: HTTPHeaderFilter | None = None
    """Changes of response headers."""
    request_mirror: HTTPRequestMirrorFilter | None = None
    """Copies of the requests."""
    extension_ref: LocalObjectReference | None = None
    """A filter of another controller; istiod supports none."""


class HTTPRouteFilter(GatewayApiNode):
    """A filter of an HTTPRoute: the field that belongs to its `type` is set, and no other."""

    settings: ClassVar[dict[str, str]] = {
        **GRPCRouteFilter.settings,
        "RequestRedirect": "request_redirect",
        "URLRewrite": "url_rewrite",
        "CORS": "cors",
        "ExternalAuth": "external_auth",
    }
    """The field that holds the settings of each type."""

    type: Annotated[
        str,
        choice(
            "RequestHeaderModifier",
            "ResponseHeaderModifier",
            "RequestMirror",
            "RequestRedirect",
            "URLRewrite",
            "ExtensionRef",
            "CORS",
            "ExternalAuth",
            required=True,
        ),
    ] = ""
    """What the filter does."""
    request_header_modifier: HTTPHeaderFilter | None = None
    """Changes of request headers."""
    response_header_modifier: HTTPHeaderFilter | None = None
    """Changes of response headers."""
    request_mirror: HTTPRequestMirrorFilter | None = None
    """Copies of the requests."""
    request_redirect: HTTPRequestRedirectFilter | None = None
    """An answer that redirects the client."""
    url_rewrite: HTTPURLRewriteFilter | None = None
    """Changes of host and path."""
    cors: HTTPCORSFilter | None = None
    """Origins that browsers may call from."""
    external_auth: HTTPExternalAuthFilter | None = None
    """A service that allows or denies requests; istiod does not support it."""
    extension_ref: LocalObjectReference | None = None
    """A filter of another controller; istiod supports none."""
