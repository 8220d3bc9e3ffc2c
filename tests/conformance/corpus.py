"""The conformance corpus: cases with the output of the real istiod 1.30.3, in one archive.

`cases_dir()` unpacks the archive on first use, into a folder named after the hash of the archive. So a new archive is
unpacked again, and processes that start at the same time do not interfere. `python -m tests.conformance.corpus FOLDER`
packs a folder of cases. The same files give the same archive.
"""

from __future__ import annotations

import hashlib
import lzma
import os
import shutil
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ARCHIVE = Path(__file__).with_name("istiod-1.30.3.tar.xz")
CACHE = ROOT / ".cache" / "conformance"
MTIME = 1704067200  # 2024-01-01T00:00:00Z


def cases_dir(archive: Path = ARCHIVE) -> Path:
    """The folder that holds the unpacked cases, as AREA/CASE."""
    target = CACHE / hashlib.sha256(archive.read_bytes()).hexdigest()[:16]
    if not target.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        unpacked = _unpacked(archive, CACHE)
        try:
            unpacked.rename(target)
        except OSError:  # another process was faster
            shutil.rmtree(unpacked)
    return target


def areas() -> tuple[str, ...]:
    """The names of the areas, sorted."""
    return tuple(sorted(path.name for path in cases_dir().iterdir() if path.is_dir()))


def asked(root: Path, cases: Sequence[str], release: str) -> tuple[str, ...]:
    """The cases that have answers of a release; all without one."""
    return tuple(case for case in cases if not release or (root / case / f"istiod-{release}").is_dir())


def pack(folder: Path, archive: Path = ARCHIVE) -> None:
    """Write every file in `folder` to `archive`, sorted, without owner or time."""
    with (
        lzma.open(archive, "wb", preset=9 | lzma.PRESET_EXTREME) as stream,
        tarfile.open(fileobj=stream, mode="w") as tar,
    ):
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            tar.add(path, arcname=path.relative_to(folder).as_posix(), filter=_anonymous)


def _unpacked(archive: Path, parent: Path) -> Path:
    """A new folder in `parent` with the content of the archive. Nothing is written outside of it."""
    folder = Path(tempfile.mkdtemp(dir=parent, prefix="unpacking-"))
    with tarfile.open(archive, "r:xz") as tar:
        tar.extractall(folder, filter="data")
    return folder


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    return member.replace(mtime=MTIME, mode=0o644, uid=0, gid=0, uname="", gname="", deep=False)


if __name__ == "__main__":
    pack(Path(sys.argv[1]))
    print(f"{ARCHIVE.relative_to(os.getcwd())}: {ARCHIVE.stat().st_size} bytes")
