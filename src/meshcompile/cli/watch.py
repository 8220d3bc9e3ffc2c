"""`--watch`: run a command again whenever its input changes, reading only what changed.

Changes are found by the time and size of files. If the extra `watch` is installed, the operating system says when to
look. Otherwise the files are looked at twice a second.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from typing import TYPE_CHECKING, TextIO

from meshcompile.cli import exit_codes
from meshcompile.cli.console import UsageError, complain, counted, print_diagnostics
from meshcompile.cli.inputs import load_mesh, pairs
from meshcompile.cli.rendering import is_rendered

if TYPE_CHECKING:
    from meshcompile import Mesh

EVERY = 0.5
"""The number of seconds between two looks at the files without the extra `watch`."""
LATEST = 2000
"""The number of milliseconds after which to look even if the operating system reports nothing, as on network drives."""
SETTLED = 0.1
"""The number of seconds without a change after which an edit counts as complete."""

Stamp = tuple[int, int, int]
"""The time of the last change, the size and the inode of a file."""


def watched(options: argparse.Namespace) -> int:
    """Run the command, and again after each change, until the user interrupts it."""
    _refuse_what_cannot_be_watched(options)
    paths = _paths(options)
    Watch(options, paths).run()
    return exit_codes.INTERRUPTED


def _refuse_what_cannot_be_watched(options: argparse.Namespace) -> None:
    if "-" in _paths(options):
        raise UsageError("--watch cannot read standard input again: pass files or folders")
    if is_rendered(options):
        raise UsageError("--watch cannot tell when a chart, kustomization or cluster changes: pass files or folders")
    if getattr(options, "update_baseline", False):
        raise UsageError("--update-baseline writes the file once: do not combine it with --watch")


def _paths(options: argparse.Namespace) -> tuple[str, ...]:
    """The files and folders that the input comes from."""
    remote = pairs(options.clusters, "--remote-cluster", "NAME=PATH").values()
    settings = (path for path in (options.mesh_config, options.networks) if path is not None)
    return (*options.files, *getattr(options, "paths", ()), *remote, *map(str, settings))


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
        stamps = _stamps(self.paths)
        self.look("")
        complain(f"watching {counted(len(stamps), 'file')}; stop with Ctrl-C")
        for now in _looks(self.paths):
            changes = _changes(stamps, now)
            stamps = now
            if changes:
                self.waiting.update(changes)
                self.look(_described(changes))

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
        return self.mesh.updated([*map(_Path, changed)], [*map(_Path, removed)])

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


class _Path(os.PathLike[str]):
    """A path that is never taken for a text, whatever its name is."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __fspath__(self) -> str:
        return self.path


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


def _described(changes: Mapping[str, bool]) -> str:
    """The changes in words: `shop.yaml changed`, `3 files changed`."""
    if len(changes) > 1:
        return f"{counted(len(changes), 'file')} changed"
    ((path, is_there),) = changes.items()
    return f"{path} {'changed' if is_there else 'was removed'}"


# ---- files


def _looks(paths: Sequence[str]) -> Iterator[Mapping[str, Stamp]]:
    """The stamps of the files each time that something may have changed, once they stay the same."""
    for _ in _signals(paths):
        stamps, earlier = _stamps(paths), None
        while stamps != earlier:
            time.sleep(SETTLED)
            stamps, earlier = _stamps(paths), stamps
        yield stamps


def _signals(paths: Sequence[str]) -> Iterator[object]:
    """An item each time that the files should be looked at."""
    folders = sorted({path if os.path.isdir(path) else os.path.dirname(path) or "." for path in paths})
    yield from (_notifications(folders) if all(map(os.path.isdir, folders)) else None) or _ticks()


def _notifications(folders: Sequence[str]) -> Iterator[object] | None:
    """An item whenever the operating system reports a change; None without the extra `watch`."""
    try:
        from watchfiles import watch
    except ModuleNotFoundError:
        return None
    return watch(*folders, watch_filter=None, rust_timeout=LATEST, yield_on_timeout=True)


def _ticks() -> Iterator[object]:
    while True:
        time.sleep(EVERY)
        yield None


def _changes(before: Mapping[str, Stamp], now: Mapping[str, Stamp]) -> dict[str, bool]:
    """The paths that changed, each with whether it is there."""
    changed = {path: True for path, stamp in now.items() if before.get(path) != stamp}
    return changed | {path: False for path in before if path not in now}


def _stamps(paths: Iterable[str]) -> Mapping[str, Stamp]:
    """The files of the input by path, each with what tells that it changed."""
    from meshcompile.source.folders import is_wanted

    found: dict[str, Stamp] = {}
    for path in paths:
        for file in _files(path, is_wanted) if os.path.isdir(path) else (path,):
            try:
                status = os.stat(file)
            except OSError:
                continue
            found[file] = (status.st_mtime_ns, status.st_size, status.st_ino)
    return found


_IGNORE_FILES = (".gitignore", ".meshcompileignore")


def _files(folder: str, wanted: Callable[[str], bool]) -> Iterator[str]:
    """The files in a folder and its subfolders, without those in hidden folders."""
    for above, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (os.path.join(above, name) for name in names if name in _IGNORE_FILES or wanted(name))
