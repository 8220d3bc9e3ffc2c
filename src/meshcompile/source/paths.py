"""Paths of the input: the files that they refer to, regardless of spelling."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from meshcompile.documents.named_text import NamedText
from meshcompile.source.reading import Input, is_text


def input_path(given: object) -> str | None:
    """The path of an input, or None if the input is not a path."""
    match given:
        case Mapping() | bytes() | NamedText():
            return None
        case str() if is_text(given):
            return None
        case str() | os.PathLike():
            return os.fspath(given)
        case _:
            return None


def real(path: str) -> str:
    """The real path of a file, without links."""
    return os.path.realpath(path)


def reals(paths: Iterable[str]) -> frozenset[str]:
    """The real paths of files, without links."""
    return frozenset(map(real, paths))


def still_there(paths: Iterable[str]) -> frozenset[str]:
    """The paths that exist."""
    return frozenset(filter(os.path.lexists, paths))


def name(path: str) -> str:
    """The last part of a path."""
    return os.path.basename(path)


def is_same_file(path: Input | object, other: str) -> bool:
    """Whether an input is the path of a file."""
    given = input_path(path)
    return given is not None and real(given) == real(other)
