"""The external authorization filter: what it would do for each answer of the authorizer."""

from meshcompile.envoy.extensions.filters.http.ext_authz import ExtAuthz, ExtAuthzPerRoute
from meshcompile.simulate.course import Course, HttpFilterConfig, Passed
from meshcompile.simulate.outcomes import ProxyOutcome
from meshcompile.simulate.route_match import percent
from meshcompile.simulate.value_match import metadata_predicate

STATUSES = {
    "BadRequest": 400,
    "Unauthorized": 401,
    "Forbidden": 403,
    "NotFound": 404,
    "InternalServerError": 500,
    "BadGateway": 502,
    "ServiceUnavailable": 503,
}


def ext_authz(filter_: HttpFilterConfig, course: Course) -> Passed:
    """The request passes if the authorizer allows it, and is denied if not. Nobody is asked here."""
    config = filter_.config
    if not isinstance(config, ExtAuthz) or not _is_enabled(config, filter_, course):
        yield course
        return
    name = authorizer(config)
    asked = course.after("external authorization", filter_.name, f"asks {name}", filter_.pointer)
    if not _is_reachable(name, course):
        failed = asked.after("cluster", name, "is not there or has no endpoints")
        yield failed if config.failure_mode_allow else _refused(failed, config, "ext_authz_error")
        return
    yield asked.depending(f"{name} allows the request")
    denied = asked.depending(f"{name} denies the request")
    yield denied.reply(403, "ext_authz_denied", flags=("UAEX",))


def _refused(course: Course, config: ExtAuthz, details: str) -> ProxyOutcome:
    name = config.status_on_error.code if config.status_on_error else "Forbidden"
    status = STATUSES.get(name)
    refused = course if status else course.depending(f"the status {name} of the filter")
    return refused.reply(status or 403, details, flags=("UAEX",))


def _is_reachable(name: str, course: Course) -> bool:
    cluster = course.clusters.find(name, course.stream.connection)
    return cluster is not None and bool(cluster.endpoints or cluster.depends_on)


def _is_enabled(config: ExtAuthz, filter_: HttpFilterConfig, course: Course) -> bool:
    """Whether the filter asks. It asks for requests with a route only."""
    if course.choice.route is None and not course.choice.redirects_to_https:
        return False
    if isinstance(filter_.per_route, ExtAuthzPerRoute) and filter_.per_route.disabled:
        return False
    if config.filter_enabled is not None and not percent(config.filter_enabled.default_value):
        return False
    wanted = config.filter_enabled_metadata
    return wanted is None or metadata_predicate(wanted)(course.stream.metadata)


def authorizer(config: ExtAuthz) -> str:
    """The cluster of the authorizer."""
    if config.http_service is not None and config.http_service.server_uri is not None:
        return config.http_service.server_uri.cluster or config.http_service.server_uri.uri
    if config.grpc_service is not None and config.grpc_service.envoy_grpc is not None:
        return config.grpc_service.envoy_grpc.cluster_name
    return "the authorizer"
