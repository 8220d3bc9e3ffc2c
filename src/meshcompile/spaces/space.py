"""Sets of requests.

    api = space(path=starting_with("/api"), method=exactly("GET"))
    rest = EVERYTHING - api
    rest.example()   # {"method": "a", ...}

A request has a value in each dimension. The names of the dimensions are the caller's. A dimension that a condition does
not name can have any value there.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import msgspec

from meshcompile.spaces.errors import Undecided
from meshcompile.spaces.values import Values, either, left, met

MOST_CUBES = 3000
"""The number of cubes of one space from which on a question is undecided."""

Request: TypeAlias = Mapping[str, Any]
"""A value per dimension: a string, None for something absent, or what `Choices` and `Ranges` hold."""
UsualValues: TypeAlias = Mapping[str, Sequence[Any]]
"""The values that examples prefer, by dimension, the best first."""
NO_USUAL_VALUES: UsualValues = {}


class Cube(msgspec.Struct, frozen=True, cache_hash=True):
    """Requests that meet a condition in each of some dimensions. The dimensions are sorted by name."""

    conditions: tuple[tuple[str, Values], ...] = ()

    def accepts(self, request: Request) -> bool:
        """Whether the request meets every condition. A value that the request lacks counts as absent."""
        return all(values.accepts(request.get(dimension)) for dimension, values in self.conditions)

    def values(self, dimension: str) -> Values | None:
        """The condition in a dimension; None if there is none."""
        return next((values for name, values in self.conditions if name == dimension), None)

    def example(self, usual: UsualValues = NO_USUAL_VALUES) -> dict[str, Any]:
        """A request of the cube, with a value per dimension that has a condition: a usual one, or the shortest."""
        return {
            dimension: next(filter(values.accepts, usual.get(dimension, ())), None) or values.example()
            for dimension, values in self.conditions
        }

    def met(self, other: "Cube") -> "Cube | None":
        """The requests in both cubes; None if there are none."""
        conditions = dict(self.conditions)
        for dimension, values in other.conditions:
            mine = conditions.get(dimension)
            both = values if mine is None else met(mine, values)
            if both.is_empty:
                return None
            conditions[dimension] = both
        return Cube(tuple(sorted(conditions.items(), key=_name)))

    def left(self, other: "Cube") -> "Iterator[Cube]":
        """The requests that are not in the other cube, as disjoint cubes."""
        if self.met(other) is None:
            yield self
            return
        conditions = dict(self.conditions)
        for dimension, values in other.conditions:
            mine = conditions.get(dimension)
            outside = ~values if mine is None else left(mine, values)
            if not outside.is_empty:
                yield Cube(tuple(sorted({**conditions, dimension: outside}.items(), key=_name)))
            conditions[dimension] = values if mine is None else met(mine, values)


def _name(item: tuple[str, Values]) -> str:
    return item[0]


class Space(msgspec.Struct, frozen=True, cache_hash=True):
    """A set of requests: the union of cubes, none of which is empty.

    The cubes that `|`, `&` and `-` make of disjoint cubes are disjoint; those of `any_of` can overlap. Every operation
    can raise `Undecided`.
    """

    cubes: tuple[Cube, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not self.cubes

    def accepts(self, request: Request) -> bool:
        """Whether the request is in the space."""
        return any(cube.accepts(request) for cube in self.cubes)

    def example(self, usual: UsualValues = NO_USUAL_VALUES) -> dict[str, Any] | None:
        """A request of the space, with a value per dimension that has a condition; None if the space is empty."""
        return self.cubes[0].example(usual) if self.cubes else None

    def __and__(self, other: "Space") -> "Space":
        both = (one.met(two) for one in self.cubes for two in other.cubes)
        return _bounded(cube for cube in both if cube is not None)

    def __sub__(self, other: "Space") -> "Space":
        space = self
        for cube in other.cubes:
            space = _bounded(rest for mine in space.cubes for rest in mine.left(cube))
        return space

    def __or__(self, other: "Space") -> "Space":
        return _bounded((*self.cubes, *(other - self).cubes))

    def __invert__(self) -> "Space":
        return EVERYTHING - self


def _bounded(cubes: Iterable[Cube]) -> Space:
    found = []
    for cube in cubes:
        found.append(cube)
        if len(found) > MOST_CUBES:
            raise Undecided(f"the requests need more than {MOST_CUBES} cases")
    return Space(tuple(found))


EVERYTHING = Space((Cube(),))
NO_REQUESTS = Space()


def space(conditions: Mapping[str, Values] | None = None, /, **more: Values) -> Space:
    """The requests that meet a condition in each of the dimensions.

    Raises:
        Undecided: It is unknown whether a condition can be met.
    """
    merged = {**(conditions or {}), **more}
    if any(values.is_empty for values in merged.values()):
        return NO_REQUESTS
    return Space((Cube(tuple(sorted(merged.items(), key=_name))),))


def any_of(spaces: Iterable[Space]) -> Space:
    """The requests of all the spaces, as cubes that can overlap. Conditions in one dimension become one condition."""
    single: dict[str, Values] = {}
    rest: dict[Cube, None] = {}
    for cube in (cube for each in spaces for cube in each.cubes):
        match cube.conditions:
            case ((name, values),):
                single[name] = either(single[name], values) if name in single else values
            case _:
                rest[cube] = None
    merged = (Cube(((name, values),)) for name, values in single.items())
    return _bounded((*merged, *rest))
