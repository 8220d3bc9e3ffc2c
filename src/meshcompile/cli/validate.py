"""Check the input and print what is wrong with it. The findings are the output: they go to stdout."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from meshcompile.cli import exit_codes
from meshcompile.cli.console import complain, print_diagnostics, summary
from meshcompile.cli.inputs import load_mesh, mesh_arguments
from meshcompile.cli.render import rendered
from meshcompile.diagnostics import Diagnostic, Severity

FORMATS = ("text", "json", "yaml")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-o", "--output", choices=FORMATS, default="text", help="(default: %(default)s)")
    parser.add_argument(
        "--fail-on", choices=[str(severity) for severity in Severity], default="error", metavar="SEVERITY",
        help="exit with 1 when something this bad is found: error, warning or info (default: %(default)s)",
    )  # fmt: skip
    mesh_arguments(parser)


def run(options: argparse.Namespace) -> int:
    found = load_mesh(options).diagnostics
    limit = Severity(options.fail_on)
    everything = options.verbose or limit is Severity.INFO  # what makes the command fail is shown
    shown = [item for item in found if everything or item.severity is not Severity.INFO]
    if options.output == "text":
        print_diagnostics(shown, sys.stdout)
        complain(summary(shown))
    else:
        sys.stdout.write(rendered([as_data(item) for item in shown], options.output))
    return exit_codes.FINDINGS if any(item.severity.rank <= limit.rank for item in found) else exit_codes.OK


def as_data(found: Diagnostic) -> dict[str, Any]:
    """A finding as plain JSON values."""
    return {
        "code": found.code,
        "slug": found.slug,
        "severity": str(found.severity),
        "message": found.message,
        "file": found.file,
        "line": found.line,
        "column": found.column,
        "field": found.field,
        "kind": found.kind,
        "namespace": found.namespace,
        "name": found.name,
        "rejected": found.rejected,
        "suggestion": found.suggestion,
        "related": [{"message": item.message, "place": str(item.origin)} for item in found.related],
    }
