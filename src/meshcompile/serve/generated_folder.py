"""A folder of generated files, `PROXY/NAME`, that follows the mesh: files that are no longer generated are removed.

A manifest in the folder lists what was written. No other file is ever removed.
"""

import json
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path, PurePosixPath

from msgspec import Struct


class EarlierFiles(Struct, frozen=True):
    """The paths of a manifest that are not generated any more: those to remove, and those of other proxies."""

    outdated: tuple[str, ...]
    kept: tuple[str, ...]


def listed(manifest: Path, is_own: Callable[[PurePosixPath], bool]) -> tuple[str, ...]:
    """The paths of a manifest that are inside its folder, and that `is_own` accepts. The manifest is not trusted."""
    try:
        content = json.loads(manifest.read_bytes())
    except (OSError, ValueError):
        return ()
    paths = content.get("files") if isinstance(content, dict) else None
    return tuple(path for path in _texts(paths) if _is_inside(PurePosixPath(path)) and is_own(PurePosixPath(path)))


def earlier_files(earlier: Iterable[str], paths: Collection[str], complete: bool) -> EarlierFiles:
    """What becomes of the files of an earlier run that are not among the paths of this one.

    With `complete`, the paths are those of all proxies, so the files of other proxies are outdated too.
    """
    scope = {_proxy(path) for path in paths}
    left = [(path, complete or _proxy(path) in scope) for path in earlier if path not in paths]
    outdated = tuple(path for path, is_outdated in left if is_outdated)
    return EarlierFiles(outdated, tuple(path for path, is_outdated in left if not is_outdated))


def removed(folder: Path, path: str) -> bool:
    """Remove a file, and the folders that become empty. False if there is no file, or if a link leads elsewhere."""
    file = folder / path
    if any(above.is_symlink() for above in _above(folder, file)) or not file.is_file():
        return False
    file.unlink()
    for above in _above(folder, file):
        if any(above.iterdir()):
            break
        above.rmdir()
    return True


def _texts(values: object) -> Iterable[str]:
    return (value for value in values if isinstance(value, str)) if isinstance(values, list) else ()


def _is_inside(path: PurePosixPath) -> bool:
    return not path.is_absolute() and ".." not in path.parts and "\0" not in str(path)


def _proxy(path: str) -> str:
    return path.partition("/")[0]


def _above(folder: Path, file: Path) -> Iterator[Path]:
    """The folders of a file below `folder`, the innermost first."""
    above = file.parent
    while above != folder:
        yield above
        above = above.parent
