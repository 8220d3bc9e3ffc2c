"""The mesh of files that change: the last one without new errors stays in force."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

from meshcompile.diagnostics import Diagnostic, Severity
from meshcompile.errors import MeshcompileError
from meshcompile.source.following import GivenPath

if TYPE_CHECKING:
    from meshcompile.mesh import Mesh


class MeshAccepted(Struct, frozen=True, eq=False):
    """A mesh that takes the place of the last one."""

    mesh: Mesh


class MeshUnchanged(Struct, frozen=True):
    """The edit changes nothing that is compiled."""


class MeshRefused(Struct, frozen=True):
    """The last mesh stays in force, because of the reason, or of errors that the edit brings."""

    reason: str
    diagnostics: tuple[Diagnostic, ...] = ()


EditOutcome: TypeAlias = MeshAccepted | MeshUnchanged | MeshRefused


class FollowedMesh:
    """`good` is the mesh in force. `waiting` are changes that could not be read yet: path -> whether it is there."""

    def __init__(self, mesh: Mesh, paths: Sequence[str]) -> None:
        self.good, self.paths = mesh, paths
        self.waiting: dict[str, bool] = {}
        self._read = mesh

    def after(self, changes: Mapping[str, bool]) -> EditOutcome:
        """What becomes of an edit: path -> whether it is there. Refused changes count again with the next edit."""
        self.waiting.update(changes)
        if gone := [path for path in self.paths if not os.path.exists(path)]:
            return MeshRefused(f"{gone[0]} is gone")
        try:
            mesh = self._updated()
        except MeshcompileError as error:
            return MeshRefused(str(error), getattr(error, "diagnostics", ()))
        self.waiting = {}
        self._read = mesh
        if not mesh.objects and self.good.objects:
            return MeshRefused("no object is left in the input")
        if errors := new_errors(self.good, mesh):
            return MeshRefused("the edit has errors", errors)
        is_same, self.good = mesh == self.good, mesh
        return MeshUnchanged() if is_same else MeshAccepted(mesh)

    def _updated(self) -> Mesh:
        changed = [GivenPath(path) for path, is_there in self.waiting.items() if is_there]
        removed = [GivenPath(path) for path, is_there in self.waiting.items() if not is_there]
        return self._read.updated(changed, removed)


def new_errors(before: Mesh, now: Mesh) -> tuple[Diagnostic, ...]:
    """The errors of a mesh that the earlier one does not have, wherever in their files they stand."""
    known = {_key(found) for found in before.diagnostics}
    return tuple(found for found in now.diagnostics if found.severity is Severity.ERROR and _key(found) not in known)


def _key(found: Diagnostic) -> tuple[str, str, str]:
    return found.code, found.message, found.file
