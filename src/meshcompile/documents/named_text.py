"""Texts that do not come from a file."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NamedText:
    """A text of YAML or JSON, with the file name to show in findings.

    `line` is the number of lines before the text in its source. Positions in findings include them.
    """

    name: str
    text: str
    line: int = 0
