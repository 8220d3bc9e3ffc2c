"""Colours of a terminal."""

from __future__ import annotations

from collections.abc import Callable

from meshcompile.diagnostics import Severity

Paint = Callable[[str, str], str]
"""A text and its colour, to the text with codes of a terminal, or to the text itself."""

SEVERITIES = {Severity.ERROR: "31", Severity.WARNING: "33", Severity.INFO: "36"}
BOLD, BLUE, GREEN = "1", "1;34", "32"


def coloured(text: str, colour: str) -> str:
    """The text in a colour."""
    return f"\x1b[{colour}m{text}\x1b[0m"


def uncoloured(text: str, colour: str) -> str:
    """The text itself."""
    return text
