"""Repositories with common layouts."""

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
    """The findings for a repository. An archive in it is passed by name."""
    archives = [root / name for name, content in repository.files.items() if not isinstance(content, str)]
    try:
        return meshcompile.load(archives or root).diagnostics
    except UnreadableInput as unreadable:
        return unreadable.diagnostics


@pytest.mark.parametrize("repository", REPOSITORIES, ids=lambda repository: repository.__name__)
def test_a_repository_has_its_errors_and_no_others(repository: Callable[[], Repository], tmp_path: Path) -> None:
    """Exactly the mistakes are errors at their positions, and files that need rendering are reported."""
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
