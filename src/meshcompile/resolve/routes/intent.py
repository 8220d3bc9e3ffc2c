"""The intent of routes, in one vocabulary for all kinds of objects that route requests.

Each kind has a package beside this module that translates it into these values. `emit.routes` builds Envoy's messages
from them, and knows no kind. Where kinds differ in meaning, a value has a field for the difference. `origin` is the
place of the field that set the value.
"""

from enum import StrEnum, auto
from typing import TypeAlias

import msgspec

from meshcompile.documents import NOWHERE, Origin
from meshcompile.models.common import StringMatch
from meshcompile.models.networking.virtual_service import Percent
from meshcompile.values.durations import Duration
from meshcompile.values.names import ClusterName


class Intent(msgspec.Struct, frozen=True):
    """The base class of the vocabulary: frozen, compared by value."""


# ---- what a route matches


class PathMatchType(StrEnum):
    """How a path is compared."""

    EXACT = auto()
    PREFIX = auto()
    """A prefix of the text: `/api` also matches `/apis`, as in a VirtualService."""
    SEGMENTS = auto()
    """A prefix of whole segments: `/api` matches `/api/v1`, but not `/apis`, as in an Ingress."""
    REGEX = auto()


class PathMatch(Intent, frozen=True):
    """A condition on the path."""

    type: PathMatchType = PathMatchType.PREFIX
    value: str = "/"
    ignore_case: bool = False
    origin: Origin = NOWHERE


EVERY_PATH = PathMatch()


class HeaderMatch(Intent, frozen=True):
    """A condition on a header or a pseudo-header such as `:method`. With `value` None, the header must be present."""

    name: str
    value: StringMatch | None
    origin: Origin
    inverted: bool = False


class QueryMatch(Intent, frozen=True):
    """A condition on a query parameter. With `value` None, the parameter must be present."""

    name: str
    value: StringMatch | None
    origin: Origin


class ClaimMatch(Intent, frozen=True):
    """A condition on a claim of the request's JWT. `path` has the nested claims, outermost first."""

    path: tuple[str, ...]
    value: StringMatch
    origin: Origin
    inverted: bool = False


class RouteMatch(Intent, frozen=True):
    """The conditions of a route, all of which must hold. Each group is in the order of Envoy's message."""

    path: PathMatch = EVERY_PATH
    headers: tuple[HeaderMatch, ...] = ()
    query_params: tuple[QueryMatch, ...] = ()
    claims: tuple[ClaimMatch, ...] = ()
    origin: Origin = NOWHERE

    @property
    def takes_every_request(self) -> bool:
        """True for prefix `/` and regex `.*` without further conditions: istiod's `IsCatchAllRoute`."""
        if self.headers or self.query_params or self.claims:
            return False
        return (self.path.type, self.path.value) in ((PathMatchType.PREFIX, "/"), (PathMatchType.REGEX, ".*"))


EVERY_REQUEST = RouteMatch()


# ---- what happens to headers


class HeaderChange(Intent, frozen=True):
    """A header that is set, or to which a value is appended."""

    name: str
    value: str
    origin: Origin
    append: bool = False


class HeaderChanges(Intent, frozen=True):
    """Changes to the headers of requests and responses, in order."""

    request_add: tuple[HeaderChange, ...] = ()
    request_remove: tuple[str, ...] = ()
    response_add: tuple[HeaderChange, ...] = ()
    response_remove: tuple[str, ...] = ()


NO_CHANGES = HeaderChanges()


# ---- where requests go


class PathRewrite(Intent, frozen=True):
    """A replacement in the path: of the matches of `regex`, or else of the path or prefix that the route matched."""

    replacement: str
    origin: Origin
    regex: str | None = None


class HostRewrite(Intent, frozen=True):
    """A new host for the request."""

    host: str
    origin: Origin


class Backend(Intent, frozen=True):
    """A cluster that gets requests, and its weight. Its header changes apply to its own requests only."""

    cluster: ClusterName
    weight: int
    origin: Origin
    headers: HeaderChanges = NO_CHANGES
    host_rewrite: HostRewrite | None = None


class Mirror(Intent, frozen=True):
    """A cluster that gets a copy of a percentage of the requests. An int is a whole percentage."""

    cluster: ClusterName
    percentage: Percent | int
    origin: Origin


