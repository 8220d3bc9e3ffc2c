"""VirtualService: where requests and connections for a host go, and what happens to them on the way."""

from collections.abc import Mapping
from typing import Literal

from pydantic import AliasChoices, Field

from meshcompile.models.base import Node, OneOf, ProtoEnum
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
"""The gateway that all sidecars are: what a VirtualService is bound to when it names none."""


class Percent(Node):
    """A share of 100."""

    value: Double = 0.0
    """Percentage from 0 to 100, with a resolution of one in a million."""


class Destination(Node):
    """A service, or a subset of one: an Envoy cluster."""

    host: str
    """Name of the service in the registry; a short name is completed with the rule's own namespace."""
    subset: str = ""
    """Subset that a destination rule of the host declares."""
    port: PortSelector | None = None
    """Port of the service; needed only if it has several."""


class Delegate(Node):
    """Another virtual service, without hosts and gateways of its own, whose routes take the place of this one."""

    name: str = ""
    """Name of the virtual service."""
    namespace: str = ""
    """Its namespace, by default that of the root."""


class HeaderOperations(Node):
    """Changes of headers, applied as set, add, remove."""

    set: Mapping[str, str] = {}
    """Headers that get this value (`OVERWRITE_IF_EXISTS_OR_ADD`); `:authority` and `host` rewrite the host."""
    add: Mapping[str, str] = {}
    """Headers that get this value in addition to those present (`APPEND_IF_EXISTS_OR_ADD`)."""
    remove: tuple[str, ...] = ()
    """Headers that are dropped (`request_headers_to_remove`, `response_headers_to_remove`)."""


class Headers(Node):
    """Changes of headers on the way there and back."""

    request: HeaderOperations | None = None
    """Changes before a request is forwarded."""
    response: HeaderOperations | None = None
    """Changes before a response is returned."""


class HTTPMatchRequest(Node):
    """A condition on requests, all parts of which must hold: the match of one Envoy route."""

    name: str = ""
    """Label, appended to the name of the route."""
    uri: StringMatch | None = None
    """Path of the request, without its query (`path`, `prefix` or `safe_regex` of the route)."""
    scheme: StringMatch | None = None
    """Scheme of the request (`:scheme`)."""
    method: StringMatch | None = None
    """Method of the request (`:method`)."""
    authority: StringMatch | None = None
    """Host of the request (`:authority`)."""
    headers: Mapping[str, StringMatch] = {}
    """Headers by lower-case name; an empty match asks for presence, `@request.auth.claims...` for a JWT's claim."""
    port: UInt32 = 0
    """Only on this port of the host; 0 is any."""
    source_labels: Mapping[str, str] = {}
    """Only for client workloads with these labels; decides what a sidecar is sent."""
    gateways: tuple[str, ...] = ()
    """Only on these of the rule's gateways."""
    query_params: Mapping[str, StringMatch] = {}
    """Query parameters by name (`query_parameters`); an empty match asks for presence."""
    ignore_uri_case: Bool = False
    """Compare exact and prefix paths regardless of case (`case_sensitive`)."""
    without_headers: Mapping[str, StringMatch] = {}
    """Headers that must not match (`invert_match`); the opposite of `headers`."""
    source_namespace: str = ""
    """Only for client workloads of this namespace."""
    stat_prefix: str = ""
    """Statistics prefix of the route (`stat_prefix`)."""


class HTTPRouteDestination(Node):
    """A destination and its share of the requests."""

    destination: Destination
    """Where requests go."""
    weight: Int32 = 0
    """Share relative to the sum of the weights (`weight`); a single destination gets all."""
    headers: Headers | None = None
    """Changes of headers for this destination only."""


class RedirectPortSelection(ProtoEnum):
    """How the port of a redirect is found."""

    FROM_PROTOCOL_DEFAULT = "FROM_PROTOCOL_DEFAULT"
    FROM_REQUEST_PORT = "FROM_REQUEST_PORT"


class HTTPRedirect(OneOf):
    """An answer that sends the client elsewhere."""

    one_of = (("port", "derive_port"),)

    uri: str = ""
    """Path that replaces the request's (`path_redirect`); `%PREFIX()%` keeps what follows the matched prefix."""
    authority: str = ""
    """Host that replaces the request's (`host_redirect`)."""
    port: UInt32 | None = None
    """Port of the target (`port_redirect`); one of `port` and `derivePort`."""
    derive_port: RedirectPortSelection | None = None
    """Port of the target taken from the scheme or from the request."""
    scheme: str = ""
    """Scheme of the target, `http` or `https` (`scheme_redirect`)."""
    redirect_code: UInt32 = 0
    """Status code (`response_code`); 0 means 301."""


class HTTPBody(OneOf):
    """The body of an answer."""

    one_of = (("string", "bytes"),)

    string: str | None = None
    """Body as text."""
    bytes: Bytes | None = None
    """Body as base64."""


