"""Paths of the input: which file a path means, whatever way it is written."""

from __future__ import annotations

import os
from collections.abc import Iterable

from meshcompile.source.reading import input_path


def real(path: str) -> str:
    """The path of the same file without links."""
    return os.path.realpath(path)


def reals(paths: Iterable[str]) -> frozenset[str]:
    """The paths of the same files without links."""
    return frozenset(map(real, paths))


def still_there(paths: Iterable[str]) -> frozenset[str]:
    """The paths at which there is something."""
    return frozenset(filter(os.path.lexists, paths))


def name(path: str) -> str:
    """The last part of a path."""
    return os.path.basename(path)


def is_same_file(path: object, other: str) -> bool:
    """Whether an input is the path of a file."""
    given = input_path(path)
    return given is not None and real(given) == real(other)


def as_folder(path: str) -> str:
    """The beginning of all paths in a folder."""
    return os.path.join(path, "")
