"""Probes for what changed in route tables."""

from collections.abc import Iterator

from meshcompile.compare.pairs import ConfigPair
from meshcompile.compare.probes import Probe, connection_to, tables, user_of_table
from meshcompile.config import Config
from meshcompile.envoy.config.route import Route
from meshcompile.envoy.message import Message
from meshcompile.spaces import Language, Request, Space
from meshcompile.spaces.language import PrefixOf, Words
from meshcompile.symbolic.comparison import RouteDifference, UndecidedHosts, route_differences
from meshcompile.symbolic.requests import http_request


def route_probes(pair: ConfigPair) -> Iterator[Probe | UndecidedHosts]:
    """A witness of each set of requests that the routes of two configurations treat differently."""
    was, now = tables(pair.before), tables(pair.after)
    for name in sorted(was.keys() & now.keys()):
        if was[name] != now[name]:
            for difference in route_differences(was[name], now[name]):
                yield difference if isinstance(difference, UndecidedHosts) else _probe(difference, name, pair.after)


def _probe(difference: RouteDifference, table: str, config: Config) -> Probe | UndecidedHosts:
    at = user_of_table(config, table)
    if at is None:
        return UndecidedHosts(difference.group, "no listener uses the route table")
    host, _, port = difference.group.authority.rpartition(":")
    connection = connection_to(config, at, host if port.isdecimal() else difference.group.authority)
    request = http_request(difference.witness, difference.group.authority)
    return Probe(
        connection,
        request,
        f"requests{described(difference.witness, difference.space)}",
        _blamed(difference.before, difference.group.before),
        _blamed(difference.after, difference.group.after),
    )


def _blamed(route: Route | None, host: Message) -> tuple[Message, ...]:
    return (route,) if route is not None else (host,)


def described(witness: Request, space: Space) -> str:
    """What the requests of a space have in common beside their host, in words."""
    method = witness.get("method", "GET")
    parts = [
        _path(space, str(witness.get("path", "/"))),
        f" with method {method}" if method != "GET" else "",
        *(
            f" with {name.replace(':', ' ')} `{value}`"
            for name, value in sorted(witness.items())
            if name.startswith(("header:", "query:")) and value is not None
        ),
    ]
    return "".join(parts)


def _path(space: Space, example: str) -> str:
    """The paths of the first cube of a space, in words."""
    values = space.cubes[0].values("path") if space.cubes else None
    match values:
        case None | Language(form=PrefixOf("/")):
            return ""
        case Language(form=PrefixOf(prefix)):
            return f" whose path begins with {prefix}"
        case Language(form=Words(words)) if len(words) == 1:
            return f" for {example}"
        case _:
            return f" for paths such as {example}"
