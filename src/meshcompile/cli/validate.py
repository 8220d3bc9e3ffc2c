"""Check the input and print what is wrong with it. The findings are the output: they go to stdout."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TextIO

from meshcompile.cli import exit_codes
from meshcompile.cli.console import complain, print_diagnostics
from meshcompile.cli.failures import as_data
from meshcompile.cli.inputs import load_mesh, mesh_arguments, path_arguments
from meshcompile.cli.progress import progress
from meshcompile.cli.summary import summary, verdict
from meshcompile.diagnostics import Diagnostic, Severity

if TYPE_CHECKING:  # nothing of the compiler is imported until a command runs
    from meshcompile import Mesh

FORMATS = ("text", "json", "yaml")
BETWEEN_OBJECTS = "each object was checked by itself; `meshcompile analyze` checks how they fit together"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-o", "--output", choices=FORMATS, default="text", help="(default: %(default)s)")
    parser.add_argument(
        "--fail-on", choices=[str(severity) for severity in Severity], default="error", metavar="SEVERITY",
        help="exit with 1 when something this bad is found: error, warning or info (default: %(default)s)",
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
        _print(error.diagnostics, options, sys.stderr)
        complain(verdict(error.diagnostics))
        return exit_codes.UNREADABLE
    limit = Severity(options.fail_on)
    everything = options.verbose or limit is Severity.INFO  # findings that make the command fail are always shown
    shown = [item for item in found if everything or item.severity is not Severity.INFO]
    _print(shown, options, sys.stdout)
    for line in summary(mesh, shown, everything):
        complain(line)
    if any(item.severity >= limit for item in found):
        return exit_codes.FINDINGS
    if afterwards and mesh.config_cluster.resources:
        complain(afterwards)
    return exit_codes.OK


def _print(found: Sequence[Diagnostic], options: argparse.Namespace, stream: TextIO) -> None:
    """The findings: text on the stream, data always on stdout."""
    if options.output == "text":
        print_diagnostics(found, stream)
    else:
        from meshcompile.cli.render import rendered  # text needs none of it

        sys.stdout.write(rendered(as_data(found), options.output))
