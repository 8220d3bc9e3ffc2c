"""The folders of file xDS: `DIR/PROXY/lds.json` and so on, replaced while Envoys read them.

Every file is replaced by a rename, which is what Envoy notices. The order is make before break: what others refer to
comes first, and what nothing refers to any more is taken away last, once the Envoys had time to read the rest. Files
with secrets are for the user alone.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath

from msgspec import Struct

from meshcompile.running.private_files import PRIVATE, PUBLIC, is_private, replace_file
from meshcompile.serve.generated_folder import earlier_files, listed, removed

MANIFEST = ".meshcompile-xds.json"
GRACE = 1.0
"""The number of seconds that Envoys have to stop using clusters before these are taken away."""
ORDER = ("secrets", "extensions", "endpoints", "clusters", "listeners", "routes", "bootstrap")
"""The types of files in the order in which they are replaced."""
PRIVATE_KEY = b"PRIVATE KEY-----"
"""What every private key in PEM has."""


class FolderFile(Struct, frozen=True):
    """A file by its path `PROXY/...`. `interim` is its content until Envoys have read the others."""

    path: str
    kind: str
    content: bytes
    interim: bytes | None = None

    @property
    def mode(self) -> int:
        """The permissions of the file."""
        return PRIVATE if self.kind == "secrets" or PRIVATE_KEY in self.content else PUBLIC


class FolderChange(Struct, frozen=True):
    """The paths that were written, and that were removed."""

    written: tuple[str, ...]
    removed: tuple[str, ...]

    @property
    def proxies(self) -> tuple[str, ...]:
        """The proxies whose files changed, by name."""
        return tuple(sorted({path.partition("/")[0] for path in (*self.written, *self.removed)}))


def replace_files(folder: Path, files: Sequence[FolderFile], complete: bool) -> FolderChange:
    """Bring the folder to this content: files that are as before are not touched.

    With `complete`, the files are those of all proxies, so files of other proxies are removed. Only files that the
    manifest of the folder lists are ever removed. Raises OSError if the folder cannot be written: what has been
    replaced until then is complete in itself.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = {file.path for file in files}
    earlier = earlier_files(listed(folder / MANIFEST, _is_own), paths, complete)
    changed = [_with_interim(folder, file) for file in files if not _is_there(folder, file)]
    _write_manifest(folder, {*paths, *earlier.kept, *earlier.outdated})
    _replace(folder, changed)
    for path in earlier.outdated:
        removed(folder, path)
    _write_manifest(folder, {*paths, *earlier.kept})
    return FolderChange(tuple(file.path for file in changed), earlier.outdated)


def _replace(folder: Path, changed: Iterable[FolderFile]) -> None:
    """Write new files, then replace others by type; then, after a while, what had an interim content."""
    in_order = sorted(changed, key=lambda file: (_content(folder / file.path) is not None, ORDER.index(file.kind)))
    for file in in_order:
        _write(folder / file.path, file.interim or file.content, file.mode)
    last = [file for file in in_order if file.interim not in (None, file.content)]
    if last:
        time.sleep(GRACE)
    for file in last:
        _write(folder / file.path, file.content, file.mode)


def _is_there(folder: Path, file: FolderFile) -> bool:
    """Whether the folder has the file with its content, and no others may read what they must not."""
    path = folder / file.path
    return _content(path) == file.content and (file.mode == PUBLIC or is_private(path))


def _with_interim(folder: Path, file: FolderFile) -> FolderFile:
    """The file of clusters, at first together with the clusters that it has now and will not have any more."""
    if file.kind != "clusters":
        return file
    before, now = _resources(_content(folder / file.path)), _resources(file.content)
    leaving = [text for name, text in before.items() if name not in now]
    if not leaving:
        return file
    lines = b",\n".join((*now.values(), *leaving))
    interim = b'{"versionInfo":"interim","resources":[\n%s\n]}\n' % lines
    return FolderFile(file.path, file.kind, file.content, interim)


def _resources(content: bytes | None) -> Mapping[str, bytes]:
    """The resources of a file that this module wrote, by name: one a line. Empty for any other file."""
    found: dict[str, bytes] = {}
    for line in (content or b"").split(b"\n")[1:-2]:
        text = line.removesuffix(b",")
        try:
            found[json.loads(text)["name"]] = text
        except (ValueError, KeyError, TypeError):
            return {}
    return found


def _content(path: Path) -> bytes | None:
    """The bytes of a file; None if there is none."""
    try:
        return path.read_bytes()
    except OSError:
        return None


def _write(path: Path, content: bytes, mode: int) -> None:
    """Replace a file in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, content, mode)


def _write_manifest(folder: Path, paths: Iterable[str]) -> None:
    _write(folder / MANIFEST, f"{json.dumps({'files': sorted(paths)}, indent=1)}\n".encode(), PUBLIC)


def _is_own(path: PurePosixPath) -> bool:
    """Whether `xds` writes such a path: a JSON file in the folder of a proxy, or in one of its subfolders."""
    return len(path.parts) in (2, 3) and path.suffix == ".json"
