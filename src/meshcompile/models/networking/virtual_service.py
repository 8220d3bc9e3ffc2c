"""VirtualService: how requests and connections to a host are routed and changed."""

from collections.abc import Mapping
from typing import Literal

from pydantic import AliasChoices, Field

from meshcompile.models.base import NOTHING, Node, OneOf, ProtoEnum
from meshcompile.models.common import (
    Bool,
    BoolValue,
    Bytes,
    Double,
    Duration,
    Int32,
    IstioResource,
    PortSelector,
    StringMatch,
    UInt32,
    UInt32Value,
)
from meshcompile.models.networking.common import ApiVersion

MESH_GATEWAY = "mesh"
"""The reserved gateway name that stands for all sidecars. A VirtualService without gateways is bound to it."""


class Percent(Node):
    """A percentage."""

    value: Double = 0.0
    """Percentage from 0 to 100, with a precision of 0.0001."""


class Destination(Node):
    """A service or one of its subsets. It becomes an Envoy cluster."""

    host: str
    """Service name in the registry. A short name is completed with the namespace of the rule."""
    subset: str = ""
    """A subset that a destination rule of the host defines."""
    port: PortSelector | None = None
    """Port of the service. Required only if the service has several ports."""


class Delegate(Node):
    """A virtual service without hosts and gateways that provides the routes for this rule."""

    name: str = ""
    """Name of the virtual service to delegate to."""
    namespace: str = ""
    """Namespace of the virtual service to delegate to. By default, the namespace of this one."""


class HeaderOperations(Node):
    """Header changes. Envoy applies set, then add, then remove."""

    set: Mapping[str, str] = NOTHING
    """Headers to overwrite (`OVERWRITE_IF_EXISTS_OR_ADD`). `:authority` and `host` rewrite the host."""
    add: Mapping[str, str] = NOTHING
    """Headers to append to existing values (`APPEND_IF_EXISTS_OR_ADD`)."""
    remove: tuple[str, ...] = ()
    """Headers to remove (`request_headers_to_remove`, `response_headers_to_remove`)."""


class Headers(Node):
    """Header changes for requests and responses."""

    request: HeaderOperations | None = None
    """Changes to apply before the request is forwarded."""
    response: HeaderOperations | None = None
    """Changes to apply before the response is returned."""


class HTTPMatchRequest(Node):
    """Conditions on a request, all of which must hold. They become the match of one Envoy route."""

    name: str = ""
    """Label that is appended to the name of the route."""
    uri: StringMatch | None = None
    """Path of the request, without the query string (`path`, `prefix` or `safe_regex` of the route)."""
    scheme: StringMatch | None = None
    """Scheme of the request (`:scheme`)."""
    method: StringMatch | None = None
    """Method of the request (`:method`)."""
    authority: StringMatch | None = None
    """Host in the request (`:authority`)."""
    headers: Mapping[str, StringMatch] = NOTHING
    """Request headers, by lowercase name. An empty match only requires the header. `@request.auth.claims...` matches a
    JWT claim.
    """
    port: UInt32 = 0
    """Port of the host. 0 matches any port."""
    source_labels: Mapping[str, str] = NOTHING
    """Labels that the client workload must have. A sidecar whose workload does not have them does not receive the
    route.
    """
    gateways: tuple[str, ...] = ()
    """Gateways of the virtual service that the match applies to. If empty, all of them."""
    query_params: Mapping[str, StringMatch] = NOTHING
    """Query parameters, by name (`query_parameters`). An empty match only requires the parameter."""
    ignore_uri_case: Bool = False
    """Ignores case in exact and prefix matches of the path (`case_sensitive`)."""
    without_headers: Mapping[str, StringMatch] = NOTHING
    """Headers that must not match (`invert_match`). The opposite of `headers`."""
    source_namespace: str = ""
    """Namespace of the client workload."""
    stat_prefix: str = ""
    """Statistics prefix of the route (`stat_prefix`)."""


