"""Files of test suites: `*.meshtest.yaml` beside the configuration."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from meshcompile.diagnostics import Diagnostic
from meshcompile.documents.document import Document
from meshcompile.documents.limits import DEFAULT_LIMITS, Limits
from meshcompile.documents.stream import Reader
from meshcompile.source.files import content
from meshcompile.source.folders import files
from meshcompile.source.ignored import EVERYTHING, Selection
from meshcompile.source.objects import parts_in
from meshcompile.source.paths import real

SUITES = (".meshtest.yaml", ".meshtest.yml", ".meshtest.json")


def suite_files(
    paths: Iterable[str], selection: Selection = EVERYTHING, suffixes: tuple[str, ...] = SUITES
) -> list[str]:
    """The files of suites: the given files, and those in the given folders with these suffixes, each once."""
    found = (file for path in paths for file in _files(path, selection, suffixes))
    return list({real(file): file for file in found}.values())


def _files(path: str, selection: Selection, suffixes: tuple[str, ...]) -> Iterator[str]:
    if not os.path.isdir(path):
        yield path
        return
    yield from (each for each in files(path, selection) if isinstance(each, str) and each.endswith(suffixes))


def suite_documents(files: Iterable[str], limits: Limits = DEFAULT_LIMITS) -> Iterator[Document | Diagnostic]:
    """The documents of files in any form, and findings about files and documents that cannot be read."""
    reader = Reader(limits)
    for file in files:
        text = content(file, limits.document_size)
        if isinstance(text, Diagnostic):
            yield text
            continue
        for index, part in enumerate(parts_in(text, "<stdin>" if file == "-" else file, reader)):
            yield part if isinstance(part, Diagnostic) else Document(file, part.value, index, part.excerpt)
