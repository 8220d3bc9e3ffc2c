"""Rules of the actions and filters of `http` rules: redirects, rewrites, retries, faults, CORS and direct responses."""

from collections.abc import Iterable

from meshcompile.codes import validation as codes
from meshcompile.models.common import StringMatch
from meshcompile.models.networking.virtual_service import (
    Abort,
    CorsPolicy,
    Delay,
    HTTPDirectResponse,
    HTTPFaultInjection,
    HTTPMatchRequest,
    HTTPRedirect,
    HTTPRetry,
    HTTPRewrite,
    Percent,
)
from meshcompile.validate import checks
from meshcompile.validate.checks import HEADER_NAME, Found
from meshcompile.validate.names import is_go_integer
from meshcompile.words import words

SECOND = 1_000_000_000
LARGE_BODY, LARGEST_BODY = 100 * 1024, 1024 * 1024

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE", "*"})
GRPC_STATUSES = words(
    """
    OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED
    RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS
    UNAUTHENTICATED
    """
)
RETRY_CONDITIONS = words(
    """
    5xx gateway-error reset reset-before-request connect-failure retriable-4xx refused-stream retriable-status-codes
    retriable-headers envoy-ratelimited http3-post-connect-failure cancelled deadline-exceeded internal
    resource-exhausted unavailable
    """
)
NAMED_STATUSES = frozenset(
    (
        *range(100, 104),
        *range(200, 209),
        226,
        *range(300, 306),
        307,
        308,
        *range(400, 419),
        *range(421, 427),
        *(428, 429, 431, 451),
        *range(500, 509),
        510,
        511,
    )
)
"""HTTP statuses for which Go has a name."""


def redirect(node: HTTPRedirect, matches: Iterable[HTTPMatchRequest]) -> Found:
    """Findings about the redirect of a rule with these matches. Only the first is reported."""
    changes_port = node.port is not None or node.derive_port is not None
    if node.uri and node.prefix_rewrite:
        yield codes.REDIRECT(node.at("prefix_rewrite"), problem="`uri` and `prefixRewrite` exclude each other")
    elif node.prefix_rewrite and any(match.uri is not None and match.uri.prefix is None for match in matches):
        problem = "`prefixRewrite` needs every `uri` of the rule to be matched by `prefix`"
        yield codes.REDIRECT(node.at("prefix_rewrite"), problem=problem)
    elif not (node.uri or node.prefix_rewrite or node.authority or node.scheme or changes_port):
        yield codes.REDIRECT(node, problem="a redirect needs `uri`, `authority`, `scheme` or a port")
    elif node.redirect_code and not 300 <= node.redirect_code <= 399:
        problem = f"the status of a redirect must be 300 to 399, not {node.redirect_code}"
        yield codes.REDIRECT(node.at("redirect_code"), problem=problem)
    elif node.scheme not in ("", "http", "https"):
        yield codes.REDIRECT(node.at("scheme"), problem=f"the scheme must be `http` or `https`, not `{node.scheme}`")
    elif node.port:
        yield from checks.port(node, "port")


def direct_response(node: HTTPDirectResponse) -> Found:
    if node.body is not None:
        size = len((node.body.string or "").encode()) + len(node.body.bytes or b"")
        if size > LARGEST_BODY:
            yield codes.RESPONSE_TOO_LARGE(node.body, size=size)
        elif size > LARGE_BODY:
            yield codes.RESPONSE_LARGE(node.body, size=size)
    yield from _status(node, "status")


def _status(node: HTTPDirectResponse | Abort, field: str) -> Found:
    if not 200 <= (status := getattr(node, field)) <= 600:  # istiod also accepts 600
        yield codes.STATUS(node.at(field), status=status)


