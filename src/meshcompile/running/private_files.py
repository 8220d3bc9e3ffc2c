"""Files that are replaced in one step, such as private keys, which only the user may read."""

from __future__ import annotations

import os
from pathlib import Path

PRIVATE, PUBLIC = 0o600, 0o666
"""The permissions of a new file. Those of the process (umask) limit the latter."""


def write_privately(path: Path, text: str) -> None:
    """Replace a file by one that only the user may read."""
    replace_file(path, text.encode(), PRIVATE)


def replace_file(path: Path, content: bytes, mode: int = PUBLIC) -> None:
    """Write a file by an atomic replacement: readers see the old content or the new one, and no other.

    The file has these permissions before it has any content. Raises OSError if it cannot be written. Then the old file
    stays as it is, and nothing is left beside it.
    """
    staged = path.with_name(f".{path.name}.new")
    staged.unlink(missing_ok=True)  # of a process that was killed
    try:
        with open(os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(content)
        staged.replace(path)
    except OSError:
        staged.unlink(missing_ok=True)
        raise


def is_private(path: Path) -> bool:
    """Whether nobody but the owner may read or write a file that exists."""
    return path.stat().st_mode & 0o077 == 0