class HTTPDirectResponse(Node):
    """An answer that the proxy gives itself."""

    status: UInt32
    """Status code."""
    body: HTTPBody | None = None
    """Body, at most 1 MB."""


class RegexRewrite(Node):
    """A replacement in the path."""

    match: str = ""
    """RE2 expression of what is replaced."""
    rewrite: str = ""
    r"""Replacement; `\1` stands for the first capture."""


class HTTPRewrite(Node):
    """Changes of path and host before a request is forwarded."""

    uri: str = ""
    """Path, or with a prefix match the prefix, that replaces the matched one (`prefix_rewrite`)."""
    authority: str = ""
    """Host that replaces the request's (`host_rewrite_literal`)."""
    uri_regex_rewrite: RegexRewrite | None = None
    """Replacement in the path by regular expression (`regex_rewrite`)."""


class HTTPRetry(Node):
    """When a failed request is tried again."""

    attempts: Int32 = 0
    """Number of retries (`num_retries`); 0 switches retrying off."""
    per_try_timeout: Duration | None = None
    """Limit of each try (`per_try_timeout`); by default the route's timeout."""
    retry_on: str = ""
    """Envoy's retry conditions and status codes, separated by commas (`retry_on`); the mesh's default if empty."""
    retry_remote_localities: BoolValue = None
    """Whether retries may go to other localities (`retry_priority`: previous priorities)."""
    retry_ignore_previous_hosts: BoolValue = None
    """Whether retries avoid hosts that failed before (`retry_host_predicate`); true by default."""
    backoff: Duration | None = None
    """Shortest pause between tries (`retry_back_off.base_interval`); 25ms by default."""


class UnmatchedPreflights(ProtoEnum):
    """What happens to a CORS preflight from another origin."""

    UNSPECIFIED = "UNSPECIFIED"
    FORWARD = "FORWARD"
    IGNORE = "IGNORE"


class CorsPolicy(Node):
    """What scripts of other sites may do: Envoy's CORS filter."""

    allow_origin: tuple[str, ...] = ()
    """Deprecated form of `allowOrigins`: exact origins, `*` for all."""
    allow_origins: tuple[StringMatch, ...] = ()
    """Sites whose scripts are let in."""
    allow_methods: tuple[str, ...] = ()
    """Methods they may use (`Access-Control-Allow-Methods`)."""
    allow_headers: tuple[str, ...] = ()
    """Headers they may send (`Access-Control-Allow-Headers`)."""
    expose_headers: tuple[str, ...] = ()
    """Response headers they may read (`Access-Control-Expose-Headers`)."""
    max_age: Duration | None = None
    """How long a preflight's answer may be kept (`Access-Control-Max-Age`)."""
    allow_credentials: BoolValue = None
    """Whether requests may carry credentials (`Access-Control-Allow-Credentials`)."""
    unmatched_preflights: UnmatchedPreflights = UnmatchedPreflights.UNSPECIFIED
    """Whether preflights of other sites are forwarded, which is the default, or answered by the proxy."""


class Delay(OneOf):
    """A wait before a request is forwarded."""

    one_of = (("fixed_delay", "exponential_delay"),)

    percent: Int32 = 0
    """Deprecated form of `percentage` in whole percents."""
    fixed_delay: Duration | None = None
    """Length of the wait."""
    exponential_delay: Duration | None = None
    """Not implemented by Istio, without effect."""
    percentage: Percent | None = None
    """Share of the requests that wait."""


class Abort(OneOf):
    """A failure in place of an answer."""

    one_of = (("http_status", "grpc_status", "http2_error"),)

    http_status: Int32 | None = None
    """Status code of the answer."""
    grpc_status: str | None = None
    """gRPC status of the answer, by name."""
    http2_error: str | None = None
    """Not implemented by Istio, without effect."""
    percentage: Percent | None = None
    """Share of the requests that fail; all by default."""


class HTTPFaultInjection(Node):
    """Faults on purpose, for tests: Envoy's fault filter."""

    delay: Delay | None = None
    """Wait before forwarding."""
    abort: Abort | None = None
    """Failure instead of forwarding."""


class HTTPMirrorPolicy(Node):
    """A destination that gets a copy of the requests; its answers are dropped."""

    destination: Destination
    """Where the copies go."""
    percentage: Percent | None = None
    """Share of the requests that are copied; all by default."""


