"""Files of a Git revision, read by the `git` program without a checkout."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence

from meshcompile.documents.named_text import NamedText
from meshcompile.errors import InvalidArgument

PREFIX = "git:"
EXTENSIONS = (".yaml", ".yml", ".json")


def is_revision(text: str) -> bool:
    """Whether an input names a revision: `git:main`, `git:HEAD~1:deploy/`."""
    return text.startswith(PREFIX)


def revision_texts(text: str) -> list[NamedText]:
    """The YAML and JSON files of a revision, or of a folder or file in it, by their paths in the repository.

    Raises InvalidArgument if there is no such revision, if it has no such path, or if git cannot run.
    """
    revision, _, path = text.removeprefix(PREFIX).partition(":")
    if not revision or revision.startswith("-"):
        raise InvalidArgument(f"{text}: expected git:REVISION or git:REVISION:PATH")
    names = [name for name in _names(text, revision, path) if name.endswith(EXTENSIONS)]
    if not names:
        raise InvalidArgument(f"{text}: the revision has no YAML or JSON file there")
    return list(_texts(text, revision, names))


def _names(text: str, revision: str, path: str) -> Sequence[str]:
    """The names of the files, relative to the root of the repository."""
    tree = ["ls-tree", "-r", "-z", "--name-only", "--full-tree", "--end-of-options", revision]
    listed = _git(text, [*tree, "--", path.rstrip("/")] if path else tree)
    return [name for name in listed.decode("utf-8", "replace").split("\0") if name]


def _texts(text: str, revision: str, names: Sequence[str]) -> Iterator[NamedText]:
    asked = "".join(f"{revision}:{name}\n" for name in names).encode()
    answer, at = _git(text, ["cat-file", "--batch"], asked), 0
    for name in names:
        end = answer.index(b"\n", at)
        size = int(answer[at:end].rpartition(b" ")[2])
        content = answer[end + 1 : end + 1 + size]
        at = end + 1 + size + 1
        yield NamedText(name, content.decode("utf-8", "replace"))


def _git(text: str, arguments: Sequence[str], given: bytes = b"") -> bytes:
    try:
        run = subprocess.run(["git", *arguments], input=given, capture_output=True, check=False)
    except OSError as error:
        raise InvalidArgument(f"{text}: git cannot run: {error.strerror}") from None
    if run.returncode:
        reason = run.stderr.decode("utf-8", "replace").strip().splitlines()
        raise InvalidArgument(f"{text}: {reason[0] if reason else 'git failed'}")
    return run.stdout
