"""Counts of the input: files, documents, and files without Kubernetes objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from meshcompile.diagnostics import Diagnostic
from meshcompile.documents.document import Document


class ForeignFile(Struct, frozen=True):
    """A file of a folder or an archive that holds no Kubernetes object."""

    path: str
    reason: str
    """The description of the file, as a noun phrase: `a Compose file`."""


class Sources(Struct, frozen=True):
    """Counts of the input: files with objects, objects, and the files without objects.

    Standard input counts as one file, and so do all texts together, and all objects made in Python. Empty files are not
    counted.
    """

    files: int = 0
    documents: int = 0
    foreign: tuple[ForeignFile, ...] = ()

    def __add__(self, other: Sources) -> Sources:
        return Sources(self.files + other.files, self.documents + other.documents, (*self.foreign, *other.foreign))


Found = Document | Diagnostic | ForeignFile
"""The results of reading."""


class Tally:
    """Counts results while they are read."""

    def __init__(self) -> None:
        self.files: set[str] = set()
        self.documents = 0
        self.foreign: list[ForeignFile] = []

    def without_foreign(self, found: Iterable[Found]) -> Iterator[Document | Diagnostic]:
        """The results, except for foreign files, which are only counted."""
        for item in found:
            if isinstance(item, ForeignFile):
                self.foreign.append(item)
                continue
            if isinstance(item, Document):
                self.files.add(item.file)
                self.documents += 1
            yield item

    @property
    def sources(self) -> Sources:
        """The counts so far."""
        return Sources(len(self.files), self.documents, tuple(self.foreign))
