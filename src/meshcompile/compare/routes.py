"""Probes for what changed in route tables."""

from collections.abc import Iterator

from msgspec.structs import replace

from meshcompile.compare.pairs import ConfigPair
from meshcompile.compare.probes import Probe, connection_to, paths_seen, tables, user_of_table
from meshcompile.compare.waypoints import served_at
from meshcompile.config import Config
from meshcompile.envoy.config.route import Route
from meshcompile.envoy.extensions.filters.http.cors import CorsPolicy
from meshcompile.envoy.message import Message
from meshcompile.envoy.type.matcher import StringMatcher
from meshcompile.simulate import Capture, DownstreamConnection, HttpRequest
from meshcompile.spaces import Language, Request, Space, Undecided, exactly, space, starting_with
from meshcompile.spaces.language import PrefixOf, Words
from meshcompile.symbolic.comparison import RouteDifference, UndecidedHosts, route_differences
from meshcompile.symbolic.paths import ANY_PATH
from meshcompile.symbolic.requests import http_request
from meshcompile.symbolic.strings import accepted_strings


def route_probes(pair: ConfigPair) -> Iterator[Probe | UndecidedHosts]:
    """A witness of each set of requests that the routes of two configurations treat differently."""
    was, now = tables(pair.before), tables(pair.after)
    for name in sorted(was.keys() & now.keys()):
        if was[name] != now[name]:
            paths = paths_seen((pair.before, pair.after), name)
            for difference in route_differences(was[name], now[name], paths):
                if isinstance(difference, UndecidedHosts):
                    yield difference
                else:
                    for part, each in enumerate(_at_the_slash(difference)):
                        yield _probe(each, part, name, pair.after)


def _at_the_slash(difference: RouteDifference) -> Iterator[RouteDifference]:
    """The requests for a path and for what only begins like it, apart: a prefix gained or lost its final slash."""
    paths = difference.space.cubes[0].values("path") if len(difference.space.cubes) == 1 else None
    path = paths.example() if isinstance(paths, Language) else None
    if path is None or not isinstance(paths, Language) or not paths.same(_without_slash(path)):
        yield difference
        return
    for part in (exactly(path), _without_slash(path) - exactly(path)):
        witness = {**difference.witness, "path": part.example()}
        yield replace(difference, space=difference.space & space({"path": part}), witness=witness)


def _without_slash(path: str) -> Language:
    """The paths that begin with a path, and do not go on with a slash."""
    return (starting_with(path) - starting_with(f"{path}/")) & ANY_PATH


def _probe(difference: RouteDifference, part: int, table: str, config: Config) -> Probe | UndecidedHosts:
    at = user_of_table(config, table)
    if at is None:
        return UndecidedHosts(difference.group, "no listener uses the route table")
    host, _, port = difference.group.authority.rpartition(":")
    connection = connection_to(config, at, host if port.isdecimal() else difference.group.authority)
    request = http_request(difference.witness, served_at(at.chain.name) or difference.group.authority)
    return Probe(
        connection,
        request,
        f"requests{over_tls(connection)}{described(difference.witness, difference.space)}",
        _blamed(difference.before, difference.group.before),
        _blamed(difference.after, difference.group.after),
        part,
        tuple(_cross_origin(difference, request)),
        differs=True,
    )


def _cross_origin(difference: RouteDifference, request: HttpRequest) -> Iterator[HttpRequest]:
    """The request from pages of other origins, if the CORS policy of a route names some: with and without preflight."""
    for route in filter(None, (difference.before, difference.after)):
        for policy in route.typed_per_filter_config.values():
            for matcher in policy.allow_origin_string_match if isinstance(policy, CorsPolicy) else ():
                origin = ("origin", _example(matcher))
                asked = (*request.headers, origin, ("access-control-request-method", "GET"))
                yield replace(request, method="OPTIONS", headers=asked)
                yield replace(request, headers=(*request.headers, origin))


def _example(matcher: StringMatcher) -> str:
    try:
        return accepted_strings(matcher).example() or ""
    except Undecided:
        return ""


def _blamed(route: Route | None, host: Message) -> tuple[Message, ...]:
    return (route,) if route is not None else (host,)


def over_tls(connection: DownstreamConnection) -> str:
    """Whether clients themselves speak TLS on a connection, in words."""
    return " over TLS" if connection.tls is not None and connection.capture is not Capture.INBOUND else ""


def described(witness: Request, requests: Space) -> str:
    """What the requests of a space have in common beside their host, in words."""
    method = witness.get("method", "GET")
    parts = [
        _path(requests, str(witness.get("path", "/"))),
        f" with method {method}" if method != "GET" else "",
        *(
            f" with {name.replace(':', ' ')} `{value}`"
            for name, value in sorted(witness.items())
            if name.startswith(("header:", "query:")) and value is not None
        ),
    ]
    return "".join(parts)


def _path(requests: Space, example: str) -> str:
    """The paths of the first cube of a space, in words."""
    values = requests.cubes[0].values("path") if requests.cubes else None
    match values:
        case None | Language(form=PrefixOf("/")):
            return ""
        case Language(form=PrefixOf(prefix)):
            return f" whose path begins with {prefix}"
        case Language(form=Words(words)) if len(words) == 1:
            return f" for {example}"
        case _:
            return f" for paths such as {example}"
