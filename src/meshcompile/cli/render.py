"""Data as text: JSON, YAML, and files that are written atomically."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FORMATS = ("json", "yaml")


def rendered(data: Any, form: str) -> str:
    """The data as JSON or YAML text, ending in a newline. Keys keep their order."""
    if form == "yaml":
        import yaml

        return str(yaml.dump(data, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True, width=4096))
    import msgspec

    return msgspec.json.format(msgspec.json.encode(data), indent=2).decode() + "\n"


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    """Write files by relative path. All of them are complete before the first one replaces an existing file."""
    import tempfile  # few write files

    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".writing-") as staging:
        staged = [
            (_staged(Path(staging), number, text), folder / name) for number, (name, text) in enumerate(files.items())
        ]
        for source, target in staged:
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(source, target)


def _staged(folder: Path, number: int, text: str) -> Path:
    path = folder / str(number)
    path.write_text(text, encoding="utf-8")
    return path
