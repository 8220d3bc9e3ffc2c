"""The folder of `compile --output-dir`: files of earlier runs that are no longer generated are removed."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from msgspec import Struct

from meshcompile.serve.generated_folder import earlier_files, listed, removed

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
    earlier = earlier_files(listed(folder / MANIFEST, _is_own_name), names, complete)
    manifest = {"files": sorted((*names, *earlier.kept))}
    (staged / MANIFEST).write_text(f"{json.dumps(manifest, indent=2)}\n", encoding="utf-8")
    for name in (*names, MANIFEST):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        os.replace(staged / name, folder / name)
    return Update(len(names), sum(removed(folder, name) for name in earlier.outdated))


def _is_own_name(name: PurePosixPath) -> bool:
    """Whether `compile` generates such a name: a file in the folder of a proxy."""
    return len(name.parts) == 2
