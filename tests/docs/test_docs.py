from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import meshcompile
from meshcompile.cli import exit_codes
from tests.docs.pages import PAGES, ROOT, blocks, commands, matches


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def with_blocks(language: str) -> list[Path]:
    return [page for page in PAGES if any(block.language == language for block in blocks(page))]


@pytest.fixture
def workplace(tmp_path: Path) -> Path:
    """A folder with the examples and the tests, and `meshcompile` first on PATH."""
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    (tmp_path / "tests").symlink_to(ROOT / "tests")
    script = tmp_path / ".bin" / "meshcompile"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT / "src"} exec {sys.executable} -m meshcompile "$@"\n')
    script.chmod(0o755)
    return tmp_path


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.mark.slow
@pytest.mark.parametrize("page", with_blocks("console"), ids=name)
def test_commands_of_a_page_run(page: Path, workplace: Path) -> None:
    """Every command on a page has the exit status and the output that the page shows."""
    environment = {**os.environ, "PATH": f"{workplace / '.bin'}{os.pathsep}{os.environ['PATH']}"}
    for block in blocks(page):
        if block.title:
            write(workplace / block.title, block.text)
        if block.language != "console":
            continue
        for command in commands(block):
            done = subprocess.run(
                command.line,
                shell=True,
                cwd=workplace,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            assert done.returncode == command.status, f"{command.line}\n{done.stdout}"
            if command.output:
                assert matches(command.output, done.stdout), f"{command.line}\n{done.stdout}"


@pytest.mark.parametrize("page", with_blocks("python"), ids=name)
def test_python_of_a_page_runs(page: Path, workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every Python block that begins with an import runs."""
    monkeypatch.chdir(workplace)
    for block in blocks(page):
        if block.title:
            write(workplace / block.title, block.text)
        if block.language == "python" and block.text.startswith("import "):
            exec(compile(block.text, str(page), "exec"), {})


def test_public_names_are_documented() -> None:
    """The Python page names everything that the package exports."""
    page = (ROOT / "docs" / "reference" / "api.md").read_text()
    assert [name for name in meshcompile.__all__ if name != "__version__" and name not in page] == []


@pytest.mark.parametrize("page", ["README.md", "docs/index.md"])
def test_the_first_pages_say_what_of_ambient_meshes_is_compiled(page: str) -> None:
    """The first page says that waypoints of ambient meshes are compiled, and what ztunnel gets."""
    text = (ROOT / page).read_text()
    assert all(word in text for word in ("waypoints", "ambient", "what", "ztunnel"))


def test_exit_codes_are_documented() -> None:
    """The page of exit codes has every exit status."""
    page = (ROOT / "docs" / "reference" / "exit-codes.md").read_text()
    statuses = [value for key, value in vars(exit_codes).items() if key.isupper()]
    assert [status for status in statuses if not re.search(rf"\b{status}\b", page)] == []


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ("a\n...\nc\n", "a\nb\nc\n", True),
        ("a\n...", "a\nb", True),
        ("a", "a\nb", False),
        ("a (b)", "a (b)\n", True),
    ],
)
def test_matches(shown: str, printed: str, same: bool) -> None:
    """Dots match anything, and all other text must be equal."""
    assert matches(shown, printed) is same
