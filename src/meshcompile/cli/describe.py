"""Describe an object or a proxy: what selects it, what holds for it, and what of it has no effect."""

from __future__ import annotations

import argparse
import sys

from meshcompile.cli import exit_codes
from meshcompile.cli.console import wants_colour
from meshcompile.cli.inputs import load_mesh, mesh_arguments


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("subject", metavar="NAME", help="proxy, or KIND/NAME.NAMESPACE such as service/catalog.shop")
    parser.add_argument("-o", "--output", choices=("text", "json"), default="text", help="(default: %(default)s)")
    mesh_arguments(parser)


def run(options: argparse.Namespace) -> int:
    description = load_mesh(options).describe(options.subject)
    if options.output == "json":
        from meshcompile.cli.render import rendered

        sys.stdout.write(rendered(description.to_dict(), "json"))
        return exit_codes.OK
    from meshcompile.describe.report import description_report
    from meshcompile.findings.colours import coloured, uncoloured

    sys.stdout.write(description_report(description, coloured if wants_colour(sys.stdout) else uncoloured))
    return exit_codes.OK
