"""Reads files, texts and plain data as the documents of statements."""

from collections.abc import Iterable

from meshcompile.documents import Document
from meshcompile.source.reading import Input, UnreadableInput, read


def statement_documents(statements: Input | Iterable[Input]) -> tuple[Document, ...]:
    """The documents of statements. Raises UnreadableInput for a file that cannot be read."""
    found = read(statements)
    if found.diagnostics and not found.documents:
        raise UnreadableInput(found.diagnostics)
    return found.documents
