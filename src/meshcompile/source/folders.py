"""Folders: their files, without those that are ignored."""

from __future__ import annotations

import os
from collections.abc import Iterator

from meshcompile.codes.source import OUTSIDE_FOLDER
from meshcompile.diagnostics import Diagnostic
from meshcompile.source.files import place, unreadable
from meshcompile.source.ignored import Ignored, Selection, ignored

SUFFIXES = (".yaml", ".yml", ".json")
KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")


def files(folder: str, selection: Selection) -> Iterator[str | Diagnostic]:
    """The files in a folder and its subfolders, by name, each once.

    Hidden files, ignored files, and links that lead outside are skipped.
    """
    root = os.path.realpath(folder)
    waiting, seen = [(folder, ignored(folder, selection))], set[str]()
    while waiting:
        path, leaving_out = waiting.pop()
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
                here = leaving_out.below(path)
                waiting += [(entry, here) for entry in reversed(_entries(path, here))]
            except OSError as error:
                yield unreadable(path, error)


def is_wanted(name: str) -> bool:
    """Whether a file with this name may hold objects."""
    return name.endswith(SUFFIXES) or name in KUSTOMIZATIONS or os.path.splitext(name)[1] in SOURCES


SOURCES = {
    ".jsonnet": ("Jsonnet", "jsonnet FILE | meshcompile validate -f -"),
    ".libsonnet": ("Jsonnet", "jsonnet FILE | meshcompile validate -f -"),
    ".cue": ("CUE", "cue export --out yaml | meshcompile validate -f -"),
}
"""Files from which a program generates objects: what they are, and how to run the program."""


def _entries(folder: str, leaving_out: Ignored) -> list[str]:
    """The subfolders and relevant files of a folder, by name. It includes dangling links and excludes pipes."""
    with os.scandir(folder) as entries:
        return sorted(entry.path for entry in entries if _is_candidate(entry) and not _is_ignored(entry, leaving_out))


def _is_candidate(entry: os.DirEntry[str]) -> bool:
    if entry.name.startswith("."):
        return False
    return entry.is_dir() or (is_wanted(entry.name) and (entry.is_file() or entry.is_symlink()))


def _is_ignored(entry: os.DirEntry[str], leaving_out: Ignored) -> bool:
    return (os.path.join(entry.path, "") if entry.is_dir() else entry.path) in leaving_out
