"""The fenced blocks of the pages: files, commands and Python that a reader may try."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = tuple(path for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))))

BLOCK = re.compile(r"^( *)```(\w+)(?: title=\"([^\"]+)\")?\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
STATUS = re.compile(r"<!-- exit status: (\d+) -->\n *\Z")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block. `title` is the name of the file, `status` is the exit status of the commands."""

    language: str
    title: str
    text: str
    status: int


@dataclass(frozen=True, slots=True)
class Command:
    """A command on a page, and the output on the page; "" if there is none."""

    line: str
    output: str
    status: int


def blocks(page: Path) -> Iterator[Block]:
    text = page.read_text()
    for found in BLOCK.finditer(text):
        status = STATUS.search(text[: found.start()])
        yield Block(found[2], found[3] or "", found[4], int(status[1]) if status else 0)


def commands(block: Block) -> Iterator[Command]:
    """The commands of a console block."""
    for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        line, _, output = part.partition("\n")
        yield Command(line, output, block.status)


def matches(shown: str, printed: str) -> bool:
    """Whether the expected output matches the actual one, except for trailing spaces. `...` matches anything."""
    pattern = ".*".join(re.escape(part) for part in _trimmed(shown).split("..."))
    return re.fullmatch(pattern, _trimmed(printed), re.DOTALL) is not None


def _trimmed(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().splitlines())
