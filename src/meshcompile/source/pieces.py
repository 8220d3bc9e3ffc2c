"""The content of each file, text and object of the input, kept so that only changed parts are read again."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from meshcompile.diagnostics import Diagnostic, Severity
from meshcompile.source.sources import ForeignFile, Found

if TYPE_CHECKING:
    from meshcompile.source.layout import Layout


class Opened(Struct, frozen=True):
    """The start of one file, text or object."""

    path: str = ""
    """The path of the file. Empty for a text, an object and standard input."""
    real: str = ""
    """The path without links."""


class Closed(Struct, frozen=True):
    """The end of one file, text or object."""

    size: int = 0
    """The number of characters that count towards the limit on the whole input."""


class Listed(Struct, frozen=True, eq=False):
    """The files of a folder and findings about listing them, its charts and kustomizations, and their data by file."""

    folder: str
    files: tuple[str, ...]
    diagnostics: tuple[Diagnostic, ...]
    layout: Layout
    kustomizations: Mapping[str, object]


class Piece(Struct, frozen=True, eq=False):
    """The content of one file, text or object.

    `found` and `foreign` are results of reading. `items` are the objects and findings in order.
    """

    path: str
    real: str
    size: int
    documents: int
    found: tuple[Diagnostic, ...]
    foreign: tuple[ForeignFile, ...]
    items: tuple[Any, ...]

    @property
    def is_silent(self) -> bool:
        """Whether it has no object and no finding for a user."""
        return not self.documents and all(each.severity is Severity.INFO for each in self.found)


ReadEvent = Found | Opened | Closed | Listed | Piece
"""The results of reading, with the start and end of each file, and pieces that need not be read again."""


class Known(Struct, frozen=True):
    """The parts that need not be read again: files by path, and the lists of folders."""

    files: Mapping[str, Piece] = field(default_factory=dict)
    folders: Mapping[str, Listed] = field(default_factory=dict)
    relisted: frozenset[str] = frozenset()
    """Folders to list again."""
    left_out: frozenset[str] = frozenset()
    """Real paths of files and folders that count as removed, although they are in a folder of the input."""
    buffers: Mapping[str, str] = field(default_factory=dict)
    """Texts that replace the content of files, by real path of the file."""

    def listed(self, folder: str) -> Listed | None:
        """The list of a folder, or None if it is unknown or must be listed again."""
        return None if folder in self.relisted else self.folders.get(folder)

    def wanted(self, paths: Iterable[str]) -> tuple[str, ...]:
        """The paths without those of removed files."""
        if not self.left_out:
            return tuple(paths)
        return tuple(path for path in paths if self.left_out.isdisjoint(parents(os.path.realpath(path))))

    def buffer(self, path: str) -> str | None:
        """The text that replaces the content of a file."""
        return self.buffers.get(os.path.realpath(path)) if self.buffers and "\0" not in path else None


def parents(real: str) -> list[str]:
    """A real path and all folders above it."""
    found = [real]
    while (above := os.path.dirname(found[-1])) != found[-1]:
        found.append(above)
    return found


NOTHING_KNOWN = Known()
