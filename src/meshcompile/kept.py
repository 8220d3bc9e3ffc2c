"""Results that a mesh computes from many objects. An edited mesh keeps the results for unchanged objects."""

from collections.abc import Callable, Hashable, Mapping
from operator import is_
from typing import Any, TypeVar

V = TypeVar("V")
Result = tuple[tuple[object, ...], Any]  # what it was computed from, and the result


class Kept:
    """Results by name. Each is kept if its inputs are the same objects in the same order."""

    __slots__ = ("_earlier", "_results")

    def __init__(self, earlier: Mapping[Hashable, Result] | None = None) -> None:
        self._earlier = {} if earlier is None else earlier
        self._results: dict[Hashable, Result] = {}

    def following(self) -> "Kept":
        """The results for the mesh after an edit."""
        return Kept({**self._earlier, **self._results})

    def of(self, name: Hashable, inputs: tuple[object, ...], compute: Callable[[], V]) -> V:
        """The result with a name for these inputs: the earlier one, or a new one."""
        earlier = self._earlier.get(name)
        if earlier is None or not _are_same_objects(earlier[0], inputs):
            earlier = (inputs, compute())
        self._results[name] = earlier
        value: V = earlier[1]
        return value


def _are_same_objects(one: tuple[object, ...], other: tuple[object, ...]) -> bool:
    return len(one) == len(other) and all(map(is_, one, other))