class HTTPRoute(Node):
    """A rule for HTTP requests; each of its matches becomes a route of Envoy, and the first that fits wins."""

    name: str = ""
    """Label of the rule; name of the route."""
    match: tuple[HTTPMatchRequest, ...] = ()
    """Alternatives of which one must hold; none matches everything."""
    route: tuple[HTTPRouteDestination, ...] = ()
    """Destinations by weight (`cluster` or `weighted_clusters`)."""
    redirect: HTTPRedirect | None = None
    """Redirect (`redirect`), in place of `route`."""
    direct_response: HTTPDirectResponse | None = None
    """Fixed answer (`direct_response`), in place of `route`."""
    delegate: Delegate | None = None
    """Virtual service that has the routes, in place of `route`."""
    rewrite: HTTPRewrite | None = None
    """Changes of path and host."""
    timeout: Duration | None = None
    """Limit of the whole request with its retries (`timeout` and `max_grpc_timeout`); none by default."""
    retries: HTTPRetry | None = None
    """When to try again (`retry_policy`); the mesh's default if absent."""
    fault: HTTPFaultInjection | None = None
    """Faults on purpose (filter `envoy.filters.http.fault` of the route)."""
    mirror: Destination | None = None
    """Destination that gets a copy of the requests (`request_mirror_policies`)."""
    mirrors: tuple[HTTPMirrorPolicy, ...] = ()
    """Several destinations that get copies, instead of `mirror`."""
    mirror_percent: UInt32Value = Field(
        None, alias="mirrorPercent", validation_alias=AliasChoices("mirrorPercent", "mirror_percent")
    )
    """Deprecated form of `mirrorPercentage` in whole percents."""
    mirror_percentage: Percent | None = None
    """Share of the requests that `mirror` gets; all by default."""
    cors_policy: CorsPolicy | None = None
    """What scripts of other sites may do (filter `envoy.filters.http.cors` of the route)."""
    headers: Headers | None = None
    """Changes of headers."""


class RouteDestination(Node):
    """A destination and its share of the connections."""

    destination: Destination
    """Where connections go."""
    weight: Int32 = 0
    """Share relative to the sum of the weights; a single destination gets all."""


class TLSMatchAttributes(Node):
    """A condition on TLS connections that are passed through: the match of a filter chain."""

    sni_hosts: tuple[str, ...]
    """Server names, which must be among the rule's hosts (`server_names`)."""
    destination_subnets: tuple[str, ...] = ()
    """Addresses or CIDR ranges the client connects to (`prefix_ranges`)."""
    port: UInt32 = 0
    """Only on this port of the host; 0 is any."""
    source_labels: Mapping[str, str] = {}
    """Only for client workloads with these labels."""
    gateways: tuple[str, ...] = ()
    """Only on these of the rule's gateways."""
    source_namespace: str = ""
    """Only for client workloads of this namespace."""


class TLSRoute(Node):
    """A rule for TLS connections that are passed through unopened."""

    match: tuple[TLSMatchAttributes, ...]
    """Alternatives of which one must hold."""
    route: tuple[RouteDestination, ...] = ()
    """Destinations by weight."""


class L4MatchAttributes(Node):
    """A condition on TCP connections: the match of a filter chain."""

    destination_subnets: tuple[str, ...] = ()
    """Addresses or CIDR ranges the client connects to (`prefix_ranges`)."""
    port: UInt32 = 0
    """Only on this port of the host; 0 is any."""
    source_subnet: str = ""
    """Not implemented by Istio, without effect."""
    source_labels: Mapping[str, str] = {}
    """Only for client workloads with these labels."""
    gateways: tuple[str, ...] = ()
    """Only on these of the rule's gateways."""
    source_namespace: str = ""
    """Only for client workloads of this namespace."""


class TCPRoute(Node):
    """A rule for TCP connections."""

    match: tuple[L4MatchAttributes, ...] = ()
    """Alternatives of which one must hold; none matches everything."""
    route: tuple[RouteDestination, ...] = ()
    """Destinations by weight."""


class VirtualServiceSpec(Node):
    """Rules for hosts, by protocol; the first rule that matches is used."""

    hosts: tuple[str, ...] = ()
    """Names the rules are for: domains of Envoy's virtual hosts. None makes it a delegate of another rule."""
    gateways: tuple[str, ...] = ()
    """Gateways, as `name` or `namespace/name`, and `mesh` for all sidecars, which is the default."""
    http: tuple[HTTPRoute, ...] = ()
    """Rules for HTTP, HTTP/2 and gRPC requests."""
    tls: tuple[TLSRoute, ...] = ()
    """Rules for TLS that is passed through, by server name."""
    tcp: tuple[TCPRoute, ...] = ()
    """Rules for every other connection."""
    export_to: tuple[str, ...] = ()
    """Namespaces that see the rule: `.` its own, `*` all, or names; the mesh's default if empty."""


class VirtualService(IstioResource):
    """Routes traffic for hosts: Envoy's virtual hosts and routes, or the filter chains of TCP and TLS."""

    api_version: ApiVersion = "networking.istio.io/v1"
    kind: Literal["VirtualService"] = "VirtualService"
    spec: VirtualServiceSpec = Field(default_factory=VirtualServiceSpec)
