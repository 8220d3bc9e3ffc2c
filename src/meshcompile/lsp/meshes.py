"""The mesh of a workspace: the files of its folder, but open files with their unsaved text."""

from __future__ import annotations

import argparse
import os
from collections import defaultdict
from collections.abc import Mapping, Sequence

import meshcompile
from meshcompile import Diagnostic, Mesh, UnreadableInput
from meshcompile.cli.analyze import findings
from meshcompile.cli.inputs import load_mesh
from meshcompile.cli.judgement import judgement
from meshcompile.documents.named_text import NamedText


class OpenMesh:
    """The mesh with all edits so far, and its findings by file."""

    def __init__(self, options: argparse.Namespace, folder: str) -> None:
        self.options = options
        self.findings: Mapping[str, Sequence[Diagnostic]] = {}
        self.unreadable: dict[str, Sequence[Diagnostic]] = {}
        if not (options.files or options.paths):
            options.paths = [folder]
        options.files, options.paths = absolute(options.files), absolute(options.paths)
        try:
            self.mesh: Mesh = load_mesh(options)
        except UnreadableInput:  # a new workspace
            self.mesh = meshcompile.load([], namespace=options.namespace)
        self._check()

    def update(self, file: str, text: str) -> None:
        """Read the text of an open file. If the text is invalid, the previous objects of the file remain."""
        try:
            self.mesh = self.mesh.updated([NamedText(file, text)])
            self.unreadable.pop(file, None)
        except UnreadableInput as error:
            self.unreadable[file] = error.diagnostics
        self._check()

    def _check(self) -> None:
        diagnostics = findings(self.mesh)
        kept, _ = judgement(self.mesh, diagnostics, self.options, complete=True)
        by_file: dict[str, list[Diagnostic]] = defaultdict(list)
        for diagnostic in kept:
            if diagnostic.line:
                by_file[os.path.abspath(diagnostic.file)].append(diagnostic)
        self.findings = {**by_file, **self.unreadable}


def absolute(paths: Sequence[str]) -> list[str]:
    """The paths in the form in which an editor names its files."""
    return [os.path.abspath(path) for path in paths]
