"""Shell completion: the output of `meshcompile __complete`, and the scripts in real shells."""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from meshcompile.cli.complete import BUDGET_VARIABLE
from tests.cli.conftest import Run

PROXY = "deployment/catalog.shop"
TYPED = [
    ("meshcompile comp", ["compile", "completion"]),
    ("meshcompile pc rou", ["routes"]),
    ("meshcompile compile --output-", ["--output-dir"]),
    ("meshcompile compile -o j", ["json"]),
    ("meshcompile pc routes -f mesh.yaml dep", [PROXY]),
    ("meshcompile pc routes -f mesh.yaml catalog", ["catalog-0.shop"]),
    ("meshcompile compile mesh.yaml -p deployment/", [PROXY]),
    ("meshcompile compile mesh.yaml --namespace s", ["shop"]),
    ("meshcompile validate me", ["mesh.yaml"]),
    ("meshcompile validate -f me", ["mesh.yaml"]),
    ("meshcompile compile --output-dir fo", ["folder"]),
    ("meshcompile schema VirtualS", ["VirtualService"]),
    ("meshcompile me", []),
    ("meshcompile compile -o me", []),
    ("meshcompile validate --fail-on w", ["warning"]),
]


@pytest.fixture
def place(mesh: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a mesh and a folder, and `meshcompile` on PATH."""
    (tmp_path / "folder").mkdir()
    script = tmp_path / ".bin" / "meshcompile"
    script.parent.mkdir()
    source = Path(__file__).resolve().parents[2] / "src"
    script.write_text(f'#!/bin/sh\nPYTHONPATH={source} exec {sys.executable} -m meshcompile "$@"\n')
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{script.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv(BUDGET_VARIABLE, "60")  # the machine may be busy
    monkeypatch.chdir(tmp_path)
    return tmp_path


def offered(run: Run, *words: str) -> tuple[str, Sequence[str]]:
    """What is completed at the cursor, and the offered words."""
    place, *lines = run("__complete", *words).out.splitlines()
    return place, [line.partition("\t")[0] for line in lines]


@pytest.mark.parametrize(
    ("words", "kind", "some"),
    [
        ([""], "words", ["compile", "validate", "--version"]),
        (["pc", ""], "words", ["listeners", "endpoints"]),
        (["pc", "routes", "-f", "mesh.yaml", ""], "words", [PROXY]),
        (["pc", "routes", "-f", "mesh.yaml", "pod/"], "words", ["pod/catalog-0.shop"]),
        (["compile", "--type", "routes,c"], "words", ["routes,clusters"]),
        (["compile", "--output=y"], "words", ["--output=yaml"]),
        (["validate", "--mesh-config="], "files", []),
        (["validate", "a.yaml", "-o", "json", ""], "files", []),
        (["compile", "--output-dir", ""], "dirs", []),
        (["validate", "-k", ""], "dirs", []),
        (["bootstrap", "--admin-port", ""], "words", []),
        (["version", ""], "words", []),
        (["nonsense", ""], "words", []),
        (["pc", "nonsense", ""], "words", []),
        ([], "words", ["compile"]),
    ],
)
def test_offers(run: Run, place: Path, words: list[str], kind: str, some: list[str]) -> None:
    """Each position offers the words that are valid there, and files or folders only where they are valid."""
    found, offers = offered(run, *words)
    assert found == kind
    assert set(some) <= set(offers)
    assert bool(some) == bool(offers)


def test_options_are_offered_once(run: Run, place: Path) -> None:
    """An option that is already on the line is offered again only if it is repeatable."""
    _, words = offered(run, "validate", "-v", "-f", "mesh.yaml", "--")
    assert "--verbose" not in words
    assert {"--file", "--output"} <= set(words)


def test_contexts(run: Run, place: Path) -> None:
    """The contexts that kubectl lists are offered."""
    kubectl = place / ".bin" / "kubectl"
    kubectl.write_text('#!/bin/sh\n[ "$*" = "config get-contexts --output=name" ] && printf "prod\\nstaging\\n"\n')
    kubectl.chmod(0o755)
    assert offered(run, "proxies", "--context", "s") == ("words", ["staging"])


@pytest.mark.parametrize("text", ["a: [1", "kind: Nothing\n", ""])
def test_input_that_cannot_be_read_offers_nothing(run: Run, place: Path, text: str) -> None:
    """With bad input, completion prints neither a message nor a word."""
    (place / "bad.yaml").write_text(text)
    done = run("__complete", "compile", "bad.yaml", "-p", "")
    assert (done.status, done.out, done.err) == (0, "words\n", "")


def test_a_key_press_does_not_wait(run: Run, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If finding names exceeds the time limit, no names are offered."""
    import meshcompile

    monkeypatch.setenv(BUDGET_VARIABLE, "0.05")
    monkeypatch.setattr(meshcompile, "load", lambda *_, **__: time.sleep(20))
    started = time.monotonic()
    assert offered(run, "compile", "mesh.yaml", "-p", "") == ("words", [])
    assert time.monotonic() - started < 10


@pytest.mark.parametrize(("typed", "expected"), TYPED)
def test_bash(run: Run, place: Path, typed: str, expected: list[str]) -> None:
    """bash offers the words from meshcompile, and files where files are valid."""
    (place / "script").write_text(run("completion", "bash").out)
    code = f"""
        source ./script; COMP_LINE='{typed}'; COMP_POINT={len(typed)}
        _meshcompile meshcompile; printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(["bash", "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout.split() == expected


@pytest.mark.parametrize(
    ("typed", "expected"),
    [("meshcompile compile --output=y", ["yaml"]), ("meshcompile validate --file=me", ["mesh.yaml"])],
)
def test_bash_keeps_what_it_has(run: Run, place: Path, typed: str, expected: list[str]) -> None:
    """bash replaces only the text after the last `=`, so the offered words lack the text before it."""
    test_bash(run, place, typed, expected)


@pytest.mark.skipif(not shutil.which("fish"), reason="fish is not installed")
@pytest.mark.parametrize(("typed", "expected"), TYPED)
def test_fish(run: Run, place: Path, typed: str, expected: list[str]) -> None:
    """fish offers the same words."""
    (place / "script").write_text(run("completion", "fish").out)
    code = f"source ./script; complete -C '{typed}'"
    done = subprocess.run(["fish", "--no-config", "-c", code], capture_output=True, check=True, text=True)
    words = [line.partition("\t")[0].rstrip("/") for line in done.stdout.splitlines()]
    assert words == expected


@pytest.mark.skipif(not shutil.which("zsh"), reason="zsh is not installed")
@pytest.mark.parametrize(("typed", "expected"), [(typed, words[0]) for typed, words in TYPED[2::3] if len(words) == 1])
def test_zsh(run: Run, place: Path, typed: str, expected: str) -> None:
    """zsh completes a single candidate."""
    (place / "script").write_text(run("completion", "zsh").out)
    assert f"<{typed.rpartition(' ')[0]} {expected}" in zsh_line(typed).replace("/>", ">").replace(" >", ">")


def zsh_line(typed: str) -> str:
    """The content of the line in an interactive zsh after Tab, between `<` and `>`."""
    setup = 'autoload -U compinit; compinit -u -D; source ./script; PS1=; show() { print -r -- "<$BUFFER>" }; '
    setup += "zle -N show; bindkey '^X' show; print ready\n"
    child, terminal = pty.fork()
    if child == 0:
        os.execvp("zsh", ["zsh", "-f", "-i"])
    try:
        os.write(terminal, setup.encode())
        _read_until(terminal, "\nready")
        os.write(terminal, f"{typed}\t\x18".encode())
        return _read_until(terminal, ">")
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)
        os.close(terminal)


def _read_until(terminal: int, wanted: str) -> str:
    """The output of the terminal up to this text."""
    shown, deadline = "", time.monotonic() + 60
    while wanted not in shown and time.monotonic() < deadline:
        if select.select([terminal], [], [], 1)[0]:
            shown += os.read(terminal, 65536).decode(errors="replace").replace("\r", "")
    return shown
