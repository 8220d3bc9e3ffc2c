"""The output of findings: text for people, and formats for programs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from meshcompile.cli.console import print_diagnostics, wants_colour
from meshcompile.cli.validate import TEXT
from meshcompile.diagnostics import Diagnostic, Severity

if TYPE_CHECKING:
    from meshcompile.findings.report import Finding


def write_findings(
    found: Sequence[Diagnostic], options: argparse.Namespace, stream: TextIO, compared: Sequence[Finding] = ()
) -> None:
    """Write the findings: text on the stream, formats for programs always on stdout.

    `compared` are all findings with their states, if there is a baseline.
    """
    form = options.output or ("full" if stream.isatty() else "concise")
    if form == "full":
        from meshcompile.findings.colours import coloured, uncoloured  # not needed to be concise
        from meshcompile.findings.formats.full import full

        stream.write(full(found, coloured if wants_colour(stream) else uncoloured))
    elif form in TEXT:
        print_diagnostics(found, stream)
    else:
        from meshcompile import __version__
        from meshcompile.findings.formats import formatted  # only needed for programs
        from meshcompile.findings.report import Invocation, findings

        invocation = Invocation(__version__, Severity(options.fail_on))
        sys.stdout.write(formatted(compared or findings(found), form, invocation))


def write_statistics(found: Sequence[Diagnostic], options: argparse.Namespace) -> None:
    """Write how often each code is found."""
    from meshcompile.cli.render import rendered
    from meshcompile.findings.statistics import statistics, statistics_text

    text = options.output in (None, *TEXT)
    sys.stdout.write(statistics_text(found) if text else rendered(statistics(found), options.output))
