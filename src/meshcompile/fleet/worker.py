"""Code that runs in a worker: compiles a part of the fleet with the worker's mesh.

A worker receives the name of a mesh. If it does not have that mesh, it answers with MeshMissing, and is called again
with the mesh.
"""

from __future__ import annotations

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
"""A function of the configurations of a part. It is pickled by name, so it must be a function of a module."""

FASTEST = 1


class MeshMissing(Struct, frozen=True):
    """The answer of a worker that does not have the mesh."""


class VersionMismatch(MeshcompileError):
    """A worker has another version of meshcompile, which may compile other configurations."""


class HeldMeshes:
    """The meshes in this process: those of its own runs, and the last one that it received."""

    def __init__(self) -> None:
        self._own: dict[str, CompilableMesh] = {}
        self._sent: dict[str, CompilableMesh] = {}
        self._receiving = Lock()

    @contextmanager
    def holding(self, name: str, mesh: CompilableMesh) -> Iterator[None]:
        """Keep a mesh for the duration of a run."""
        self._own[name] = mesh
        try:
            yield
        finally:
            self._own.pop(name, None)

    def inherit(self, name: str, mesh: CompilableMesh) -> None:
        """Keep a mesh for the lifetime of this process, which was started for it."""
        import signal  # the parent process is interrupted, and ends this one

        signal.signal(signal.SIGINT, signal.SIG_IGN)
        self._own[name] = mesh

    def get(self, name: str, sent: bytes | None) -> CompilableMesh | None:
        """The mesh with this name. `sent` has it in serialized form if it was sent."""
        held = self._own.get(name) or self._sent.get(name)
        if held is not None or sent is None:
            return held
        with self._receiving:
            if name not in self._sent:
                self._sent.clear()
                self._sent[name] = unpacked_mesh(sent)
            return self._sent[name]

    def forget(self) -> None:
        """Drop the mesh that was received."""
        self._sent.clear()

    def names(self) -> set[str]:
        """The names of all meshes in this process."""
        return {*self._own, *self._sent}


HELD = HeldMeshes()


def packed_mesh(mesh: CompilableMesh) -> bytes:
    """A mesh in serialized form: what was loaded, without what was computed from it."""
    return zlib.compress(pickle.dumps(mesh, pickle.HIGHEST_PROTOCOL), FASTEST)


def unpacked_mesh(sent: bytes) -> CompilableMesh:
    """The mesh from its serialized form."""
    mesh: CompilableMesh = pickle.loads(zlib.decompress(sent))
    return mesh


def done(name: str, sent: bytes | None, work: Work[R], part: Part, version: str) -> R | MeshMissing:
    """The result of a part. Raises VersionMismatch if the worker has another version than the caller."""
    if version != own_version():
        raise VersionMismatch(f"a worker has meshcompile {own_version()}, and this is {version}")
    mesh = HELD.get(name, sent)
    return MeshMissing() if mesh is None else work(mesh, compiled(mesh, part))


def own_version() -> str:
    """The version of meshcompile in this process. The package is in a higher layer, so it is looked up by name."""
    return str(import_module("meshcompile").__version__)


def compiled(mesh: CompilableMesh, part: Part) -> Iterator[Config]:
    """The configurations of a part, one at a time."""
    return (mesh.compile(proxy) for proxy in part)
