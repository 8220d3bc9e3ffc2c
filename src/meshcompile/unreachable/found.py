"""What no request reaches, collected over several proxies."""

from enum import StrEnum

from msgspec import Struct

from meshcompile.documents import Origin


class UnreachableKind(StrEnum):
    """What is not reached."""

    ROUTE = "route"
    FILTER_CHAIN = "filter chain"
    POLICY_RULE = "policy rule"
    SUBSET = "subset"


class UnreachableRoute(Struct, frozen=True):
    """A route that no request reaches; or, as `kind` says, a filter chain, a policy rule or a subset.

    `places` are those that it comes from, the innermost first, and `covered_by` those of what takes all of its requests
    instead. `table`, `host` and `name` are Envoy's names of the first such route that was found. For a filter chain,
    `table` is the listener; for a policy rule, `host` is the action; for a subset, `host` is the host.
    """

    table: str
    host: str
    name: str
    places: tuple[Origin, ...]
    covered_by: tuple[tuple[Origin, ...], ...]
    kind: UnreachableKind = UnreachableKind.ROUTE


class Found:
    """What is not reached at some proxy, and the places of what is reached at another."""

    def __init__(self) -> None:
        self._found: dict[Origin, UnreachableRoute] = {}
        self._reached: set[Origin] = set()

    def add(self, each: UnreachableRoute) -> None:
        """Something that no request reaches at a proxy."""
        self._found.setdefault(each.places[0], each)

    def reached(self, place: Origin) -> None:
        """The place of something that a request may reach."""
        self._reached.add(place)

    def unreachable(self) -> tuple[UnreachableRoute, ...]:
        """What no request reaches at any proxy, by position."""
        left = (each for place, each in self._found.items() if place not in self._reached)
        return tuple(sorted(left, key=lambda each: (each.places[0].file, each.places[0].position)))
