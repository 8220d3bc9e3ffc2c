"""Named files and folders: which files they mean, and the text in them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import BinaryIO

from meshcompile.codes.source import (
    EMPTY_FOLDER,
    NO_SUCH_FILE,
    NOT_UTF8,
    OUTSIDE_FOLDER,
    TOO_LARGE,
    UNREADABLE_FILE,
)
from meshcompile.diagnostics import Diagnostic
from meshcompile.source.document import Document, Origin
from meshcompile.source.excerpt import Excerpt
from meshcompile.source.malformed import position_after
from meshcompile.source.position import Position

STDIN = "-"
SUFFIXES = (".yaml", ".yml", ".json")


def files(folder: str) -> Sequence[str | Diagnostic]:
    """The files in a folder and all below it, by name."""
    return list(_files_in(folder)) or [EMPTY_FOLDER(place(folder), path=folder)]


def content(path: str, limit: int) -> str | Diagnostic:
    """The text of a file, or of standard input."""
    if "\0" in path:
        return UNREADABLE_FILE(place(path), path=path, problem="no name holds a zero byte")
    try:
        if path == STDIN:
            return _decoded("<stdin>", _bytes(sys.stdin.buffer, limit), limit)
        with open(path, "rb") as file:
            return _decoded(path, _bytes(file, limit), limit)
    except FileNotFoundError:
        return NO_SUCH_FILE(place(path), path=path, suggestion=_similar(path))
    except (OSError, ValueError) as error:
        return _unreadable(path, error)


def place(file: str) -> Origin:
    """The place of a file as a whole."""
    return Origin(Document(file, {}))


def place_in(file: str, position: Position) -> Origin:
    """A place in a file that gave no document."""
    return Origin(Document(file, {}, excerpt=Excerpt("", 0, 0, position.line - 1, position.column - 1)))


def too_large(file: str, what: str, limit: int) -> Diagnostic:
    return TOO_LARGE(place(file), what=what, limit=limit, suggestion="read less at once, or raise the Limits")


def _files_in(folder: str) -> Iterator[str | Diagnostic]:
    """The files below a folder, each once; hidden ones, and what links outside, are left out."""
    root = os.path.realpath(folder)
    waiting, seen = [folder], set[str]()
    while waiting:
        path = waiting.pop()
        real = os.path.realpath(path)
        if real in seen:
            continue
        seen.add(real)
        if real != root and not real.startswith(os.path.join(root, "")):
            yield OUTSIDE_FOLDER(place(path), path=path, folder=folder)
        elif not os.path.isdir(path):
            yield path
        else:
            try:
                waiting += reversed(_wanted(path))
            except OSError as error:
                yield _unreadable(path, error)


def _wanted(folder: str) -> list[str]:
    """The folders in a folder, and the files to read, by name. A dangling link is one of them, a pipe is not."""
    with os.scandir(folder) as entries:
        return sorted(
            entry.path
            for entry in entries
            if not entry.name.startswith(".")
            and (entry.is_dir() or (entry.name.endswith(SUFFIXES) and (entry.is_file() or entry.is_symlink())))
        )


def _bytes(file: BinaryIO, limit: int) -> bytes:
    """What the file holds, or a little more than the limit if it holds more."""
    chunks: list[bytes] = []
    while limit >= 0 and (chunk := file.read(_CHUNK)):
        chunks.append(chunk)
        limit -= len(chunk)
    return b"".join(chunks)


_CHUNK = 1024 * 1024


def _decoded(file: str, data: bytes, limit: int) -> str | Diagnostic:
    if len(data) > limit:
        return too_large(file, "the rest of the input", limit)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        where = place_in(file, position_after(data[: error.start].decode(errors="replace")))
        problem = f"byte 0x{data[error.start]:02x} cannot stand here"
        suggestion = "save it as UTF-8" if not data.startswith(_UTF16) else "this looks like UTF-16: save it as UTF-8"
        return NOT_UTF8(where, problem=problem, suggestion=suggestion)


_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def _unreadable(path: str, error: OSError | ValueError) -> Diagnostic:
    problem = (error.strerror if isinstance(error, OSError) else None) or str(error)
    suggestion = "give yourself the right to read it" if isinstance(error, PermissionError) else ""
    return UNREADABLE_FILE(place(path), path=path, problem=problem.lower(), suggestion=suggestion)


def _similar(path: str) -> str:
    """What may have been meant by a name that does not exist: one whose stem is close to it."""
    folder, name = os.path.split(path)
    try:
        stems = {os.path.splitext(there)[0]: there for there in sorted(os.listdir(folder or "."))}
    except OSError:
        return f"there is no folder {folder!r} either"
    close = get_close_matches(os.path.splitext(name)[0], stems, n=1, cutoff=_CLOSE)
    return f"did you mean {os.path.join(folder, stems[close[0]])!r}?" if close else ""


_CLOSE = 0.75
