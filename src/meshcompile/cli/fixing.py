"""`--fix` and `--diff`: fixes written to the files that they are for, or shown."""

from __future__ import annotations

import argparse
import os
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from difflib import unified_diff
from pathlib import Path
from typing import TYPE_CHECKING

from meshcompile.cli.console import complain
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents.limits import DEFAULT_LIMITS
from meshcompile.documents.malformed import Malformed
from meshcompile.documents.stream import Reader
from meshcompile.findings.fixing import Applied, applicable_fix, applied
from meshcompile.words import counted

if TYPE_CHECKING:
    from meshcompile import Mesh

ROUNDS = 10
"""The maximum number of times that findings are looked for and fixed: a fix may reveal the next problem."""
BYTE_ORDER_MARK = "\ufeff"

Checked = tuple["Mesh", Sequence[Diagnostic], int]
"""The mesh, its findings and the number of those that are suppressed."""


def fixed(checked: Checked, again: Callable[[], Checked], options: argparse.Namespace) -> Checked:
    """Apply fixes to files until none is left. Returns what is found afterwards."""
    total = 0
    for _ in range(ROUNDS):
        changes = _changes(checked[1], options)
        if not changes:
            break
        for path, change in changes.items():
            _write(path, change.text)
        total += sum(len(change.fixed) for change in changes.values())
        checked = again()
    complain(f"{counted(total, 'finding')} fixed" if total else "no finding can be fixed")
    return checked


def show_differences(found: Sequence[Diagnostic], options: argparse.Namespace) -> bool:
    """Print what `--fix` would change, and return whether there is anything."""
    changes = _changes(found, options)
    for path, change in changes.items():
        before, after = (text.splitlines(keepends=True) for text in (_read(path) or "", change.text))
        sys.stdout.writelines(_terminated(unified_diff(before, after, path, path)))
    return bool(changes)


def fixable_note(found: Iterable[Diagnostic]) -> Iterator[str]:
    """How many findings `--fix` and `--unsafe-fixes` would solve, if any."""
    fixes = [(applicable_fix(one, unsafe=False), applicable_fix(one, unsafe=True)) for one in found]
    safe = sum(fix is not None for fix, _ in fixes)
    unsafe = sum(fix is None and other is not None for fix, other in fixes)
    parts = ((safe, "`--fix`"), (unsafe, "`--unsafe-fixes`"))
    if safe or unsafe:
        yield "fixable: " + ", ".join(f"{number} with {option}" for number, option in parts if number)


def _terminated(lines: Iterable[str]) -> Iterable[str]:
    return (line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _changes(found: Iterable[Diagnostic], options: argparse.Namespace) -> Mapping[str, Applied]:
    """The new text of each file that fixes change."""
    by_file: dict[str, list[Diagnostic]] = defaultdict(list)
    for each in found:
        if each.fixes:
            by_file[each.file].append(each)
    changes = {path: _change(path, findings, options.unsafe_fixes) for path, findings in sorted(by_file.items())}
    return {path: change for path, change in changes.items() if change is not None and change.fixed}


def _change(path: str, found: Sequence[Diagnostic], unsafe: bool) -> Applied | None:
    """The text of a file after fixes; None for input that is no file.

    If the fixes together would break the file, the first one that does not is applied alone.
    """
    text = _read(path)
    if text is None:
        return None
    change = applied(text, found, unsafe=unsafe)
    if _malformed(change.text) <= _malformed(text):
        return change
    single = (applied(text, [one], unsafe=unsafe) for one in found)
    return next((one for one in single if one.fixed and _malformed(one.text) <= _malformed(text)), None)


def _malformed(text: str) -> int:
    """The number of documents that cannot be read."""
    return sum(isinstance(part, Malformed) for part in Reader(DEFAULT_LIMITS).documents(text))


def _read(path: str) -> str | None:
    """The text of a file, with its line breaks; a byte order mark is left out."""
    if not os.path.isfile(path):
        return None
    try:
        return Path(path).read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:  # an archive
        return None


def _write(path: str, text: str) -> None:
    """Replace the content of a file at once. Its mode stays, and a symbolic link still leads to it."""
    import tempfile

    target = Path(os.path.realpath(path))
    mark = target.read_bytes().startswith(BYTE_ORDER_MARK.encode())
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".writing-", delete=False) as file:
        file.write(f"{BYTE_ORDER_MARK if mark else ''}{text}".encode())
    os.chmod(file.name, target.stat().st_mode)
    os.replace(file.name, target)
