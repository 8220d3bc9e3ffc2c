"""Check each object in the input, and print the findings to stdout."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from meshcompile.cli import exit_codes
from meshcompile.cli.console import complain
from meshcompile.cli.findings import FORMATS, write_findings
from meshcompile.cli.inputs import load_mesh, mesh_arguments, path_arguments
from meshcompile.cli.progress import progress
from meshcompile.cli.summary import summary, verdict
from meshcompile.diagnostics import Diagnostic, Severity

if TYPE_CHECKING:  # nothing of the compiler is imported until a command runs
    from meshcompile import Mesh

BETWEEN_OBJECTS = "each object was checked on its own; run `meshcompile analyze` to check how they fit together"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-o", "--output", choices=FORMATS, help="full shows the lines of the source; text and concise are the same "
        "(default: full on a terminal, else concise)",
    )  # fmt: skip
    parser.add_argument(
        "--fail-on", choices=[str(severity) for severity in Severity], default="error", metavar="SEVERITY",
        help="exit with status 1 for findings of this severity or above: error, warning, info (default: %(default)s)",
    )  # fmt: skip
    path_arguments(parser)
    mesh_arguments(parser)


def run(options: argparse.Namespace) -> int:
    return checked(options, lambda mesh: mesh.diagnostics, afterwards=BETWEEN_OBJECTS)


def checked(options: argparse.Namespace, findings: Callable[[Mesh], Sequence[Diagnostic]], afterwards: str = "") -> int:
    """Print the findings about the input, and return the exit status.

    `afterwards` is printed if objects were checked without findings.
    """
    from meshcompile import UnreadableInput

    try:
        with progress("checking"):
            mesh = load_mesh(options)
            found = findings(mesh)
    except UnreadableInput as error:
        write_findings(error.diagnostics, options, sys.stderr)
        complain(verdict(error.diagnostics))
        return exit_codes.UNREADABLE
    limit = Severity(options.fail_on)
    everything = options.verbose or limit is Severity.INFO  # findings that make the command fail are always shown
    shown = [item for item in found if everything or item.severity is not Severity.INFO]
    write_findings(shown, options, sys.stdout)
    for line in summary(mesh, shown, everything):
        complain(line)
    if any(item.severity >= limit for item in found):
        return exit_codes.FINDINGS
    if afterwards and mesh.config_cluster.resources:
        complain(afterwards)
    return exit_codes.OK
