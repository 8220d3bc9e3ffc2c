"""What a mesh is loaded from, and what it computes from many objects, kept for the mesh after an edit."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from operator import is_
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import Struct

from meshcompile.accept import Accepted, Admission, ClusterInputs, Part, accepted_parts, parts_of
from meshcompile.documents.limits import DEFAULT_LIMITS, Limits
from meshcompile.settings import NOTHING_GIVEN, GivenSettings, given_settings
from meshcompile.source.files import STDIN
from meshcompile.source.ignored import EVERYTHING, Selection
from meshcompile.source.pieces import Piece
from meshcompile.source.reading import Input, input_path, named_inputs, read_events

if TYPE_CHECKING:
    from meshcompile.models.mesh.mesh_config import MeshConfig
    from meshcompile.models.mesh.mesh_networks import MeshNetworks


V = TypeVar("V")
Result = tuple[tuple[object, ...], Any]  # what it was computed from, and the result


class Reading(Struct, frozen=True):
    """How the inputs of a mesh are read."""

    limits: Limits = DEFAULT_LIMITS
    selection: Selection = EVERYTHING
    admission: Admission = Admission()


class Loading(Struct, frozen=True, eq=False):
    """How a mesh was loaded: how its inputs are read, the given settings, and the files with settings."""

    reading: Reading
    given: GivenSettings = NOTHING_GIVEN
    mesh_config: Input | MeshConfig | None = None
    networks: Input | MeshNetworks | None = None

    @classmethod
    def of(
        cls, reading: Reading, mesh_config: Input | MeshConfig | None, networks: Input | MeshNetworks | None
    ) -> Loading:
        """How a mesh is loaded. Files with settings are read."""
        return cls(reading, given_settings(mesh_config, networks), mesh_config, networks)


LOADED_BY_DEFAULT = Loading(Reading())


def loaded(inputs: Input | Iterable[Input], reading: Reading) -> Accepted:
    """The accepted objects of inputs, and the data for updates."""
    given = named_inputs(inputs)
    parts = parts_of(read_events(given, reading.limits, reading.selection), reading.admission)
    return accepted_inputs(parts, ClusterInputs(_kept_inputs(given, parts)))


def _kept_inputs(given: Iterable[Input], parts: Iterable[Part]) -> tuple[str | Piece, ...]:
    """The paths among the inputs, and the content of the others, which cannot be read twice."""
    others = (part for part in parts if isinstance(part, Piece) and not part.path)
    kept: list[str | Piece | None] = []
    has_stdin = False
    for each in given:
        path = input_path(each)
        if path == STDIN and has_stdin:
            continue
        has_stdin = has_stdin or path == STDIN
        kept.append(next(others, None) if path is None or path == STDIN or "\0" in path else path)
    return tuple(each for each in kept if each is not None)


def accepted_inputs(parts: tuple[Part, ...], inputs: ClusterInputs) -> Accepted:
    """The accepted objects from what was read of some inputs."""
    found = accepted_parts(parts)
    return Accepted(found.resources, found.sources, parts, inputs)


class Kept:
    """Results by name. Each is kept if its inputs are the same objects in the same order."""

    __slots__ = ("_earlier", "_results")

    def __init__(self, earlier: Mapping[Hashable, Result] | None = None) -> None:
        self._earlier = {} if earlier is None else earlier
        self._results: dict[Hashable, Result] = {}

    def following(self) -> Kept:
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
