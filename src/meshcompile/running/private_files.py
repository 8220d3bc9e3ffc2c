"""Files that only the user may read, such as private keys."""

from __future__ import annotations

import os
from pathlib import Path


def write_privately(path: Path, text: str) -> None:
    """Write a file by an atomic replacement, so that readers see the old text or the new one."""
    staged = path.with_name(f".{path.name}.new")
    with open(os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    staged.replace(path)