class HTTPRouteDestination(Node):
    """A destination, and its share of the requests."""

    destination: Destination
    """Where to forward the requests."""
    weight: Int32 = 0
    """Share of the requests, relative to the sum of all weights (`weight`). A single destination receives all requests.
    """
    headers: Headers | None = None
    """Header changes for this destination only."""


class RedirectPortSelection(ProtoEnum):
    """How the port of a redirect is determined."""

    FROM_PROTOCOL_DEFAULT = "FROM_PROTOCOL_DEFAULT"
    FROM_REQUEST_PORT = "FROM_REQUEST_PORT"


class HTTPRedirect(OneOf):
    """A redirect response."""

    one_of = (("port", "derive_port"),)

    uri: str = ""
    """Path of the redirect (`path_redirect`). `%PREFIX()%` keeps what follows the matched prefix."""
    authority: str = ""
    """Host of the redirect (`host_redirect`)."""
    port: UInt32 | None = None
    """Port of the redirect (`port_redirect`). Set either `port` or `derivePort`."""
    derive_port: RedirectPortSelection | None = None
    """Takes the port of the redirect from the scheme or from the request."""
    scheme: str = ""
    """Scheme of the redirect, `http` or `https` (`scheme_redirect`)."""
    redirect_code: UInt32 = 0
    """Status code (`response_code`); 0 means 301."""
    prefix_rewrite: str = ""
    """What replaces the matched prefix (`prefix_rewrite`). Set either `uri` or `prefixRewrite`. Since Istio 1.31."""


class HTTPBody(OneOf):
    """A response body."""

    one_of = (("string", "bytes"),)

    string: str | None = None
    """The body as text."""
    bytes: Bytes | None = None
    """The body in base64."""


class HTTPDirectResponse(Node):
    """A fixed response that the proxy sends itself."""

    status: UInt32
    """Status code."""
    body: HTTPBody | None = None
    """Body of the response, at most 1 MB."""


class RegexRewrite(Node):
    """A replacement in the path by regular expression."""

    match: str = ""
    """RE2 expression that matches the part of the path to replace."""
    rewrite: str = ""
    r"""Replacement text. `\1` inserts the first capture group."""


class HTTPRewrite(Node):
    """Path and host rewrites before the request is forwarded."""

    uri: str = ""
    """New path or, with a prefix match, new prefix (`prefix_rewrite`)."""
    authority: str = ""
    """New host (`host_rewrite_literal`)."""
    uri_regex_rewrite: RegexRewrite | None = None
    """Path rewrite by regular expression (`regex_rewrite`)."""


class HTTPRetry(Node):
    """How failed requests are retried."""

    attempts: Int32 = 0
    """Maximum number of retries (`num_retries`). 0 disables retries."""
    per_try_timeout: Duration | None = None
    """Timeout of each attempt (`per_try_timeout`). By default, the timeout of the route."""
    retry_on: str = ""
    """Envoy retry conditions and status codes, separated by commas (`retry_on`). If empty, the mesh-wide default
    applies.
    """
    retry_remote_localities: BoolValue = None
    """Whether retries may go to other localities (`retry_priority`: previous priorities)."""
    retry_ignore_previous_hosts: BoolValue = None
    """Whether retries avoid endpoints that already failed (`retry_host_predicate`). The default is true."""
    backoff: Duration | None = None
    """Minimum pause between attempts (`retry_back_off.base_interval`). The default is 25ms."""


class UnmatchedPreflights(ProtoEnum):
    """What happens to a CORS preflight request from an origin that is not allowed."""

    UNSPECIFIED = "UNSPECIFIED"
    FORWARD = "FORWARD"
    IGNORE = "IGNORE"


