"""List the proxies in the input: those of Pods, and those of workloads that would create Pods."""

from __future__ import annotations

import argparse
import sys

from meshcompile.cli.hints import hint_at_missing_proxies
from meshcompile.cli.inputs import load_mesh, mesh_arguments, path_arguments, reported
from meshcompile.cli.render import rendered

FORMATS = ("table", "json", "yaml")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-o", "--output", choices=FORMATS, default="table", help="(default: %(default)s)")
    path_arguments(parser)
    mesh_arguments(parser)


def run(options: argparse.Namespace) -> int:
    from meshcompile.output.columns import aligned

    mesh = load_mesh(options)
    rows = [
        {"name": proxy.id, "type": str(proxy.type), "address": proxy.ip_addresses[0], "cluster": proxy.cluster}
        for proxy in mesh.proxies()
    ]
    if options.output == "table":
        cells = [tuple(row.values()) for row in rows]
        sys.stdout.write(aligned([("NAME", "TYPE", "ADDRESS", "CLUSTER"), *cells], padding=5))
    else:
        sys.stdout.write(rendered(rows, options.output))
    hint_at_missing_proxies(mesh)
    return reported(mesh.diagnostics, options)
