"""The actions of rules: forward, redirect or respond. Follows istiod's `applyHTTPRouteDestination`."""

from collections.abc import Iterator

from msgspec.structs import replace

from meshcompile.documents import Origin
from meshcompile.models.networking.virtual_service import (
    Destination,
    HTTPBody,
    HTTPDirectResponse,
    HTTPRedirect,
    HTTPRewrite,
    HTTPRoute,
    HTTPRouteDestination,
    Percent,
    RedirectPortSelection,
)
from meshcompile.resolve.routes.context import RouteContext
from meshcompile.resolve.routes.hashing import destination_hash, request_hash
from meshcompile.resolve.routes.intent import (
    Action,
    Backend,
    DirectResponse,
    Forward,
    HostRewrite,
    Mirror,
    PathRewrite,
    Redirect,
    ResponseBody,
)
from meshcompile.resolve.routes.virtual_service.headers import header_changes, host_rewrite
from meshcompile.resolve.routes.virtual_service.retries import retry
from meshcompile.snapshot.virtual_services import Semantics
from meshcompile.syntax.re2 import quoted

# The default port of each scheme.
DEFAULT_PORTS = {"http": 80, "https": 443}
ALL_REQUESTS = 100
# In front of a redirect's path: it replaces only the prefix that the route matched.
MATCHED_PREFIX = "%PREFIX()%"


def route_action(rule: HTTPRoute, context: RouteContext, semantics: Semantics, prefix: str) -> Action:
    """What a rule does with requests. `prefix` is the matched prefix of whole path segments."""
    if rule.redirect is not None:
        return _redirect(rule.redirect, context, semantics)
    if rule.direct_response is not None:
        return _direct_response(rule.direct_response)
    if semantics is Semantics.GATEWAY:
        return replace(_forward(rule, context), fails_with_500=True, path_rewrite=_segment_rewrite(rule, prefix))
    return _forward(rule, context)


def _forward(rule: HTTPRoute, context: RouteContext) -> Forward:
    weighted = len(rule.route) != 1
    # Of several destinations, those without a weight get no requests.
    counting = tuple(target for target in rule.route if target.weight) if weighted else rule.route
    hashes = [lb for target in counting if (lb := destination_hash(context, target.destination)) is not None]
    backends = tuple([_backend(target, context) for target in counting])
    return Forward(
        backends=backends,
        weighted=weighted,
        mirrors=tuple(_mirrors(rule, context)),
        hashes=tuple([key for lb in hashes if (key := request_hash(lb)) is not None]),
        retry=retry(
            context.default_retry if rule.retries is None else rule.retries,
            keeps_host=not weighted and bool(hashes),
        ),
        timeout=rule.timeout,
        path_rewrite=None if rule.rewrite is None else _path_rewrite(rule.rewrite),
        host_rewrite=_host_rewrite(rule) or (None if weighted else backends[0].host_rewrite),
        append_x_forwarded_host=rule.rewrite is not None and context.client.append_x_forwarded_host,
    )


def _backend(target: HTTPRouteDestination, context: RouteContext) -> Backend:
    return Backend(
        cluster=context.cluster(target.destination),
        weight=target.weight,
        headers=header_changes(target.headers),
        host_rewrite=host_rewrite(target.headers),
        origin=target.origin,
    )


def _segment_rewrite(rule: HTTPRoute, prefix: str) -> PathRewrite | None:
    """The rewrite of the Gateway API, in which `/` removes the matched prefix and keeps the slash after it."""
    rewrite = None if rule.rewrite is None else _path_rewrite(rule.rewrite)
    if rewrite is None or rewrite.regex is not None or rewrite.replacement != "/":
        return rewrite
    return PathRewrite(r"/\2", rewrite.origin, f"^{quoted(prefix)}(/?)(.*)")


def _path_rewrite(rewrite: HTTPRewrite) -> PathRewrite | None:
    regex = rewrite.uri_regex_rewrite
    if regex is not None:
        return PathRewrite(regex.rewrite, regex.origin, regex.match)
    return PathRewrite(rewrite.uri, rewrite.origin) if rewrite.uri else None


def _host_rewrite(rule: HTTPRoute) -> HostRewrite | None:
    """The new host: the rewrite's, else the one that the rule sets as a header."""
    if rule.rewrite is not None and rule.rewrite.authority:
        return HostRewrite(rule.rewrite.authority, rule.rewrite.origin)
    return host_rewrite(rule.headers)


def _mirrors(rule: HTTPRoute, context: RouteContext) -> Iterator[Mirror]:
    """The mirrors that get requests. Without a percentage, a mirror gets all of them."""
    if rule.mirror is not None:
        share = rule.mirror_percentage
        yield from _mirror(
            rule.mirror, share if share is not None else rule.mirror_percent, context, rule.mirror.origin
        )
    for mirror in rule.mirrors:
        if mirror.destination is not None:
            yield from _mirror(mirror.destination, mirror.percentage, context, mirror.origin)


def _mirror(
    destination: Destination, percentage: Percent | int | None, context: RouteContext, origin: Origin
) -> Iterator[Mirror]:
    if _is_positive(percentage):
        cluster = context.cluster(destination)
        yield Mirror(cluster, ALL_REQUESTS if percentage is None else percentage, origin)


def _is_positive(percentage: Percent | int | None) -> bool:
    match percentage:
        case None:
            return True
        case Percent(value=value):
            return value > 0
        case number:
            return number > 0


def _redirect(redirect: HTTPRedirect, context: RouteContext, semantics: Semantics) -> Redirect:
    marked = semantics is Semantics.GATEWAY and redirect.uri.startswith(MATCHED_PREFIX)
    return Redirect(
        scheme=redirect.scheme,
        host=redirect.authority,
        port=_redirect_port(redirect, context),
        path=redirect.prefix_rewrite or (redirect.uri.removeprefix(MATCHED_PREFIX) if marked else redirect.uri),
        code=redirect.redirect_code,
        origin=redirect.origin,
        replaces_prefix=marked or bool(redirect.prefix_rewrite),
    )


def _redirect_port(redirect: HTTPRedirect, context: RouteContext) -> int:
    """The port in a redirect; 0 for the default port of the scheme."""
    from_request = redirect.derive_port is RedirectPortSelection.FROM_REQUEST_PORT
    port = context.client.port if from_request else redirect.port or 0
    scheme = redirect.scheme or ("https" if context.client.is_tls else "http")
    return 0 if port == DEFAULT_PORTS.get(scheme) else port


def _direct_response(response: HTTPDirectResponse) -> DirectResponse:
    return DirectResponse(response.status, _body(response.body), response.origin)


def _body(body: HTTPBody | None) -> ResponseBody | None:
    match body:
        case HTTPBody(string=str(text)):
            return ResponseBody(text, body.origin)
        case HTTPBody(bytes=bytes(data)):
            return ResponseBody(data, body.origin)
        case _:
            return None