class CorsPolicy(Node):
    """Cross-origin resource sharing: Envoy's CORS filter."""

    allow_origin: tuple[str, ...] = ()
    """Deprecated: use `allowOrigins`. Exact origins, or `*` for all."""
    allow_origins: tuple[StringMatch, ...] = ()
    """Origins that may send requests."""
    allow_methods: tuple[str, ...] = ()
    """Allowed methods (`Access-Control-Allow-Methods`)."""
    allow_headers: tuple[str, ...] = ()
    """Allowed request headers (`Access-Control-Allow-Headers`)."""
    expose_headers: tuple[str, ...] = ()
    """Response headers that scripts may read (`Access-Control-Expose-Headers`)."""
    max_age: Duration | None = None
    """How long a browser may cache the response to a preflight (`Access-Control-Max-Age`)."""
    allow_credentials: BoolValue = None
    """Whether requests may include credentials (`Access-Control-Allow-Credentials`)."""
    unmatched_preflights: UnmatchedPreflights = UnmatchedPreflights.UNSPECIFIED
    """Whether preflights from other origins are forwarded, the default, or answered by the proxy."""


class Delay(OneOf):
    """A delay before the request is forwarded."""

    one_of = (("fixed_delay", "exponential_delay"),)

    percent: Int32 = 0
    """Deprecated: use `percentage`. A whole percentage."""
    fixed_delay: Duration | None = None
    """Length of the delay."""
    exponential_delay: Duration | None = None
    """Istio does not implement it. It has no effect."""
    percentage: Percent | None = None
    """Percentage of requests to delay."""


class Abort(OneOf):
    """An error response that the proxy sends instead of forwarding the request."""

    one_of = (("http_status", "grpc_status", "http2_error"),)

    http_status: Int32 | None = None
    """HTTP status code of the response."""
    grpc_status: str | None = None
    """Name of the gRPC status of the response."""
    http2_error: str | None = None
    """Istio does not implement it. It has no effect."""
    percentage: Percent | None = None
    """Percentage of requests to abort. The default is 100."""


class HTTPFaultInjection(Node):
    """Faults to inject for resilience tests: Envoy's fault filter."""

    delay: Delay | None = None
    """Delay before the request is forwarded."""
    abort: Abort | None = None
    """Error response instead of forwarding."""


class HTTPMirrorPolicy(Node):
    """A destination that receives a copy of the requests. Its responses are discarded."""

    destination: Destination
    """Where to send the copies."""
    percentage: Percent | None = None
    """Percentage of requests to mirror. The default is 100."""


class HTTPRoute(Node):
    """A rule for HTTP requests. Each of its matches becomes an Envoy route; the first route that matches is used."""

    name: str = ""
    """Label of the rule. It becomes the name of the routes."""
    match: tuple[HTTPMatchRequest, ...] = ()
    """Alternative matches; one of them must hold. Without any, the rule matches all requests."""
    route: tuple[HTTPRouteDestination, ...] = ()
    """Weighted destinations (`cluster` or `weighted_clusters`)."""
    redirect: HTTPRedirect | None = None
    """Redirect response (`redirect`). Replaces `route`."""
    direct_response: HTTPDirectResponse | None = None
    """Fixed response (`direct_response`). Replaces `route`."""
    delegate: Delegate | None = None
    """Virtual service that provides the routes. Replaces `route`."""
    rewrite: HTTPRewrite | None = None
    """Path and host rewrites."""
    timeout: Duration | None = None
    """Timeout of the request, including all retries (`timeout` and `max_grpc_timeout`). By default, there is no
    timeout.
    """
    retries: HTTPRetry | None = None
    """How failed requests are retried (`retry_policy`). If absent, the mesh-wide default applies."""
    fault: HTTPFaultInjection | None = None
    """Faults to inject (filter `envoy.filters.http.fault` of the route)."""
    mirror: Destination | None = None
    """Destination that receives a copy of the requests (`request_mirror_policies`)."""
    mirrors: tuple[HTTPMirrorPolicy, ...] = ()
    """Several destinations that receive copies. Replaces `mirror`."""
    mirror_percent: UInt32Value = Field(
        None, alias="mirrorPercent", validation_alias=AliasChoices("mirrorPercent", "mirror_percent")
    )
    """Deprecated: use `mirrorPercentage`. A whole percentage."""
    mirror_percentage: Percent | None = None
    """Percentage of requests to send to `mirror`. The default is 100."""
    cors_policy: CorsPolicy | None = None
    """Cross-origin resource sharing (filter `envoy.filters.http.cors` of the route)."""
    headers: Headers | None = None
    """Header changes for requests and responses."""


