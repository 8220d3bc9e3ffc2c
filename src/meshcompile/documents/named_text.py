"""Texts that do not come from a file."""

from __future__ import annotations

from msgspec import Struct


class NamedText(Struct, frozen=True):
    """A text of YAML or JSON, with the file name to show in findings.

    `line` is the number of lines before the text in its source. Positions in findings include them.
    """

    name: str
    text: str
    line: int = 0
