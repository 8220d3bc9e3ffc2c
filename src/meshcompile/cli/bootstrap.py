"""Print a static Envoy configuration of a proxy: everything inlined, so that it needs no control plane."""

from __future__ import annotations

import argparse
import sys

from meshcompile.cli.inputs import compile_proxy, mesh_arguments, proxy_argument, reported
from meshcompile.cli.render import FORMATS, rendered


def arguments(parser: argparse.ArgumentParser) -> None:
    proxy_argument(parser)
    parser.add_argument("-o", "--output", choices=FORMATS, default="json", help="(default: %(default)s)")
    parser.add_argument(
        "--flavour", choices=("envoy", "istio"), default="envoy",
        help="for the Envoy of its own project, or with what only Istio's build has (default: %(default)s)",
    )  # fmt: skip
    mesh_arguments(parser)


def run(options: argparse.Namespace) -> int:
    config, diagnostics = compile_proxy(options)
    sys.stdout.write(rendered(config.bootstrap(flavour=options.flavour), options.output))
    return reported(diagnostics, options)