class RouteDestination(Node):
    """A destination, and its share of the connections."""

    destination: Destination
    """Where to forward the connections."""
    weight: Int32 = 0
    """Share of the connections, relative to the sum of all weights. A single destination receives all connections."""


class TLSMatchAttributes(Node):
    """Conditions on a TLS connection that passes through. They become the match of a filter chain."""

    sni_hosts: tuple[str, ...]
    """Server names (`server_names`). They must be covered by the hosts of the virtual service."""
    destination_subnets: tuple[str, ...] = ()
    """IP addresses or CIDR ranges that the client connects to (`prefix_ranges`)."""
    port: UInt32 = 0
    """Port of the host. 0 matches any port."""
    source_labels: Mapping[str, str] = NOTHING
    """Labels that the client workload must have."""
    gateways: tuple[str, ...] = ()
    """Gateways of the virtual service that the match applies to. If empty, all of them."""
    source_namespace: str = ""
    """Namespace of the client workload."""


class TLSRoute(Node):
    """A rule for TLS connections that pass through without termination."""

    match: tuple[TLSMatchAttributes, ...]
    """Alternative matches; one of them must hold."""
    route: tuple[RouteDestination, ...] = ()
    """Weighted destinations."""


class L4MatchAttributes(Node):
    """Conditions on a TCP connection. They become the match of a filter chain."""

    destination_subnets: tuple[str, ...] = ()
    """IP addresses or CIDR ranges that the client connects to (`prefix_ranges`)."""
    port: UInt32 = 0
    """Port of the host. 0 matches any port."""
    source_subnet: str = ""
    """Istio does not implement it. It has no effect."""
    source_labels: Mapping[str, str] = NOTHING
    """Labels that the client workload must have."""
    gateways: tuple[str, ...] = ()
    """Gateways of the virtual service that the match applies to. If empty, all of them."""
    source_namespace: str = ""
    """Namespace of the client workload."""


class TCPRoute(Node):
    """A rule for TCP connections."""

    match: tuple[L4MatchAttributes, ...] = ()
    """Alternative matches; one of them must hold. Without any, the rule matches all connections."""
    route: tuple[RouteDestination, ...] = ()
    """Weighted destinations."""


class VirtualServiceSpec(Node):
    """Routing rules for hosts, by protocol. The first rule that matches is used."""

    hosts: tuple[str, ...] = ()
    """Hosts that the rules apply to: the domains of Envoy's virtual hosts. A virtual service without hosts is a
    delegate.
    """
    gateways: tuple[str, ...] = ()
    """Gateways, as `name` or `namespace/name`. `mesh`, the default, stands for all sidecars."""
    http: tuple[HTTPRoute, ...] = ()
    """Rules for HTTP, HTTP/2 and gRPC requests."""
    tls: tuple[TLSRoute, ...] = ()
    """Rules for TLS connections that pass through, by server name."""
    tcp: tuple[TCPRoute, ...] = ()
    """Rules for all other connections."""
    export_to: tuple[str, ...] = ()
    """Namespaces that can see the rules: `.` for its own, `*` for all, or names. If empty, the mesh-wide default
    applies.
    """


class VirtualService(IstioResource):
    """Routes traffic to hosts: Envoy's virtual hosts and routes or, for TCP and TLS, filter chains."""

    api_version: ApiVersion = "networking.istio.io/v1"
    kind: Literal["VirtualService"] = "VirtualService"
    spec: VirtualServiceSpec = Field(default_factory=VirtualServiceSpec)
