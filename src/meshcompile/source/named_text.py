"""Texts that came from elsewhere than a file."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NamedText:
    """A text of YAML or JSON with the name that findings give as its file.

    `line` counts the lines that stand before the text where it came from; the places of findings count them too.
    """

    name: str
    text: str
    line: int = 0
