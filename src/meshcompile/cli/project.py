"""The configuration file: `meshcompile.yaml`, or `[tool.meshcompile]` in `pyproject.toml`."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from meshcompile.cli.console import InvalidConfiguration, UsageError
from meshcompile.cli.rendering import is_rendered

if TYPE_CHECKING:
    from meshcompile.diagnostics import Diagnostic
    from meshcompile.documents import Document, Position
    from meshcompile.models.project import Project, Release

TABLE = ("tool", "meshcompile")


def configure(options: argparse.Namespace, path: Path) -> None:
    """Add the settings of a configuration file to the options that are not on the command line.

    Raises InvalidConfiguration for an invalid file.
    """
    options.project = _project(path)
    _add(options, options.project, path.parent)


def _add(options: argparse.Namespace, project: Project, folder: Path) -> None:
    """Set the options. Lists of patterns are joined. Paths are relative to the folder of the file."""
    if not (options.files or getattr(options, "paths", ()) or is_rendered(options)):
        options.files = [_path(folder, name) for name in project.inputs]
    options.exclude = [*options.exclude, *project.exclude]
    options.clusters = options.clusters or [
        f"{name}={_path(folder, path)}" for name, path in project.remote_clusters.items()
    ]
    options.ambient = options.ambient or project.ambient
    for name, value in _single(project, folder):
        if hasattr(options, name) and name not in options.given:
            setattr(options, name, value)


def _single(project: Project, folder: Path) -> Iterator[tuple[str, Any]]:
    """The options with a single value that the file sets."""
    for name in ("mesh_config", "networks", "baseline"):
        if value := getattr(project, name):
            yield name, Path(_path(folder, value))
    if (release := _release(project)) is not None:
        yield "istio", str(release)
    if project.namespace:
        yield "namespace", project.namespace
    if "fail_on" in project.model_fields_set:
        yield "fail_on", str(project.fail_on)


def _release(project: Project) -> Release | None:
    """The release to follow, if the file determines it."""
    return project.istio or (project.releases[0] if len(project.releases) == 1 else None)


def _path(folder: Path, name: str) -> str:
    """A path in the file, relative to the working folder."""
    return os.path.relpath(folder / name)


def _project(path: Path) -> Project:
    """The configuration of a file."""
    from meshcompile.models.lenient import read_leniently
    from meshcompile.models.project import Project

    document = _document(path)
    project, problems = read_leniently(document, Project)
    problems = (*problems, *(_wrong_entries(project) if project else ()))
    if problems or project is None:
        raise InvalidConfiguration(problems)
    return project


def _document(path: Path) -> Document:
    """The document of a file. Raises UsageError if there is no such file."""
    from meshcompile.documents import Document
    from meshcompile.source.reading import UnreadableInput, read

    name = os.path.relpath(path)
    if not path.is_file():
        raise UsageError(f"--config {path}: there is no such file")
    if path.suffix == ".toml":
        return _toml_document(path, name)
    try:
        found = read([Path(name)])
    except UnreadableInput as error:
        raise InvalidConfiguration(error.diagnostics) from error
    if found.diagnostics:
        raise InvalidConfiguration(found.diagnostics)
    return next(iter(found.documents), Document(name, {}))


def _toml_document(path: Path, name: str) -> Document:
    import tomllib

    from meshcompile.documents.toml import table_document

    text = path.read_text(encoding="utf-8")
    try:
        value: Any = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidConfiguration((_not_toml(name, text, str(error)),)) from error
    for key in TABLE:
        value = value.get(key, {})
    return table_document(name, text, TABLE, value)


def _not_toml(name: str, text: str, problem: str) -> Diagnostic:
    """The finding for a malformed TOML file, at the position in tomllib's message."""
    import re

    from meshcompile.codes.project import UNUSABLE_CONFIGURATION
    from meshcompile.documents.position import Position
    from meshcompile.source.files import place_in

    found = re.search(r" \(at line (\d+), column (\d+)\)", problem)
    position = Position(int(found[1]), int(found[2])) if found else _end(text)
    start = sum(len(line) + 1 for line in text.split("\n")[: position.line - 1]) + position.column - 1
    what = problem[: found.start()] if found else problem
    return UNUSABLE_CONFIGURATION(place_in(name, position, text, start), problem=f"this is not valid TOML: {what}")


def _end(text: str) -> Position:
    """The position at the end of a text, for tomllib's `at end of document`."""
    from meshcompile.documents.position import Position

    lines = text.split("\n")
    return Position(len(lines), len(lines[-1]) + 1)


def _wrong_entries(project: Project) -> Iterator[Diagnostic]:
    """Findings about unknown codes and malformed suppressions."""
    from meshcompile.cli.policy import problems
    from meshcompile.codes.project import UNUSABLE_CONFIGURATION
    from meshcompile.findings.suppressions import FORM, suppression

    for field in ("select", "ignore"):
        for index, pattern in enumerate(getattr(project, field)):
            for problem in problems((pattern,)):
                yield UNUSABLE_CONFIGURATION(project.at(field, index), problem=problem)
    for code in project.severities:
        for problem in problems((code,)):
            yield UNUSABLE_CONFIGURATION(project.at("severities", code), problem=problem)
    for entry in project.suppressions:
        if suppression(f"{entry.code}={entry.object}") is None:
            problem = f"`{entry.object}` is not an object: expected {FORM.partition('=')[2]}"
            yield UNUSABLE_CONFIGURATION(entry.at("object"), problem=problem)
