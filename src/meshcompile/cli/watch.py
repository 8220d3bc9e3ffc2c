"""`--watch`: run a command again whenever its input changes, reading only what changed."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from typing import TYPE_CHECKING, TextIO

from meshcompile.cli import exit_codes
from meshcompile.cli.console import UsageError, complain, print_diagnostics
from meshcompile.cli.inputs import load_mesh, pairs, reported
from meshcompile.cli.rendering import is_rendered
from meshcompile.source.following import GivenPath, Stamps, edits, stamps
from meshcompile.words import counted

if TYPE_CHECKING:
    from meshcompile import Mesh
    from meshcompile.serve.followed_mesh import FollowedMesh


def watched(options: argparse.Namespace) -> int:
    """Run the command, and again after each change, until the user interrupts it."""
    refuse_what_cannot_be_watched(options)
    paths = watched_paths(options)
    Watch(options, paths).run()
    return exit_codes.INTERRUPTED


def refuse_what_cannot_be_watched(options: argparse.Namespace) -> None:
    """Raises UsageError for input of which nobody can tell when it changes."""
    if "-" in watched_paths(options):
        raise UsageError("this command cannot read standard input again: pass files or folders")
    if is_rendered(options):
        raise UsageError(
            "this command cannot tell when a chart, kustomization or cluster changes: pass files or folders"
        )
    if getattr(options, "update_baseline", False):
        raise UsageError("--update-baseline writes the file once: do not combine it with --watch")


def watched_paths(options: argparse.Namespace) -> tuple[str, ...]:
    """The files and folders that the input comes from."""
    remote = pairs(options.clusters, "--remote-cluster", "NAME=PATH").values()
    settings = (path for path in (options.mesh_config, options.networks) if path is not None)
    return (*options.files, *getattr(options, "paths", ()), *remote, *map(str, settings))


def followed_input(options: argparse.Namespace) -> tuple[FollowedMesh, Stamps]:
    """The mesh of files that are followed, and their stamps from before they were read. Prints its findings."""
    from meshcompile.serve.followed_mesh import FollowedMesh

    paths = watched_paths(options)
    before = stamps(paths)
    followed = FollowedMesh(load_mesh(options), paths)
    reported(followed.good.diagnostics, options)
    return followed, before


def accepted_edit(followed: FollowedMesh, found: Mapping[str, bool], what_stays: str) -> Mesh | None:
    """The mesh after an edit; None if the edit is not applied, and a message says why: `the files stay as they are`."""
    from meshcompile.serve.followed_mesh import MeshAccepted, MeshRefused

    match followed.after(found):
        case MeshAccepted(mesh=mesh):
            return mesh
        case MeshRefused() as refused:
            print_diagnostics(refused.diagnostics, sys.stderr)
            complain(f"{described(found)}: {refused.reason}; {what_stays} stay as they are")
        case _:
            complain(f"{described(found)}: nothing to compile has changed")
    return None


class Watch:
    """A command that runs whenever its input changes.

    `mesh` is None until the input can be read. `waiting` are changes that could not be read yet.
    """

    def __init__(self, options: argparse.Namespace, paths: Sequence[str]) -> None:
        self.options, self.paths = options, paths
        self.mesh: Mesh | None = None
        self.waiting: dict[str, bool] = {}  # path -> whether it is there
        self.printed: list[tuple[TextIO, str]] | None = None

    def run(self) -> None:
        """Run the command until the user interrupts it."""
        before = stamps(self.paths)
        self.look("")
        complain(f"watching {counted(len(before), 'file')}; stop with Ctrl-C")
        for found in edits(self.paths, before):
            if found:
                self.waiting.update(found)
                self.look(described(found))

    def look(self, what: str) -> None:
        """Read what changed, and run the command unless the mesh is as it was."""
        from meshcompile import MeshcompileError, UnreadableInput

        try:
            mesh = self._updated()
        except UnreadableInput as error:
            self.printed = None
            complain(f"{what or 'the input'} cannot be read; waiting for a change")
            print_diagnostics(error.diagnostics, sys.stderr)
        except MeshcompileError as error:
            self.printed = None
            complain(str(error))
        else:
            is_new = self.mesh is None or mesh != self.mesh or mesh.diagnostics != self.mesh.diagnostics
            self.mesh, self.waiting = mesh, {}
            if is_new or self.printed is None:
                self._show(mesh, what)

    def _updated(self) -> Mesh:
        if self.mesh is None:
            return load_mesh(self.options)
        changed = [path for path, is_there in self.waiting.items() if is_there]
        removed = [path for path, is_there in self.waiting.items() if not is_there]
        return self.mesh.updated([*map(GivenPath, changed)], [*map(GivenPath, removed)])

    def _show(self, mesh: Mesh, what: str) -> None:
        """Run the command with a mesh. What it prints appears if it differs from the last time."""
        from meshcompile.cli.failures import failed

        self.options.mesh = mesh
        printed: list[tuple[TextIO, str]] = []
        with redirect_stdout(_Recorded(sys.stdout, printed)), redirect_stderr(_Recorded(sys.stderr, printed)):
            try:
                self.options.run(self.options)
            except Exception as error:  # as for a command that runs once
                failed(error, self.options)
        if what:
            complain(what if printed != self.printed else f"{what}: the output is as before")
        if printed != self.printed:
            for stream, text in printed:
                stream.write(text)
                stream.flush()
        self.printed = printed


class _Recorded(io.StringIO):
    """A stream whose output is recorded, together with that of another one."""

    def __init__(self, stream: TextIO, printed: list[tuple[TextIO, str]]) -> None:
        super().__init__()
        self.stream, self.printed = stream, printed

    def write(self, text: str) -> int:
        self.printed.append((self.stream, text))
        return len(text)

    def isatty(self) -> bool:
        return self.stream.isatty()


def described(changes: Mapping[str, bool]) -> str:
    """The changes in words: `shop.yaml changed`, `3 files changed`."""
    if len(changes) > 1:
        return f"{counted(len(changes), 'file')} changed"
    ((path, is_there),) = changes.items()
    return f"{path} {'changed' if is_there else 'was removed'}"
