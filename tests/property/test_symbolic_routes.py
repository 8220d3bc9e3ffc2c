"""Route tables as sets of requests say of each request what their evaluation says."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st

from meshcompile.envoy.config.route import (
    HeaderMatcher,
    QueryParameterMatcher,
    Route,
    RouteAction,
    RouteConfiguration,
    RouteMatch,
    RouteMatchConnectMatcher,
    RouteMatchGrpcRouteMatchOptions,
    VirtualHost,
)
from meshcompile.envoy.type import Int64Range
from meshcompile.envoy.type.matcher import RegexMatcher, StringMatcher
from meshcompile.simulate import DownstreamConnection, HttpRequest
from meshcompile.simulate.header_map import HeaderMap
from meshcompile.simulate.route_table import IndexedRouteTable
from meshcompile.simulate.streams import HttpStream
from meshcompile.spaces import Proved, Refuted, Unknown
from meshcompile.symbolic.comparison import RouteDifference, route_differences
from meshcompile.symbolic.host_table import HostTable
from meshcompile.symbolic.requests import http_request
from tests.property.matchers import FLAGS, string_matchers

HOST = "shop.example"
CONNECTION = DownstreamConnection(destination="10.0.0.1", port=80)
PATHS = ("/", "/a", "/A", "/a/", "/a/b", "/ab", "/b", "/b/a", "/aa")
TEXTS = ("", "a", "A", "ab", "b", "12", "-3", "a,b", "5 x")
METHODS = ("GET", "POST", "CONNECT")

texts = st.sampled_from(TEXTS)
matchers = string_matchers(TEXTS, [".*", "a.*", "[ab]+", r"\d+", "a|b", "(?i)AB?", "[^a]*", r"\pL+"])
names = st.sampled_from(["x-a", "X-B", ":method", ":authority", ":scheme", ":path"])
headers = st.one_of(
    st.builds(HeaderMatcher, name=names, string_match=matchers, **FLAGS),
    st.builds(HeaderMatcher, name=names, present_match=st.booleans(), **FLAGS),
    st.builds(HeaderMatcher, name=names, exact_match=texts, **FLAGS),
    st.builds(HeaderMatcher, name=names, range_match=st.just(Int64Range(start="-4", end="13")), **FLAGS),
    st.builds(HeaderMatcher, name=names),
)
queries = st.one_of(
    st.builds(QueryParameterMatcher, name=st.sampled_from("pq"), string_match=matchers),
    st.builds(QueryParameterMatcher, name=st.sampled_from("pq"), present_match=st.sampled_from([True, False, None])),
)
paths = st.one_of(
    st.sampled_from(PATHS).map(lambda path: {"path": path}),
    st.sampled_from([*PATHS, "", "/a?", "/b/../a", "/%61"]).map(lambda path: {"prefix": path}),
    st.sampled_from(["/a", "/a/b", "/b"]).map(lambda path: {"path_separated_prefix": path}),
    st.sampled_from([".*", "/a.*", "/[ab]/.*", "/a|/b", "[^/]*", "/(?i)A"]).map(
        lambda expression: {"safe_regex": RegexMatcher(regex=expression)}
    ),
    st.just({"connect_matcher": RouteMatchConnectMatcher()}),
)


@st.composite
def matches(draw: st.DrawFn) -> RouteMatch:
    """A match with a path and a few further conditions."""
    return RouteMatch(
        **draw(paths),
        case_sensitive=draw(st.sampled_from([None, True, False])),
        headers=tuple(draw(st.lists(headers, max_size=2))),
        query_parameters=tuple(draw(st.lists(queries, max_size=1))),
        grpc=draw(st.sampled_from([None, None, None, RouteMatchGrpcRouteMatchOptions()])),
    )


routes = st.builds(
    lambda match, cluster: Route(match=match, route=RouteAction(cluster=cluster)), matches(), st.sampled_from("uvw")
)
hosts = st.lists(routes, min_size=1, max_size=5).map(
    lambda found: VirtualHost(name="host", domains=(HOST,), routes=tuple(found))
)
requests = st.builds(
    HttpRequest,
    method=st.sampled_from(METHODS),
    authority=st.just(HOST),
    path=st.builds(
        str.__add__, st.sampled_from(PATHS), st.sampled_from(["", "?", "?p", "?p=a", "?q=b&p=12", "?p=ab&p=a&q"])
    ),
    headers=st.lists(
        st.tuples(st.sampled_from(["x-a", "x-b"]), texts)
        | st.just(("content-type", "application/grpc"))
        | st.just(("content-type", "application/grpc-web")),
        unique_by=lambda pair: pair[0],
        max_size=3,
    ).map(tuple),
)


def table_of(host: VirtualHost) -> IndexedRouteTable:
    """The table of a virtual host, for evaluation."""
    return IndexedRouteTable("", RouteConfiguration(name="80", virtual_hosts=(host,)))


def evaluated(table: IndexedRouteTable, request: HttpRequest) -> int | None:
    """The index of the route that a request takes; None if there is none."""
    pseudo = {":method": (request.method,), ":authority": (request.authority,), ":scheme": ("http",)}
    proto = {"x-forwarded-proto": ("http",)}
    lines = HeaderMap.of(request.headers).lines
    path = "" if request.method == "CONNECT" else request.path
    headers_seen = HeaderMap({**pseudo, **proto, ":path": (path,), **lines})
    (choice,) = table.choices(HttpStream(request, CONNECTION, headers_seen, None, False, "10.0.0.9", False))
    assert choice.share == Fraction(1)
    route = choice.value.route
    return None if route is None else int(route.pointer.rpartition("/")[2])


def dimensions(request: HttpRequest) -> dict[str, Any]:
    """The request by dimension."""
    path, _, query = request.path.partition("?")
    found: dict[str, Any] = {f"header:{name}": value for name, value in request.headers}
    for name, _, value in (part.partition("=") for part in query.split("&") if query):
        found.setdefault(f"query:{name}", value)
    connect = request.method == "CONNECT"
    return {**found, "path": path, "method": request.method, "authority": HOST, "scheme": "http", "connect": connect}


ONLY_VALUE_THAT_PASSES = VirtualHost(
    name="host",
    domains=(HOST,),
    routes=(
        Route(
            match=RouteMatch(
                path="/",
                headers=(
                    HeaderMatcher(
                        name="x-a",
                        string_match=StringMatcher(exact="A"),
                        invert_match=True,
                        treat_missing_header_as_empty=True,
                    ),
                ),
            ),
            route=RouteAction(cluster="u"),
        ),
        Route(match=RouteMatch(path="/"), route=RouteAction(cluster="u")),
    ),
)


@settings(max_examples=300)
@example(ONLY_VALUE_THAT_PASSES, [])
@given(hosts, st.lists(requests, min_size=5, max_size=30))
def test_no_request_reaches_what_is_proved_unreachable(host: VirtualHost, sent: list[HttpRequest]) -> None:
    """A route that is proved unreachable gets no request, and a witness gets to its route."""
    table = table_of(host)
    tested = HostTable(host, table.message)
    reached = {evaluated(table, request) for request in sent}
    for index in range(len(host.routes)):
        match tested.unreachable(index):
            case Proved():
                assert index not in reached
            case Refuted(witness):
                assert evaluated(table, http_request(witness, HOST)) == index
            case Unknown(reason):
                assert reason.startswith("it depends on ")


@settings(max_examples=300)
@given(hosts, st.lists(requests, min_size=5, max_size=30))
def test_rows_take_the_requests_that_their_routes_take(host: VirtualHost, sent: list[HttpRequest]) -> None:
    """The row that a request hits is the route that Envoy chooses, where all conditions can be expressed."""
    table = table_of(host)
    tested = HostTable(host, table.message)
    expressed = all(not _is_unknown(row.certain) for row in tested.table.rows)
    for request in sent:
        if expressed and request.method != "CONNECT":
            assert tested.table.hit(dimensions(request)) == evaluated(table, request)


def _is_unknown(space: Any) -> bool:
    return any(name.startswith("?") for cube in space.cubes for name, _ in cube.conditions)


@settings(max_examples=300)
@given(hosts, hosts, st.data(), st.lists(requests, min_size=5, max_size=30))
def test_differences_are_all_differences(
    one: VirtualHost, other: VirtualHost, data: st.DataObject, sent: list[HttpRequest]
) -> None:
    """A witness of a difference is routed as it says on both sides, and no other request is routed differently."""
    other = data.draw(st.sampled_from([other, one, _changed(one, other)]))
    before, after = table_of(one), table_of(other)
    found = list(route_differences(before.message, after.message))
    differences = [each for each in found if isinstance(each, RouteDifference)]
    for each in differences:
        request = http_request(each.witness, HOST)
        assert _cluster(one, evaluated(before, request)) != _cluster(other, evaluated(after, request))
    if len(differences) == len(found):
        for request in sent:
            differs = _cluster(one, evaluated(before, request)) != _cluster(other, evaluated(after, request))
            assert request.method == "CONNECT" or differs == any(
                each.space.accepts(dimensions(request)) for each in differences
            )


def _changed(host: VirtualHost, other: VirtualHost) -> VirtualHost:
    """The virtual host with one route of another."""
    return msgspec.structs.replace(host, routes=(*host.routes[:1], other.routes[0], *host.routes[1:]))


def _cluster(host: VirtualHost, index: int | None) -> str | None:
    action = None if index is None else host.routes[index].route
    return None if action is None else action.cluster
