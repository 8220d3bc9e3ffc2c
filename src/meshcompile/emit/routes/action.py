"""What a route does with requests: forward, redirect, or answer. Follows istiod's `applyHTTPRouteDestination`."""

import base64

from meshcompile.emit.fractions import fraction_of, percent
from meshcompile.emit.routes.hash_policy import hash_policies
from meshcompile.emit.routes.headers import authority_of, header_mutations
from meshcompile.emit.routes.retry import retry_policy
from meshcompile.envoy.config.core import DataSource, RuntimeFractionalPercent
from meshcompile.envoy.config.route import (
    DirectResponseAction,
    RedirectAction,
    RedirectActionRedirectResponseCode,
    RouteAction,
    RouteActionRequestMirrorPolicy,
    WeightedCluster,
    WeightedClusterClusterWeight,
)
from meshcompile.envoy.message import at
from meshcompile.envoy.type.matcher import RegexMatchAndSubstitute, RegexMatcher
from meshcompile.models.networking.virtual_service import HTTPBody, HTTPDirectResponse, HTTPRoute
from meshcompile.resolve.routes.table import Forward, Mirror, Redirect, Target

REDIRECT_CODES: dict[int, RedirectActionRedirectResponseCode] = {
    0: "MOVED_PERMANENTLY",
    301: "MOVED_PERMANENTLY",
    302: "FOUND",
    303: "SEE_OTHER",
    307: "TEMPORARY_REDIRECT",
    308: "PERMANENT_REDIRECT",
}


def forward(action: Forward, rule: HTTPRoute) -> RouteAction:
    """Requests go on to one cluster, or to several by weight."""
    timeout = "0s" if rule.timeout is None else rule.timeout.json
    rewrite = rule.rewrite
    regex = None if rewrite is None else rewrite.uri_regex_rewrite
    return RouteAction(
        cluster=None if action.weighted else str(action.targets[0].cluster),
        weighted_clusters=weighted_clusters(action.targets) if action.weighted else None,
        prefix_rewrite="" if rewrite is None or regex is not None else rewrite.uri,
        regex_rewrite=None if regex is None else _substitution(regex.match, regex.rewrite),
        host_rewrite_literal=_rewritten_host(action, rule) or None,
        append_x_forwarded_host=action.append_x_forwarded_host,
        timeout=timeout,
        max_grpc_timeout=timeout,
        retry_policy=retry_policy(action.retry, keeps_host=action.keeps_host),
        request_mirror_policies=tuple(map(mirror_policy, action.mirrors)),
        hash_policy=hash_policies(action.hash_policies),
    )


def _substitution(regex: str, substitution: str) -> RegexMatchAndSubstitute:
    return RegexMatchAndSubstitute(pattern=RegexMatcher(regex=regex), substitution=substitution)


def _rewritten_host(action: Forward, rule: HTTPRoute) -> str:
    """The new host: the rewrite's, else the one that the rule sets as a header, else the only target does."""
    rewritten = "" if rule.rewrite is None else rule.rewrite.authority
    by_target = "" if action.weighted else authority_of(action.targets[0].destination.headers)
    return rewritten or authority_of(rule.headers) or by_target


def weighted_clusters(targets: tuple[Target, ...]) -> WeightedCluster:
    """Shares of the requests; each cluster may change headers of its own."""
    return WeightedCluster(clusters=tuple(map(_weighted_cluster, targets)))


def _weighted_cluster(target: Target) -> WeightedClusterClusterWeight:
    destination = target.destination
    headers = header_mutations(destination.headers)
    return at(
        WeightedClusterClusterWeight(
            name=str(target.cluster),
            weight=destination.weight,
            request_headers_to_add=headers.request_add,
            request_headers_to_remove=headers.request_remove,
            response_headers_to_add=headers.response_add,
            response_headers_to_remove=headers.response_remove,
            host_rewrite_literal=authority_of(destination.headers) or None,
        ),
        destination.origin,
    )


def mirror_policy(mirror: Mirror) -> RouteActionRequestMirrorPolicy:
    """A copy of requests; its host stays as it is, and it is not traced."""
    share = mirror.percentage
    fraction = percent(share) if isinstance(share, int) else fraction_of(share)
    return RouteActionRequestMirrorPolicy(
        cluster=str(mirror.cluster),
        runtime_fraction=RuntimeFractionalPercent(default_value=fraction),
        trace_sampled=False,
        disable_shadow_host_suffix_append=True,
    )


def redirect(action: Redirect) -> RedirectAction | None:
    """A redirect; None for a code that Envoy has no redirect for: the route is left without an action."""
    asked = action.redirect
    code = REDIRECT_CODES.get(asked.redirect_code)
    if code is None:
        return None
    return at(
        RedirectAction(
            scheme_redirect=asked.scheme or None,
            host_redirect=asked.authority,
            port_redirect=action.port,
            path_redirect=asked.uri,
            response_code=code,
        ),
        asked.origin,
    )


def direct_response(response: HTTPDirectResponse) -> DirectResponseAction:
    """An answer of the proxy's own."""
    return at(DirectResponseAction(status=response.status, body=_body(response.body)), response.origin)


def _body(body: HTTPBody | None) -> DataSource | None:
    match body:
        case HTTPBody(string=str(text)):
            return DataSource(inline_string=text)
        case HTTPBody(bytes=bytes(data)):
            return DataSource(inline_bytes=base64.b64encode(data).decode("ascii"))
        case _:
            return None
