"""Repositories laid out as people lay them out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import meshcompile
from meshcompile.diagnostics import Diagnostic
from meshcompile.source.reading import UnreadableInput
from tests.repositories import REPOSITORIES, Repository, write

ABOUT_FOLDERS = {"helm-chart", "kustomization", "not-rendered", "empty-folder", "no-objects", "archive-member"}


def found_in(root: Path, repository: Repository) -> tuple[Diagnostic, ...]:
    """What is found in a repository; an archive in it is named itself."""
    archives = [root / name for name, content in repository.files.items() if not isinstance(content, str)]
    try:
        return meshcompile.load(archives or root).diagnostics
    except UnreadableInput as unreadable:
        return unreadable.diagnostics


@pytest.mark.parametrize("repository", REPOSITORIES, ids=lambda repository: repository.__name__)
def test_a_repository_has_its_errors_and_no_others(repository: Callable[[], Repository], tmp_path: Path) -> None:
    """Every mistake of a repository is an error at its place, nothing else is, and what is not rendered is said."""
    expected = repository()
    found = found_in(write(tmp_path, expected.files), expected)

    def places(*wanted: str) -> list[str]:
        return [
            f"{item.slug} {Path(item.file).relative_to(tmp_path)}" + f":{item.line}" * (item.severity == "error")
            for item in found
            if item.severity in wanted and (item.severity == "error" or item.slug in ABOUT_FOLDERS)
        ]

    assert sorted(places("error")) == sorted(expected.errors)
    assert sorted(places("warning")) == sorted(expected.said)
