"""Files and their text."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import BinaryIO

from meshcompile.codes.source import (
    NO_SUCH_FILE,
    NOT_UTF8,
    TOO_LARGE,
    UNREADABLE_FILE,
)
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents.document import Document, Origin
from meshcompile.documents.excerpt import Excerpt
from meshcompile.documents.malformed import position_after
from meshcompile.documents.position import Position

STDIN = "-"
ARCHIVES = (".tar", ".tar.gz", ".tgz")
"""The file name extensions of archives."""


def content(path: str, limit: int) -> str | Diagnostic:
    """The text of a file, or of standard input."""
    data = _data(path, limit)
    return data if isinstance(data, Diagnostic) else decoded("<stdin>" if path == STDIN else path, data, limit)


def data(path: str, limit: int, is_wanted: Callable[[bytes], bool]) -> bytes | Diagnostic:
    """The bytes of a file, or only its beginning if that shows that the file is not wanted."""
    beginning = _data(path, BEGINNING)
    if isinstance(beginning, Diagnostic) or len(beginning) < BEGINNING or not is_wanted(beginning[:BEGINNING]):
        return beginning
    return _data(path, limit)


BEGINNING = 1024 * 1024
"""The number of bytes at the beginning of a file that identify its content."""


def _data(path: str, limit: int) -> bytes | Diagnostic:
    """The content of a file, or slightly more than the limit if the file is larger."""
    if "\0" in path:
        return UNREADABLE_FILE(place(path), path=path, problem="a file name cannot contain a zero byte")
    try:
        if path == STDIN:
            return _bytes(sys.stdin.buffer, limit)
        with open(path, "rb") as file:
            return _bytes(file, limit)
    except FileNotFoundError:
        return no_such_file(path)
    except (OSError, ValueError) as error:
        return unreadable(path, error)


def no_such_file(path: str) -> Diagnostic:
    """The finding for a name that does not exist."""
    return NO_SUCH_FILE(place(path), path=path, suggestion=_similar(path))


def place(file: str) -> Origin:
    """The origin of a whole file."""
    return Origin(Document(file, {}))


def place_in(file: str, position: Position, text: str = "", start: int = 0) -> Origin:
    """A position in a file from which no document was read, at the offset `start` of its text."""
    return Origin(Document(file, {}, excerpt=Excerpt(text, start, start, position.line - 1, position.column - 1)))


def too_large(file: str, what: str, limit: int) -> Diagnostic:
    return TOO_LARGE(place(file), what=what, limit=limit, suggestion="read less at once, or raise the Limits")


def _bytes(file: BinaryIO, limit: int) -> bytes:
    """The content of the file, or slightly more than the limit if the file is larger."""
    chunks: list[bytes] = []
    while limit >= 0 and (chunk := file.read(_CHUNK)):
        chunks.append(chunk)
        limit -= len(chunk)
    return b"".join(chunks)


_CHUNK = 1024 * 1024


def decoded(file: str, data: bytes, limit: int) -> str | Diagnostic:
    """Bytes as text."""
    if len(data) > limit:
        return too_large(file, "the rest of the input", limit)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        where = place_in(file, position_after(data[: error.start].decode(errors="replace")))
        problem = f"byte 0x{data[error.start]:02x} is not valid here"
        suggestion = "save it as UTF-8" if not data.startswith(_UTF16) else "this looks like UTF-16: save it as UTF-8"
        return NOT_UTF8(where, problem=problem, suggestion=suggestion)


_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def unreadable(path: str, error: OSError | ValueError) -> Diagnostic:
    """The finding for an error of the operating system."""
    problem = (error.strerror if isinstance(error, OSError) else None) or str(error)
    suggestion = "give yourself read permission" if isinstance(error, PermissionError) else ""
    return UNREADABLE_FILE(place(path), path=path, problem=problem.lower(), suggestion=suggestion)


def _similar(path: str) -> str:
    """A suggestion for a name that does not exist: a file with a similar stem."""
    from difflib import get_close_matches  # for a fast start: only mistakes need it

    folder, name = os.path.split(path)
    try:
        stems = {os.path.splitext(there)[0]: there for there in sorted(os.listdir(folder or "."))}
    except OSError:
        return f"there is no folder {folder!r} either"
    close = get_close_matches(os.path.splitext(name)[0], stems, n=1, cutoff=_CLOSE)
    return f"did you mean {os.path.join(folder, stems[close[0]])!r}?" if close else ""


_CLOSE = 0.75
