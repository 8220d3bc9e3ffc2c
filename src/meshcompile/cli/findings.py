"""The output of findings: text for people, and formats for programs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TextIO

from meshcompile.cli.console import print_diagnostics, wants_colour
from meshcompile.diagnostics import Diagnostic, Severity

TEXT = ("full", "concise", "text")
FORMATS = (*TEXT, "json", "yaml", "github", "gitlab", "sarif", "junit", "rdjson")


def write_findings(found: Sequence[Diagnostic], options: argparse.Namespace, stream: TextIO) -> None:
    """Write the findings: text on the stream, formats for programs always on stdout."""
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
        sys.stdout.write(formatted(findings(found), form, invocation))
