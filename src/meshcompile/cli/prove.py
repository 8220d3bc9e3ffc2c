"""Prove statements about all requests: what must never arrive, who may call, mutual TLS, timeouts, rules over facts."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from meshcompile.cli import validate
from meshcompile.cli.console import complain
from meshcompile.cli.inputs import mesh_arguments
from meshcompile.words import counted

if TYPE_CHECKING:  # nothing of the compiler is imported until a command runs
    from meshcompile import Mesh, Proofs
    from meshcompile.diagnostics import Diagnostic


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("statements", nargs="+", metavar="FILE", help="file with statements, or `-`")
    validate.finding_arguments(parser)
    mesh_arguments(parser)
    parser.set_defaults(paths=[])


def run(options: argparse.Namespace) -> int:
    return validate.checked(options, lambda mesh: _findings(mesh, options))


def _findings(mesh: Mesh, options: argparse.Namespace) -> list[Diagnostic]:
    """The findings about the statements, and errors of the input, which hide what it means."""
    from meshcompile import Severity

    found = mesh.prove(options.statements)
    _say(found, verbose=options.verbose)
    rejected = [each for each in mesh.diagnostics if each.severity is Severity.ERROR]
    return sorted({*found.diagnostics, *rejected})


def _say(found: Proofs, *, verbose: bool) -> None:
    """Say how many statements are proved, and with -v what is known of each."""
    for each in found.results if verbose else ():
        complain(f"{each.status}: {each.name}")
    statuses = [str(each.status) for each in found.results]
    counts = ", ".join(f"{statuses.count(status)} {status}" for status in dict.fromkeys(sorted(statuses)))
    complain(f"{counted(len(statuses), 'statement')}: {counts}" if statuses else "there are no statements")
