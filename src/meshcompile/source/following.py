"""Files of the input, followed as they change.

A change is seen by the time, size and inode of a file. If the extra `watch` is installed, the operating system says
when to look. Otherwise the files are looked at twice a second.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress

from meshcompile.source.folders import is_wanted

EVERY = 0.5
"""The number of seconds between two looks at the files without the extra `watch`."""
LATEST = 2000
"""The number of milliseconds after which to look even if the operating system reports nothing, as on network drives."""
SETTLED = 0.1
"""The number of seconds without a change after which an edit counts as complete, as in istiod."""
LONGEST = 10.0
"""The number of seconds after which an edit counts as complete even if files still change, as in istiod."""

Stamp = tuple[int, int, int]
"""The time of the last change, the size and the inode of a file."""
Stamps = Mapping[str, Stamp]
"""The files of the input by path, each with what tells that it changed."""


class GivenPath(os.PathLike[str]):
    """A path that is never taken for a text, whatever its name is."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __fspath__(self) -> str:
        return self.path


_IGNORE_FILES = (".gitignore", ".meshcompileignore")


def looks(paths: Sequence[str]) -> Iterator[Stamps]:
    """The stamps of the files each time that something may have changed, once they stay the same.

    Never ends. Yields also if nothing changed: at least every two seconds.
    """
    for _ in _signals(paths):
        yield settled(lambda: stamps(paths), time.sleep, time.monotonic)


def edits(paths: Sequence[str], before: Stamps) -> Iterator[dict[str, bool]]:
    """What has changed since the last look, with each look: the paths, each with whether it is there. Never ends."""
    for now in looks(paths):
        yield changes(before, now)
        before = now


def settled(look: Callable[[], Stamps], sleep: Callable[[float], object], clock: Callable[[], float]) -> Stamps:
    """The stamps once they stay the same for SETTLED seconds, or after LONGEST seconds."""
    end = clock() + LONGEST
    now, earlier = look(), None
    while now != earlier and clock() < end:
        sleep(SETTLED)
        now, earlier = look(), now
    return now


def changes(before: Stamps, now: Stamps) -> dict[str, bool]:
    """The paths that changed, each with whether it is there."""
    changed = {path: True for path, stamp in now.items() if before.get(path) != stamp}
    return changed | {path: False for path in before if path not in now}


def stamps(paths: Iterable[str]) -> Stamps:
    """The stamps of all files of the input. Files that cannot be reached are not among them."""
    found: dict[str, Stamp] = {}
    for path in paths:
        for file in _files(path) if os.path.isdir(path) else (path,):
            try:
                status = os.stat(file)
            except OSError:
                continue
            found[file] = (status.st_mtime_ns, status.st_size, status.st_ino)
    return found


def _files(folder: str) -> Iterator[str]:
    """The files in a folder and its subfolders, without those in hidden folders."""
    for above, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (os.path.join(above, name) for name in names if name in _IGNORE_FILES or is_wanted(name))


def _signals(paths: Sequence[str]) -> Iterator[object]:
    """An item each time that the files should be looked at."""
    folders = sorted({path if os.path.isdir(path) else os.path.dirname(path) or "." for path in paths})
    if all(map(os.path.isdir, folders)) and (notified := _notifications(folders)) is not None:
        with suppress(OSError, RuntimeError):  # a folder is gone, or the system does not watch files any more
            yield from _until_gone(notified, folders)
    yield from _ticks()


def _notifications(folders: Sequence[str]) -> Iterator[object] | None:
    """An item whenever the operating system reports a change; None without the extra `watch`."""
    try:
        from watchfiles import watch
    except ModuleNotFoundError:
        return None
    return watch(*folders, watch_filter=None, rust_timeout=LATEST, yield_on_timeout=True)


def _until_gone(notified: Iterator[object], folders: Sequence[str]) -> Iterator[object]:
    """The notifications until a folder is gone: one that comes back is another folder, which nobody watches.

    Raises OSError for a folder that is not there.
    """
    known = [os.stat(folder).st_ino for folder in folders]
    for each in notified:
        yield each
        if [os.stat(folder).st_ino for folder in folders] != known:
            return


def _ticks() -> Iterator[object]:
    while True:
        time.sleep(EVERY)
        yield None
