"""Compare a running proxy, by its config dump, with what the files say."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from meshcompile.cli import exit_codes
from meshcompile.cli.dumps import read_dump
from meshcompile.cli.inputs import PROXY_FORMS, load_mesh, mesh_arguments, path_arguments, reported
from meshcompile.cli.render import rendered

if TYPE_CHECKING:  # nothing of the compiler is imported until a command runs
    from meshcompile.compare.drift import Drift

FORMATS = ("text", "json", "markdown", "html", "github")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config-dump", required=True, metavar="DUMP", help="file with /config_dump?include_eds of Envoy, or -"
    )
    parser.add_argument("-p", "--proxy", metavar="PROXY", help=f"proxy (default: the one of the dump): {PROXY_FORMS}")
    parser.add_argument("-o", "--output", choices=FORMATS, default="text", help="(default: %(default)s)")
    path_arguments(parser)
    mesh_arguments(parser)


def run(options: argparse.Namespace) -> int:
    from meshcompile.compare.drift import drift

    dump = read_dump(options.config_dump, options)
    mesh = load_mesh(options)
    found = drift(mesh, dump, options.proxy)
    sys.stdout.write(printed(found, options.output))
    status = reported((*mesh.diagnostics, *found.diagnostics), options)
    return status if found.is_empty else exit_codes.FINDINGS


def printed(found: Drift, form: str) -> str:
    """The drift in one of the formats."""
    from meshcompile.compare.drift_formats import drift_as
    from meshcompile.compare.drift_report import drift_data

    return rendered(drift_data(found), "json") if form == "json" else drift_as(found, form)
