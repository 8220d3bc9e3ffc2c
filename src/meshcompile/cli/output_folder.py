"""A folder of results that follows the mesh: files of earlier runs that are no longer generated are removed.

The folder holds a manifest of the written files. No other file is ever removed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from msgspec import Struct

MANIFEST = ".meshcompile.json"


class Update(Struct, frozen=True):
    """The changes of a run to a folder."""

    written: int
    removed: int


@contextmanager
def staging(folder: Path) -> Iterator[Path]:
    """A folder in the folder, for files that are not complete yet."""
    import tempfile  # few write files

    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".writing-") as staged:
        yield Path(staged)


def update_folder(folder: Path, staged: Path, names: Collection[str], complete: bool) -> Update:
    """Move the staged files into the folder, by `PROXY/NAME`, and remove outdated files of the same proxies.

    With `complete`, the files are those of all proxies, so the files of other proxies are removed too.
    """
    earlier = _listed(folder)
    scope = {_proxy(name) for name in names}
    gone = [name for name in earlier if name not in names and (complete or _proxy(name) in scope)]
    kept = [name for name in earlier if name not in names and name not in gone]
    manifest = {"files": sorted((*names, *kept))}
    (staged / MANIFEST).write_text(f"{json.dumps(manifest, indent=2)}\n", encoding="utf-8")
    for name in (*names, MANIFEST):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        os.replace(staged / name, folder / name)
    return Update(len(names), sum(_removed(folder, name) for name in gone))


def _proxy(name: str) -> str:
    return name.partition("/")[0]


def _listed(folder: Path) -> list[str]:
    """The manifest's names that are inside the folder. The manifest is not trusted."""
    try:
        listed = json.loads((folder / MANIFEST).read_bytes())
    except (OSError, ValueError):
        return []
    names = listed.get("files") if isinstance(listed, dict) else None
    return [name for name in _texts(names) if _is_own_name(PurePosixPath(name))]


def _texts(values: object) -> Iterable[str]:
    return (value for value in values if isinstance(value, str)) if isinstance(values, list) else ()


def _is_own_name(name: PurePosixPath) -> bool:
    """Whether `compile` generates such a name: a file in the folder of a proxy."""
    return len(name.parts) == 2 and not name.is_absolute() and ".." not in name.parts and "\0" not in str(name)


def _removed(folder: Path, name: str) -> bool:
    """Remove a file, and its folder if that becomes empty. False if there is no file, or if a link leads elsewhere."""
    path = folder / name
    if path.parent.is_symlink() or not path.is_file():
        return False
    path.unlink()
    if not any(path.parent.iterdir()):
        path.parent.rmdir()
    return True
