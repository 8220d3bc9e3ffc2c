"""Tar archives, such as those of `istioctl bug-report`: read in memory and never unpacked to disk."""

from __future__ import annotations

import gzip
import os
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from typing import BinaryIO

from meshcompile.codes.source import ARCHIVE_MEMBER, BROKEN_ARCHIVE
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents.limits import Limits
from meshcompile.source.files import no_such_file, place, too_large, unreadable
from meshcompile.source.folders import is_wanted

BUG_REPORT_FOLDER = "cluster"
BUG_REPORT = ("k8s-resources", "k8s-cluster-resources", "crs", "secrets")
"""The files of a bug report's folder `cluster` that hold objects, each once. The others are logs and dumps."""


def members(path: str, limits: Limits, budget: int) -> tuple[Mapping[str, bytes], tuple[Diagnostic, ...]]:
    """The contents of an archive's files, by `ARCHIVE!MEMBER`, and findings about the archive.

    Nothing is written to disk. Links, devices and paths that lead outside the archive are not read.
    """
    contents: dict[str, bytes] = {}
    diagnostics: list[Diagnostic] = []
    try:
        with open(path, "rb") as file:
            for item in _members(path, _Limited(_unzipped(file), min(limits.archive_size, budget)), limits):
                match item:
                    case Diagnostic():
                        diagnostics.append(item)
                    case name, data:
                        contents[f"{path}!{name}"] = data
    except _TooMuch as much:
        return {}, (too_large(path, "what the archive holds", much.limit),)
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, ValueError, OverflowError) as error:
        return {}, (BROKEN_ARCHIVE(place(path), problem=str(error) or "it is truncated"),)
    except FileNotFoundError:
        return {}, (no_such_file(path),)
    except OSError as error:
        return {}, (unreadable(path, error),)
    reports = {name: data for name, data in contents.items() if _is_of_bug_report(name)}
    return reports or contents, tuple(diagnostics)


class _TooMuch(Exception):
    """The unpacked data exceeds the limit."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit


class _Limited:
    """A file that can be read only up to a limit."""

    def __init__(self, file: BinaryIO, limit: int) -> None:
        self.file = file
        self.limit = limit
        self.left = limit

    def read(self, size: int) -> bytes:
        data = self.file.read(min(size, self.left + 1))
        self.left -= len(data)
        if self.left < 0:
            raise _TooMuch(self.limit)
        return data


def _unzipped(file: BinaryIO) -> BinaryIO:
    """The file, decompressed if it is compressed."""
    zipped = file.read(2) == b"\x1f\x8b"
    file.seek(0)
    return gzip.GzipFile(fileobj=file) if zipped else file  # type: ignore[return-value]  # it is read as one


def _members(path: str, file: _Limited, limits: Limits) -> Iterator[tuple[str, bytes] | Diagnostic]:
    with tarfile.open(fileobj=file, mode="r|", errors="replace") as archive:  # type: ignore[call-overload]
        for number, member in enumerate(archive):
            if number >= limits.archive_members:
                yield too_large(path, "the number of files in the archive", limits.archive_members)
                return
            name = os.path.normpath(member.name).replace(os.sep, "/")
            if member.isdir() or not (_is_readable(name) or _is_of_bug_report(name)):
                continue
            if problem := _problem(member, name):
                yield ARCHIVE_MEMBER(place(path), member=member.name, problem=problem)
            elif (content := archive.extractfile(member)) is not None:
                yield name, content.read()


def _is_readable(name: str) -> bool:
    """Whether a file with this name would be read from a folder."""
    *folders, file = name.split("/")
    return is_wanted(file) and not any(part.startswith(".") and part != ".." for part in (*folders, file))


def _is_of_bug_report(name: str) -> bool:
    *folders, file = name.replace("!", "/").split("/")
    return file in BUG_REPORT and folders[-1:] == [BUG_REPORT_FOLDER]


def _problem(member: tarfile.TarInfo, name: str) -> str:
    """The reason why a member is not read; empty if it is read."""
    if name.startswith(("/", "../")) or name == "..":
        return "its path leads outside the archive"
    if member.issym() or member.islnk():
        return "it is a link"
    if not member.isreg() or member.issparse():
        return "it is not a regular file"
    return ""
