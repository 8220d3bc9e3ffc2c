"""The routes of virtual hosts as rows of tables whose first matching row decides."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from meshcompile.envoy.config.route import Route, RouteMatch, VirtualHost
from meshcompile.simulate.route_match import percent
from meshcompile.spaces import (
    NO_REQUESTS,
    Language,
    OptionalText,
    Request,
    Row,
    Space,
    Undecided,
    Values,
    choices,
    exactly,
    matching,
    row,
    space,
)
from meshcompile.spaces.values import met
from meshcompile.symbolic.conditions import HEADER_TEXTS, HOLDS, QUERY_TEXTS, UNKNOWN, Condition, conditions
from meshcompile.symbolic.paths import ANY_PATH

METHOD_NAMES = matching(r"[!#$%&'*+.^_|~0-9A-Za-z-]+") - exactly("CONNECT")
UNIVERSE: Mapping[str, Language] = {
    "path": ANY_PATH,
    "method": METHOD_NAMES,
    "scheme": matching("https?"),
}
"""What every request has in a dimension."""
ANY_HEADER = OptionalText(HEADER_TEXTS, absent=True)
ANY_PARAMETER = OptionalText(QUERY_TEXTS, absent=True)
METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS")
USUAL: Mapping[str, Sequence[object]] = {
    "path": ("/",),
    "method": METHODS,
    "scheme": ("http", "https"),
    "connect": (False,),
}
"""The values that witnesses prefer."""


def rows_of(
    hosts: Sequence[VirtualHost], authorities: Callable[[], Language]
) -> tuple[tuple[tuple[Row, ...], ...], Space]:
    """The rows of each virtual host, one per route, and all requests that they can get.

    `authorities` gives the authorities of the requests. It is asked for only if a route has a condition on them.
    """
    wanted = [[tuple(_conditions(index, route)) for index, route in enumerate(host.routes)] for host in hosts]
    used = {name for host in wanted for route in host for name, _ in route}
    universe = space({name: values for name in used if (values := _all_values(name, authorities)) is not None})
    return tuple(tuple(_row(route, universe) for route in host) for host in wanted), universe


def _all_values(name: str, authorities: Callable[[], Language]) -> Values | None:
    """What requests can have in a dimension; None if its conditions say it already."""
    if name == "authority":
        return authorities()
    if name.startswith("header:"):
        return ANY_HEADER
    if name.startswith("query:"):
        return ANY_PARAMETER
    return UNIVERSE.get(name)


def _conditions(index: int, route: Route) -> Iterable[Condition]:
    match = route.match or RouteMatch()
    yield from conditions(match)
    if match.runtime_fraction is not None:
        share = percent(match.runtime_fraction.default_value)
        if share < 1:
            yield f"chance:{index}", HOLDS if share else choices()


def _row(wanted: Sequence[Condition], universe: Space) -> Row:
    try:
        return row(_space(wanted) & universe)
    except Undecided as undecided:
        return Row(NO_REQUESTS, universe, str(undecided))


def _space(wanted: Iterable[Condition]) -> Space:
    values: dict[str, Values] = {}
    for name, each in wanted:
        values[name] = met(values[name], each) if name in values else each
    return space(values)


def taken_for_granted(request: Request) -> str | None:
    """A condition that cannot be expressed, and on which a witness depends; None if there is none."""
    return next((name.removeprefix(UNKNOWN) for name in request if name.startswith(UNKNOWN)), None)
