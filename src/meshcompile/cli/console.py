"""stdout is for data and stderr is for messages. Colour is used only on a terminal, and not if NO_COLOR is set."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import TextIO

from meshcompile.diagnostics import Diagnostic, Severity


class UsageError(Exception):
    """Arguments that cannot be combined."""


class InvalidConfiguration(Exception):
    """A configuration file that cannot be used."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        super().__init__("; ".join(str(found) for found in diagnostics))
        self.diagnostics = diagnostics


def complain(message: str) -> None:
    """Print a message of the command."""
    print(f"meshcompile: {message}", file=sys.stderr)


def print_diagnostics(diagnostics: Iterable[Diagnostic], stream: TextIO) -> None:
    """Print one line per finding, followed by its suggestion and its related positions."""
    found = tuple(diagnostics)
    if found:
        from meshcompile.findings.colours import coloured, uncoloured  # few inputs have findings
        from meshcompile.findings.formats.concise import concise

        stream.write(concise(found, coloured if wants_colour(stream) else uncoloured))


def wants_colour(stream: TextIO) -> bool:
    """True for a terminal, unless the environment says that it shows no colours."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def worst(diagnostics: Iterable[Diagnostic]) -> Severity | None:
    """The worst severity among the findings; None when there are none."""
    return max((finding.severity for finding in diagnostics), default=None)
