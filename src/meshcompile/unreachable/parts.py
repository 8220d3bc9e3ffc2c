"""What no request can reach: routes, filter chains, rules of policies, and subsets. It is exact, for compiled messages.

A rule of a VirtualService can make several routes, at several proxies. It is listed only if none of them is reached.
"""

from collections.abc import Iterable

from meshcompile.config import Config
from meshcompile.unreachable.found import Found, UnreachableRoute
from meshcompile.unreachable.policies import sort_chains_and_rules
from meshcompile.unreachable.routes import sort_routes
from meshcompile.unreachable.subsets import sort_subsets


def unreachable_parts(configs: Iterable[Config]) -> tuple[UnreachableRoute, ...]:
    """What no request to some proxies reaches, by position."""
    found, seen = Found(), set[object]()
    for config in configs:
        sort_routes(config, found, seen)
        sort_chains_and_rules(config, found, seen)
        sort_subsets(config, found)
    return found.unreachable()
