"""One way that a request can take through the filters of a proxy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from meshcompile.envoy.config.route import (
    DirectResponseAction,
    RedirectAction,
    Route,
    RouteAction,
    RouteConfiguration,
    VirtualHost,
    WeightedClusterClusterWeight,
)
from meshcompile.envoy.message import Packed
from meshcompile.simulate.cluster import ClusterIndex
from meshcompile.simulate.grpc import grpc_status
from meshcompile.simulate.header_map import HeaderMap
from meshcompile.simulate.header_mutation import HeaderOperations, operated
from meshcompile.simulate.outcomes import ClosedConnection, Ending, LocalReply, ProxyOutcome, Step
from meshcompile.simulate.route_table import IndexedRouteTable, RouteChoice
from meshcompile.simulate.streams import FailedCheck, HttpStream, NearMiss
from meshcompile.simulate.virtual_host import near_domains


@dataclass(frozen=True, slots=True)
class HttpFilterConfig:
    """A filter of the connection manager. `per_route` is the most specific configuration that the route has for it."""

    name: str
    config: Packed | None
    pointer: str
    per_route: Packed | None = None


@dataclass(frozen=True, slots=True)
class Course:
    """A request between two filters. `share` and `depends_on` are as in an outcome.

    `response_headers` are what filters set in the response of the upstream.
    """

    stream: HttpStream
    choice: RouteChoice
    clusters: ClusterIndex
    share: Fraction = Fraction(1)
    steps: tuple[Step, ...] = ()
    depends_on: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    delay: float = 0
    response_headers: tuple[tuple[str, str], ...] = ()

    def after(
        self, what: str, name: str, decision: str, pointer: str = "", near_misses: tuple[NearMiss, ...] = ()
    ) -> Course:
        """The course with one more step."""
        return replace(self, steps=(*self.steps, Step(what, name, decision, pointer, near_misses)))

    def with_stream(self, stream: HttpStream) -> Course:
        return replace(self, stream=stream)

    def of(self, share: Fraction) -> Course:
        """The part of the course with this share."""
        return replace(self, share=self.share * share)

    def depending(self, on: str) -> Course:
        """The course under one more condition."""
        return replace(self, depends_on=(*self.depends_on, on))

    def ending(self, ending: Ending, flags: tuple[str, ...] = (), cluster: str = "") -> ProxyOutcome:
        """The outcome of the course."""
        return ProxyOutcome(
            self.share,
            ending,
            self.steps,
            self.depends_on,
            (*self.flags, *flags),
            cluster or self.choice.cluster,
            self.delay,
            self.choice,
            self.stream,
        )

    def reply(
        self, status: int, details: str, body: str = "", headers: HeaderMap | None = None, flags: tuple[str, ...] = ()
    ) -> ProxyOutcome:
        """A response of the proxy itself, with the header operations of a route that would forward the request."""
        headers = HeaderMap() if headers is None else headers
        if self.choice.route is not None and self.choice.route.message.route is not None:
            headers = operated(headers, response_levels(self.choice), self.stream)
        headers = headers.with_set(self.response_headers)
        return self.ending(self.local_reply(status, details, body, headers), flags)

    def local_reply(self, status: int, details: str, body: str, headers: HeaderMap) -> LocalReply:
        """A reply in the form that the client understands."""
        return LocalReply(status, details, body, headers, grpc_status(status, self.stream.headers))

    def closed(self, reason: str, flags: tuple[str, ...] = ()) -> ProxyOutcome:
        return self.ending(ClosedConnection(reason), flags)


Passed = Iterable[Course | ProxyOutcome]
HttpFilterEvaluator = Callable[[HttpFilterConfig, Course], Passed]


def request_levels(choice: RouteChoice) -> tuple[HeaderOperations, ...]:
    """The operations on request headers, the weighted cluster first and the route table last."""
    return _ordered(
        choice, [HeaderOperations(m.request_headers_to_add, m.request_headers_to_remove) for m in _levels(choice)]
    )


def response_levels(choice: RouteChoice) -> tuple[HeaderOperations, ...]:
    """The operations on response headers, the weighted cluster first and the route table last."""
    return _ordered(
        choice, [HeaderOperations(m.response_headers_to_add, m.response_headers_to_remove) for m in _levels(choice)]
    )


def _levels(
    choice: RouteChoice,
) -> Iterator[WeightedClusterClusterWeight | Route | VirtualHost | RouteConfiguration]:
    if choice.weighted is not None:
        yield choice.weighted
    if choice.route is not None:
        yield choice.route.message
    if choice.virtual_host is not None:
        yield choice.virtual_host.message
    yield choice.table.message


def _ordered(choice: RouteChoice, levels: list[HeaderOperations]) -> tuple[HeaderOperations, ...]:
    """The levels in the order of their operations. Those of a weighted cluster always come first."""
    if not choice.table.message.most_specific_header_mutations_wins:
        return tuple(levels)
    first = 0 if choice.weighted is None else 1
    return (*levels[:first], *reversed(levels[first:]))


def routed(course: Course) -> Iterable[Course]:
    """The courses with the routes that the request can take now."""
    for choice in course.choice.table.choices(course.stream):
        yield _with_route_steps(replace(course.of(choice.share), choice=choice.value))


def _with_route_steps(course: Course) -> Course:
    choice = course.choice
    table, host = choice.table, choice.virtual_host
    if host is None:
        nothing = f"no virtual host of {table.message.name} takes {course.stream.authority}"
        return course.after("virtual host", "", nothing, table.pointer, near_hosts(table, course.stream.authority))
    course = course.after("virtual host", host.message.name, f"takes {course.stream.authority}", host.pointer)
    if choice.redirects_to_https:
        return course.after("route", "", "the virtual host requires TLS", f"{host.pointer}/requireTls")
    if choice.route is None:
        nothing = f"no route takes {course.stream.method} {course.stream.path}"
        return course.after("route", "", nothing, host.pointer, choice.near_misses)
    return course.after("route", choice.route.name, _action(choice), choice.route.pointer, choice.near_misses)


def near_hosts(table: IndexedRouteTable, authority: str) -> tuple[NearMiss, ...]:
    """The virtual hosts with domains that look like a `:authority`."""
    hosts = table.message.virtual_hosts
    misses = []
    for at, index, domain in near_domains(hosts, authority):
        pointer = f"{table.pointer}/virtualHosts/{at}"
        wanted = f"`{domain}`"
        failed = FailedCheck(f"{pointer}/domains/{index}", "host", wanted, authority)
        misses.append(NearMiss(pointer, hosts[at].name, (failed,)))
    return tuple(misses)


def _action(choice: RouteChoice) -> str:
    route = choice.route and choice.route.message
    match route and (route.route or route.redirect or route.direct_response):
        case RouteAction():
            return f"to {choice.cluster}"
        case RedirectAction():
            return "redirects"
        case DirectResponseAction(status=status):
            return f"answers {status}"
        case _:
            return "has no action"
