"""stdout is for data, stderr for messages; colour only on a terminal, and not when NO_COLOR is set."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import TextIO

from meshcompile.diagnostics import Diagnostic, Severity

COLOURS = {Severity.ERROR: "31", Severity.WARNING: "33", Severity.INFO: "36"}


class UsageError(Exception):
    """Arguments that do not go together."""


def complain(message: str) -> None:
    """Print a message of the command itself."""
    print(f"meshcompile: {message}", file=sys.stderr)


def print_diagnostics(diagnostics: Iterable[Diagnostic], stream: TextIO) -> None:
    """One line per finding, then what would mend it and the other places that it speaks about."""
    for found in diagnostics:
        severity = _coloured(str(found.severity), COLOURS[found.severity], stream)
        print(f"{found.origin}: {severity}: {found.message} [{found.code} {found.slug}]", file=stream)
        if found.suggestion:
            print(f"    {found.suggestion}", file=stream)
        for related in found.related:
            print(f"    {related}", file=stream)


def summary(diagnostics: Iterable[Diagnostic]) -> str:
    """`2 errors, 1 warning`, or `nothing found`."""
    severities = [found.severity for found in diagnostics]
    counts = [(severities.count(severity), severity.value) for severity in Severity]
    return ", ".join(f"{count} {name}{'s' * (count != 1)}" for count, name in counts if count) or "nothing found"


def worst(diagnostics: Iterable[Diagnostic]) -> Severity | None:
    """The worst severity among the findings; None when there are none."""
    return min((found.severity for found in diagnostics), key=lambda severity: severity.rank, default=None)


def _coloured(text: str, colour: str, stream: TextIO) -> str:
    wanted = stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return f"\x1b[{colour}m{text}\x1b[0m" if wanted else text