class Retry(Intent, frozen=True):
    """The retries of failed requests.

    `retry_on` has Envoy's conditions, joined by commas. `status_codes` are the codes of `retriable-status-codes`.
    `other_hosts` and `other_localities` avoid hosts and localities that failed before.
    """

    attempts: int
    retry_on: str
    status_codes: tuple[int, ...] = ()
    per_try_timeout: Duration | None = None
    backoff: Duration | None = None
    other_hosts: bool = True
    other_localities: bool = False
    origin: Origin = NOWHERE


DEFAULT_RETRY_ON = "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes"
DEFAULT_RETRY = Retry(2, DEFAULT_RETRY_ON)
# Where a consistent hash chose the host.
DEFAULT_RETRY_AT_HOST = Retry(2, DEFAULT_RETRY_ON, other_hosts=False)


class HeaderHash(Intent, frozen=True):
    """Requests with the same value of a header go to the same endpoint."""

    name: str
    origin: Origin


class CookieHash(Intent, frozen=True):
    """Requests with the same cookie go to the same endpoint. With a `ttl`, Envoy sets the cookie if it is missing."""

    name: str
    path: str
    ttl: Duration | None
    attributes: tuple[tuple[str, str], ...]
    origin: Origin


class SourceAddressHash(Intent, frozen=True):
    """Requests from the same client address go to the same endpoint, if it is enabled."""

    enabled: bool
    origin: Origin


class QueryParameterHash(Intent, frozen=True):
    """Requests with the same value of a query parameter go to the same endpoint."""

    name: str
    origin: Origin


RequestHash: TypeAlias = HeaderHash | CookieHash | SourceAddressHash | QueryParameterHash


class Forward(Intent, frozen=True):
    """Requests are forwarded to one backend, or to several by weight.

    `retry` is None without retries. `append_x_forwarded_host` keeps the original host in a header.
    `fails_with_500` answers 500 instead of 503 if the cluster does not exist.
    """

    backends: tuple[Backend, ...]
    weighted: bool = False
    mirrors: tuple[Mirror, ...] = ()
    hashes: tuple[RequestHash, ...] = ()
    retry: Retry | None = None
    timeout: Duration | None = None
    path_rewrite: PathRewrite | None = None
    host_rewrite: HostRewrite | None = None
    append_x_forwarded_host: bool = False
    fails_with_500: bool = False


# ---- responses of the proxy itself


class Redirect(Intent, frozen=True):
    """Requests get a redirect. Empty parts stay as in the request. A `port` of 0 is the default of the scheme.

    `path` replaces the path, or only the matched prefix if it `replaces_prefix`.
    """

    scheme: str
    host: str
    port: int
    path: str
    code: int
    origin: Origin
    replaces_prefix: bool = False


class ResponseBody(Intent, frozen=True):
    """The body of a direct response."""

    content: str | bytes
    origin: Origin


class DirectResponse(Intent, frozen=True):
    """Requests get a response of the proxy itself."""

    status: int
    body: ResponseBody | None
    origin: Origin


Action: TypeAlias = Forward | Redirect | DirectResponse


# ---- settings of filters


class FaultDelay(Intent, frozen=True):
    """A delay of a percentage of the requests. An int is a whole percentage."""

    duration: Duration
    percentage: Percent | int
    origin: Origin


class FaultAbort(Intent, frozen=True):
    """An abort of a percentage of the requests. With None, Envoy's default of 0 applies.

    `grpc_status` is the name of a status.
    """

    http_status: int | None
    grpc_status: str | None
    percentage: Percent | None
    origin: Origin


class Fault(Intent, frozen=True):
    """Injected faults."""

    delay: FaultDelay | None
    abort: FaultAbort | None
    origin: Origin


class Cors(Intent, frozen=True):
    """The CORS policy. `max_age` is in whole seconds."""

    allow_origins: tuple[StringMatch, ...]
    allow_methods: tuple[str, ...]
    allow_headers: tuple[str, ...]
    expose_headers: tuple[str, ...]
    max_age: int | None
    allow_credentials: bool | None
    forward_unmatched_preflights: bool
    origin: Origin


class RouteRule(Intent, frozen=True):
    """What a rule does with the requests that match."""

    name: str
    action: Action
    headers: HeaderChanges = NO_CHANGES
    fault: Fault | None = None
    cors: Cors | None = None