def retry(node: HTTPRetry) -> Found:
    if node.attempts < 0:
        yield codes.RETRY(node.at("attempts"), problem="`attempts` is negative")
    conditional = node.per_try_timeout is not None or node.retry_on or node.retry_remote_localities is not None
    if node.attempts == 0 and conditional:
        yield codes.RETRY(node, problem="`attempts: 0` disables retries, so no other field can be set")
    yield from checks.duration(node, "per_try_timeout", "backoff")
    for condition in node.retry_on.split(",") if node.retry_on else ():
        if condition not in RETRY_CONDITIONS and not _is_status(condition):
            yield codes.RETRY(node.at("retry_on"), problem=f"`{condition}` is not a valid retry condition")


def _is_status(text: str) -> bool:
    return is_go_integer(text) and int(text) in NAMED_STATUSES


def rewrite(node: HTTPRewrite) -> Found:
    pattern = node.uri_regex_rewrite
    if node.uri and pattern is not None:
        yield codes.REWRITE(node.at("uri_regex_rewrite"), problem="`uri` and `uriRegexRewrite` exclude each other")
    elif not node.uri and pattern is None and not node.authority:
        yield codes.REWRITE(node, problem="a rewrite needs `uri`, `uriRegexRewrite` or `authority`")
    elif pattern is not None and not (pattern.match and pattern.rewrite):
        yield codes.REWRITE(pattern, problem="`uriRegexRewrite` needs both `match` and `rewrite`")
    elif pattern is not None:
        yield from checks.regex(pattern, "match")


def cors(policy: CorsPolicy) -> Found:
    for origin in policy.allow_origins:
        yield from _cors_origin(origin)
    for index, method in enumerate(policy.allow_methods):
        if method not in METHODS:
            yield codes.CORS(policy.at("allow_methods", index), problem=f"`{method}` is not an HTTP method")
    for field in ("allow_headers", "expose_headers"):
        names: tuple[str, ...] = getattr(policy, field)
        for index, name in enumerate(names):
            if name != "*" and not HEADER_NAME.fullmatch(name):
                yield codes.HEADER_NAME(policy.at(field, index), value=name, problem="")
    yield from checks.duration(policy, "max_age")
    if policy.max_age is not None and policy.max_age.nanoseconds % SECOND:
        yield codes.CORS(policy.at("max_age"), problem="`maxAge` must be in whole seconds")


def _cors_origin(origin: StringMatch) -> Found:
    if not (origin.exact or origin.prefix or origin.regex):
        yield codes.CORS(origin, problem="an origin needs a nonempty `exact`, `prefix` or `regex`")
    elif origin.regex:
        yield from checks.regex(origin)


def fault(node: HTTPFaultInjection) -> Found:
    if node.abort is None and node.delay is None:
        yield codes.FAULT(node, problem="a fault needs `delay` or `abort`")
    if node.abort is not None:
        yield from _abort(node.abort)
    if node.delay is not None:
        yield from _delay(node.delay)


def _abort(abort: Abort) -> Found:
    yield from _percentage(abort.percentage)
    if abort.http_status is not None:
        yield from _status(abort, "http_status")
    elif abort.grpc_status is not None:
        if abort.grpc_status not in GRPC_STATUSES:
            yield codes.FAULT(abort.at("grpc_status"), problem=f"`{abort.grpc_status}` is not a gRPC status")
    elif abort.http2_error is not None:
        yield codes.FAULT(abort.at("http2_error"), problem="HTTP/2 errors are not supported")
    else:
        yield codes.ABORT_WITHOUT_ERROR(abort)


def _delay(delay: Delay) -> Found:
    yield from _percentage(delay.percentage)
    yield from checks.duration(delay, "fixed_delay", "exponential_delay")
    if delay.exponential_delay is not None:
        yield codes.FAULT(delay.at("exponential_delay"), problem="exponential delays are not supported")


def _percentage(percentage: Percent | None) -> Found:
    if percentage is not None and percentage.value != 0 and not 0.0001 <= percentage.value <= 100:
        yield codes.PERCENTAGE(percentage.at("value"), value=percentage.value, expected="0, or 0.0001 to 100")


def share(percentage: Percent | None) -> Found:
    """The percentage of requests to mirror."""
    if percentage is not None and not 0 <= percentage.value <= 100:
        yield codes.PERCENTAGE(percentage.at("value"), value=percentage.value, expected="0 to 100")
