"""What was read, counted: files, documents, and files that are no Kubernetes objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from meshcompile.diagnostics import Diagnostic
from meshcompile.source.document import Document


class ForeignFile(Struct, frozen=True):
    """A file of a folder or an archive that holds no Kubernetes object."""

    path: str
    reason: str
    """What it is instead, as a noun phrase: `a Compose file`."""


class Sources(Struct, frozen=True):
    """What was read: how many files hold objects, how many objects there are, and the files that hold none.

    Standard input is one file, and so are all texts together, and all objects made in Python. Empty files do not count.
    """

    files: int = 0
    documents: int = 0
    foreign: tuple[ForeignFile, ...] = ()

    def __add__(self, other: Sources) -> Sources:
        return Sources(self.files + other.files, self.documents + other.documents, (*self.foreign, *other.foreign))


Found = Document | Diagnostic | ForeignFile
"""What reading yields."""


class Tally:
    """Counts what is read while it goes by."""

    def __init__(self) -> None:
        self.files: set[str] = set()
        self.documents = 0
        self.foreign: list[ForeignFile] = []

    def without_foreign(self, found: Iterable[Found]) -> Iterator[Document | Diagnostic]:
        """What was found, except the foreign files, which are only counted."""
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
