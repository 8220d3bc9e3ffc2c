"""Print the versions of meshcompile and of the Istio release that it follows."""

from __future__ import annotations

import argparse
import sys

from meshcompile.cli import exit_codes
from meshcompile.cli.render import FORMATS, rendered


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-o", "--output", choices=("text", *FORMATS), default="text", help="(default: %(default)s)")


def run(options: argparse.Namespace) -> int:
    from meshcompile import __version__
    from meshcompile.behaviour import ISTIO_1_30

    versions = {"meshcompile": __version__, "istio": ISTIO_1_30.release}
    if options.output == "text":
        sys.stdout.write("".join(f"{name} {version}\n" for name, version in versions.items()))
    else:
        sys.stdout.write(rendered(versions, options.output))
    return exit_codes.OK
