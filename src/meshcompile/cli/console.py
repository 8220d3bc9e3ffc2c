"""stdout is for data and stderr is for messages. Colour is used only on a terminal, and not if NO_COLOR is set."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import TextIO

from meshcompile.diagnostics import Diagnostic, Severity

COLOURS = {Severity.ERROR: "31", Severity.WARNING: "33", Severity.INFO: "36"}


class UsageError(Exception):
    """Arguments that cannot be combined."""


def complain(message: str) -> None:
    """Print a message of the command."""
    print(f"meshcompile: {message}", file=sys.stderr)


def print_diagnostics(diagnostics: Iterable[Diagnostic], stream: TextIO) -> None:
    """Print one line per finding, followed by its suggestion and its related positions."""
    for found in diagnostics:
        severity = _coloured(str(found.severity), COLOURS[found.severity], stream)
        print(f"{found.origin}: {severity}: {found.message} [{found.code} {found.slug}]", file=stream)
        if found.suggestion:
            print(f"    {found.suggestion}", file=stream)
        for related in found.related:
            print(f"    {related}", file=stream)


def counted(number: int, noun: str) -> str:
    """`1 proxy`, `2 proxies`."""
    return f"{number} {noun if number == 1 else _plural(noun)}"


def _plural(noun: str) -> str:
    """`policies`, `Ingresses`, `Endpoints`, `Gateways`."""
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return f"{noun[:-1]}ies"
    if noun.endswith("ss"):
        return f"{noun}es"
    return noun if noun.endswith("s") else f"{noun}s"


def worst(diagnostics: Iterable[Diagnostic]) -> Severity | None:
    """The worst severity among the findings; None when there are none."""
    return max((found.severity for found in diagnostics), default=None)


def _coloured(text: str, colour: str, stream: TextIO) -> str:
    wanted = stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return f"\x1b[{colour}m{text}\x1b[0m" if wanted else text
