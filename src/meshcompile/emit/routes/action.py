"""The actions of routes: forward, redirect or respond. Follows istiod's `applyHTTPRouteDestination`."""

import base64

from meshcompile.emit.fractions import share
from meshcompile.emit.routes.hash_policy import hash_policy
from meshcompile.emit.routes.headers import header_options
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
from meshcompile.resolve.routes.intent import (
    Backend,
    DirectResponse,
    Forward,
    Mirror,
    PathRewrite,
    Redirect,
    ResponseBody,
)

NO_TIMEOUT = "0s"
REDIRECT_CODES: dict[int, RedirectActionRedirectResponseCode] = {
    0: "MOVED_PERMANENTLY",
    301: "MOVED_PERMANENTLY",
    302: "FOUND",
    303: "SEE_OTHER",
    307: "TEMPORARY_REDIRECT",
    308: "PERMANENT_REDIRECT",
}


def forward(action: Forward) -> RouteAction:
    """The action that forwards requests to one cluster, or to several by weight."""
    timeout = NO_TIMEOUT if action.timeout is None else action.timeout.json
    path, host = action.path_rewrite, action.host_rewrite
    only = None if action.weighted else action.backends[0]
    return at(
        RouteAction(
            cluster=None if only is None else str(only.cluster),
            cluster_not_found_response_code=(
                "INTERNAL_SERVER_ERROR" if action.fails_with_500 else "SERVICE_UNAVAILABLE"
            ),
            weighted_clusters=weighted_clusters(action.backends) if action.weighted else None,
            prefix_rewrite=path.replacement if path is not None and path.regex is None else "",
            regex_rewrite=None if path is None or path.regex is None else regex_rewrite(path, path.regex),
            host_rewrite_literal=None if host is None else host.host,
            append_x_forwarded_host=action.append_x_forwarded_host,
            timeout=timeout,
            max_grpc_timeout=timeout,
            retry_policy=retry_policy(action.retry),
            request_mirror_policies=tuple(map(mirror_policy, action.mirrors)),
            hash_policy=tuple(map(hash_policy, action.hashes)),
        ),
        None if only is None else only.origin,
        path.origin if path is not None and path.regex is None else None,
        None if host is None else host.origin,
    )


def regex_rewrite(path: PathRewrite, regex: str) -> RegexMatchAndSubstitute:
    """A replacement of the matches of a regular expression in the path."""
    rewrite = RegexMatchAndSubstitute(pattern=RegexMatcher(regex=regex), substitution=path.replacement)
    return at(rewrite, path.origin)


def weighted_clusters(backends: tuple[Backend, ...]) -> WeightedCluster:
    """Clusters with weights. Each of them can have header changes of its own."""
    return WeightedCluster(clusters=tuple(map(_weighted_cluster, backends)))


def _weighted_cluster(backend: Backend) -> WeightedClusterClusterWeight:
    headers = backend.headers
    return at(
        WeightedClusterClusterWeight(
            name=str(backend.cluster),
            weight=backend.weight,
            request_headers_to_add=header_options(headers.request_add),
            request_headers_to_remove=headers.request_remove,
            response_headers_to_add=header_options(headers.response_add),
            response_headers_to_remove=headers.response_remove,
            host_rewrite_literal=None if backend.host_rewrite is None else backend.host_rewrite.host,
        ),
        backend.origin,
    )


def mirror_policy(mirror: Mirror) -> RouteActionRequestMirrorPolicy:
    """A mirror of requests, which keep their host and are not traced."""
    return at(
        RouteActionRequestMirrorPolicy(
            cluster=str(mirror.cluster),
            runtime_fraction=RuntimeFractionalPercent(default_value=share(mirror.percentage)),
            trace_sampled=False,
            disable_shadow_host_suffix_append=True,
        ),
        mirror.origin,
    )


def redirect(action: Redirect) -> RedirectAction | None:
    """A redirect; None for a code that Envoy does not support. The route then has no action."""
    code = REDIRECT_CODES.get(action.code)
    if code is None:
        return None
    return at(
        RedirectAction(
            scheme_redirect=action.scheme or None,
            host_redirect=action.host,
            port_redirect=action.port,
            path_redirect=None if action.replaces_prefix else action.path,
            prefix_rewrite=action.path if action.replaces_prefix else None,
            response_code=code,
        ),
        action.origin,
    )


def direct_response(response: DirectResponse) -> DirectResponseAction:
    """A response of the proxy itself."""
    body = None if response.body is None else _body(response.body)
    return at(DirectResponseAction(status=response.status, body=body), response.origin)


def _body(body: ResponseBody) -> DataSource:
    match body.content:
        case str() as text:
            return at(DataSource(inline_string=text), body.origin)
        case bytes() as data:
            return at(DataSource(inline_bytes=base64.b64encode(data).decode("ascii")), body.origin)
