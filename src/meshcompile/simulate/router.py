"""The last filter: answers itself, or forwards the request to a cluster (`router/router.cc`)."""

from base64 import b64decode
from collections.abc import Iterable
from dataclasses import replace

from meshcompile.envoy.config.core import DataSource
from meshcompile.envoy.config.route import DirectResponseAction, RedirectAction, RouteAction, RouteMatch
from meshcompile.simulate.cluster import ChosenCluster
from meshcompile.simulate.course import Course, request_levels, response_levels
from meshcompile.simulate.header_map import HeaderMap
from meshcompile.simulate.header_mutation import computed_headers, operated
from meshcompile.simulate.outcomes import ForwardedRequest, ProxyOutcome
from meshcompile.simulate.rewrite import https_location, location, with_rewrites
from meshcompile.simulate.route_policies import route_policies
from meshcompile.simulate.streams import HttpStream

REDIRECTS = {
    "MOVED_PERMANENTLY": 301,
    "FOUND": 302,
    "SEE_OTHER": 303,
    "TEMPORARY_REDIRECT": 307,
    "PERMANENT_REDIRECT": 308,
}
NOT_FOUND = {"SERVICE_UNAVAILABLE": 503, "NOT_FOUND": 404, "INTERNAL_SERVER_ERROR": 500}


def router(course: Course) -> Iterable[ProxyOutcome]:
    """What the router does with a request that all filters let pass."""
    choice = course.choice
    if choice.redirects_to_https:
        yield _answered(course, 301, HeaderMap.of([("location", https_location(course.stream))]))
    elif choice.route is None:
        yield course.reply(404, "route_not_found", flags=("NR",))
    else:
        match choice.route.message:
            case message if message.redirect is not None:
                yield _redirected(course, message.redirect, message.match or RouteMatch())
            case message if message.direct_response is not None:
                yield _direct(course, message.direct_response)
            case message if message.route is not None:
                yield _forwarded(course, message.route, message.match or RouteMatch())
            case _:
                yield course.reply(404, "route_not_found", flags=("NR",))


def _redirected(course: Course, redirect: RedirectAction, match: RouteMatch) -> ProxyOutcome:
    to = location(redirect, match, course.stream)
    return _answered(course, REDIRECTS[redirect.response_code], HeaderMap.of([("location", to)]))


def _direct(course: Course, direct: DirectResponseAction) -> ProxyOutcome:
    return _answered(course, direct.status, HeaderMap(), _text(direct.body))


def _answered(course: Course, status: int, headers: HeaderMap, body: str = "") -> ProxyOutcome:
    """A direct response, with the header operations of the route."""
    changed = operated(headers, response_levels(course.choice), course.stream)
    if course.choice.redirects_to_https:
        changed = headers
    headers = changed.with_set(course.response_headers)
    return course.ending(course.local_reply(status, "direct_response", body, headers))


def _text(body: DataSource | None) -> str:
    match body:
        case DataSource(inline_string=str(text)):
            return text
        case DataSource(inline_bytes=str(data)):
            return b64decode(data).decode("utf-8", "replace")
        case _:
            return ""


def _forwarded(course: Course, action: RouteAction, match: RouteMatch) -> ProxyOutcome:
    choice, name = course.choice, course.choice.cluster
    metadata = action.metadata_match or (choice.weighted.metadata_match if choice.weighted else None)
    cluster = course.clusters.find(name, course.stream.connection, course.stream.authority, metadata)
    if cluster is None:
        status = NOT_FOUND[action.cluster_not_found_response_code]
        missing = course.after("cluster", name, "there is no such cluster")
        return replace(missing.reply(status, "cluster_not_found", flags=("NC",)), cluster=name)
    final = course.with_stream(_finalized(course, action, match))
    final = final.after("cluster", name, _endpoints_text(cluster), cluster.pointer)
    if not cluster.endpoints and not cluster.depends_on:
        unhealthy = final.reply(503, "no_healthy_upstream", "no healthy upstream", flags=("UH",))
        return replace(unhealthy, cluster=name)
    return final.ending(_request(final, action, cluster), cluster=name)


def _endpoints_text(cluster: ChosenCluster) -> str:
    count = len(cluster.endpoints)
    return f"has {count or 'no'} endpoint{'' if count == 1 else 's'}"


def _finalized(course: Course, action: RouteAction, match: RouteMatch) -> HttpStream:
    """The request with the operations and rewrites of its route, those of a weighted cluster first."""
    weighted, stream = course.choice.weighted, course.stream
    levels = request_levels(course.choice)
    first = levels[:1] if weighted is not None else ()
    headers = operated(stream.headers, first, stream)
    if weighted is not None and weighted.host_rewrite_literal:
        headers = headers.with_set(((":authority", weighted.host_rewrite_literal),))
    stream = stream.with_headers(headers)
    stream = stream.with_headers(operated(headers, levels[len(first) :], stream))
    return stream.with_headers(with_rewrites(action, match, stream))


def _request(course: Course, action: RouteAction, cluster: ChosenCluster) -> ForwardedRequest:
    choice = course.choice
    if choice.virtual_host is None or choice.route is None:
        raise AssertionError("a route belongs to a virtual host")
    return ForwardedRequest(
        headers=course.stream.headers,
        cluster=cluster,
        policies=route_policies(action, choice.virtual_host.message, course.stream, choice.route.pointer),
        response_operations=tuple(filter(None, response_levels(choice))),
        response_headers=course.response_headers,
        computed_headers=(*course.stream.computed, *computed_headers(request_levels(choice))),
    )
