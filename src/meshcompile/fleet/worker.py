"""What runs in a worker: a part of the fleet, with the mesh that the worker holds.

A worker is asked with the name of a mesh. One that does not hold that mesh answers with MeshMissing, and is asked again
with the mesh.
"""

from __future__ import annotations

import gc
import pickle
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module
from threading import Lock
from typing import TypeAlias, TypeVar

from msgspec import Struct

from meshcompile.config import Config
from meshcompile.errors import MeshcompileError
from meshcompile.fleet.compilable import CompilableMesh
from meshcompile.fleet.parts import Part

R = TypeVar("R")
Work: TypeAlias = Callable[[CompilableMesh, Iterable[Config]], R]
"""What is made of the configurations of a part. It is pickled by its name, so it is a function of a module."""

FASTEST = 1


class MeshMissing(Struct, frozen=True):
    """The answer of a worker that does not hold the mesh."""


class VersionMismatch(MeshcompileError):
    """A worker has another version of meshcompile, which may compile other configurations."""


class HeldMeshes:
    """The meshes that this process holds: those of its own runs, and the last one that it was sent."""

    def __init__(self) -> None:
        self._own: dict[str, CompilableMesh] = {}
        self._sent: dict[str, CompilableMesh] = {}
        self._receiving = Lock()

    @contextmanager
    def holding(self, name: str, mesh: CompilableMesh) -> Iterator[None]:
        """Hold a mesh for the time of a run."""
        self._own[name] = mesh
        try:
            yield
        finally:
            self._own.pop(name, None)

    def inherit(self, name: str, mesh: CompilableMesh) -> None:
        """Hold a mesh as long as this process lives, which was started for it."""
        import signal  # the parent process is interrupted, and ends this one

        signal.signal(signal.SIGINT, signal.SIG_IGN)
        gc.freeze()  # a collection would write to memory that is shared with the parent
        self._own[name] = mesh

    def get(self, name: str, sent: bytes | None) -> CompilableMesh | None:
        """The mesh of this name, which `sent` has packed if it was sent along."""
        held = self._own.get(name) or self._sent.get(name)
        if held is not None or sent is None:
            return held
        with self._receiving:
            if name not in self._sent:
                self._sent.clear()
                self._sent[name] = unpacked_mesh(sent)
            return self._sent[name]

    def forget(self) -> None:
        """Drop the mesh that was sent."""
        self._sent.clear()

    def names(self) -> set[str]:
        """The names of all meshes that are held."""
        return {*self._own, *self._sent}


HELD = HeldMeshes()


def packed_mesh(mesh: CompilableMesh) -> bytes:
    """A mesh as it is sent: what was loaded, without what was computed from it."""
    return zlib.compress(pickle.dumps(mesh, pickle.HIGHEST_PROTOCOL), FASTEST)


def unpacked_mesh(sent: bytes) -> CompilableMesh:
    """The mesh that was sent."""
    mesh: CompilableMesh = pickle.loads(zlib.decompress(sent))
    return mesh


def done(name: str, sent: bytes | None, work: Work[R], part: Part, version: str) -> R | MeshMissing:
    """The result of a part. Raises VersionMismatch if the worker has another version than the caller."""
    if version != own_version():
        raise VersionMismatch(f"a worker has meshcompile {own_version()}, and this is {version}")
    mesh = HELD.get(name, sent)
    return MeshMissing() if mesh is None else work(mesh, compiled(mesh, part))


def own_version() -> str:
    """The version of meshcompile in this process. The package stands above this module, which looks it up by name."""
    return str(import_module("meshcompile").__version__)


def compiled(mesh: CompilableMesh, part: Part) -> Iterator[Config]:
    """The configurations of a part, one at a time."""
    return (mesh.compile(proxy) for proxy in part)
