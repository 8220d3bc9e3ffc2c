"""What routes ask for, in one vocabulary for all kinds of objects that route requests.

A kind is translated into these values once, in a package of its own beside this module; `emit.routes` makes Envoy
messages of them, and knows no kind. Where kinds mean different things, a value has a field that says which is meant.
`origin` is the place of the field that asked.
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
    """Base of the values of the vocabulary: frozen, compared by value."""


# ---- what a route matches


class PathMatchType(StrEnum):
    """How a path is compared."""

    EXACT = auto()
    PREFIX = auto()
    """A prefix of the text: `/api` takes `/apis` too, as in a VirtualService."""
    SEGMENTS = auto()
    """A prefix of whole segments: `/api` takes `/api/v1`, but not `/apis`, as in an Ingress."""
    REGEX = auto()


class PathMatch(Intent, frozen=True):
    """A condition on the path."""

    type: PathMatchType = PathMatchType.PREFIX
    value: str = "/"
    ignore_case: bool = False
    origin: Origin = NOWHERE


EVERY_PATH = PathMatch()


class HeaderMatch(Intent, frozen=True):
    """A condition on a header or a pseudo-header such as `:method`; `value` None asks only that it is there."""

    name: str
    value: StringMatch | None
    origin: Origin
    inverted: bool = False


class QueryMatch(Intent, frozen=True):
    """A condition on a query parameter; `value` None asks only that it is there."""

    name: str
    value: StringMatch | None
    origin: Origin


class ClaimMatch(Intent, frozen=True):
    """A condition on a claim of the request's JWT: `path` are the claims that lead to it, outermost first."""

    path: tuple[str, ...]
    value: StringMatch
    origin: Origin
    inverted: bool = False


class RouteMatch(Intent, frozen=True):
    """The conditions of a route, all of which must hold, each group in the order in which Envoy gets it."""

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
    """A header that gets a value, in place of those that it has, or beside them."""

    name: str
    value: str
    origin: Origin
    append: bool = False


class HeaderChanges(Intent, frozen=True):
    """Changes of headers on the way there and back, in order."""

    request_add: tuple[HeaderChange, ...] = ()
    request_remove: tuple[str, ...] = ()
    response_add: tuple[HeaderChange, ...] = ()
    response_remove: tuple[str, ...] = ()


NO_CHANGES = HeaderChanges()


# ---- where requests go


class PathRewrite(Intent, frozen=True):
    """A replacement in the path: of what `regex` finds, or of what the route matched (of a prefix, only that)."""

    replacement: str
    origin: Origin
    regex: str | None = None


class HostRewrite(Intent, frozen=True):
    """Another host in place of the request's."""

    host: str
    origin: Origin


class Backend(Intent, frozen=True):
    """A cluster that requests go to, and its share of them; what happens to requests on the way is for it alone."""

    cluster: ClusterName
    weight: int
    origin: Origin
    headers: HeaderChanges = NO_CHANGES
    host_rewrite: HostRewrite | None = None


class Mirror(Intent, frozen=True):
    """A cluster that gets a copy of requests: a percentage of them, whole if it is an int."""

    cluster: ClusterName
    percentage: Percent | int
    origin: Origin


class Retry(Intent, frozen=True):
    """When a failed request is tried again.

    `retry_on` are Envoy's conditions, joined by commas, and `status_codes` the codes that `retriable-status-codes`
    means. `other_hosts` and `other_localities` avoid those that failed before.
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
    """Requests with the same cookie go to the same endpoint; with a `ttl` Envoy makes it where the client has none."""

    name: str
    path: str
    ttl: Duration | None
    attributes: tuple[tuple[str, str], ...]
    origin: Origin


class SourceAddressHash(Intent, frozen=True):
    """Requests of the same client address go to the same endpoint, unless it is switched off."""

    enabled: bool
    origin: Origin


class QueryParameterHash(Intent, frozen=True):
    """Requests with the same value of a query parameter go to the same endpoint."""

    name: str
    origin: Origin


RequestHash: TypeAlias = HeaderHash | CookieHash | SourceAddressHash | QueryParameterHash


class Forward(Intent, frozen=True):
    """Requests go on: to one backend, or to several by weight.

    `retry` is None where nothing is tried again. `append_x_forwarded_host` keeps the host that is rewritten in a
    header.
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


# ---- answers of the proxy's own


class Redirect(Intent, frozen=True):
    """Requests are answered with a redirect; what is empty stays as in the request, `port` is 0 for the scheme's."""

    scheme: str
    host: str
    port: int
    path: str
    code: int
    origin: Origin


class ResponseBody(Intent, frozen=True):
    """The body of an answer."""

    content: str | bytes
    origin: Origin


class DirectResponse(Intent, frozen=True):
    """Requests are answered by the proxy."""

    status: int
    body: ResponseBody | None
    origin: Origin


Action: TypeAlias = Forward | Redirect | DirectResponse


# ---- what filters do to the requests of a route


class FaultDelay(Intent, frozen=True):
    """A wait of a share of the requests: a percentage, whole if it is an int."""

    duration: Duration
    percentage: Percent | int
    origin: Origin


class FaultAbort(Intent, frozen=True):
    """A failure of a share of the requests; `percentage` None is Envoy's default, which is none of them.

    `grpc_status` is the name of a status.
    """

    http_status: int | None
    grpc_status: str | None
    percentage: Percent | None
    origin: Origin


class Fault(Intent, frozen=True):
    """Faults on purpose."""

    delay: FaultDelay | None
    abort: FaultAbort | None
    origin: Origin


class Cors(Intent, frozen=True):
    """What scripts of other sites may do; `max_age` is in whole seconds."""

    allow_origins: tuple[StringMatch, ...]
    allow_methods: tuple[str, ...]
    allow_headers: tuple[str, ...]
    expose_headers: tuple[str, ...]
    max_age: int | None
    allow_credentials: bool | None
    forward_unmatched_preflights: bool
    origin: Origin


class RouteRule(Intent, frozen=True):
    """What a rule does with the requests that one of its matches takes."""

    name: str
    action: Action
    headers: HeaderChanges = NO_CHANGES
    fault: Fault | None = None
    cors: Cors | None = None
