"""List the proxies in the input: those of Pods, and those of workloads and Gateways that would create Pods."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from meshcompile.cli.hints import hint_at_missing_proxies
from meshcompile.cli.inputs import load_mesh, mesh_arguments, path_arguments, reported
from meshcompile.cli.render import rendered

if TYPE_CHECKING:  # nothing of the compiler is imported until a command runs
    from meshcompile import Mesh, Proxy

FORMATS = ("table", "json", "yaml")
HEADER = ("NAME", "TYPE", "ADDRESS", "CLUSTER", "FROM")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-o", "--output", choices=FORMATS, default="table", help="(default: %(default)s)")
    path_arguments(parser)
    mesh_arguments(parser)


def run(options: argparse.Namespace) -> int:
    from meshcompile.output.columns import aligned

    mesh = load_mesh(options)
    rows = [_row(mesh, proxy) for proxy in mesh.proxies()]
    if options.output == "table":
        sys.stdout.write(aligned([HEADER, *map(_cells, rows)], padding=5))
    else:
        sys.stdout.write(rendered(rows, options.output))
    hint_at_missing_proxies(mesh)
    return reported(mesh.diagnostics, options)


def _row(mesh: Mesh, proxy: Proxy) -> dict[str, str | bool]:
    """A proxy as data. `from` is the kind of the object that it comes from. If it is no Pod, the Pod is assumed."""
    origin = mesh.origin_of(proxy)
    kind = "" if origin is None else origin.document.kind
    return {
        "name": proxy.id,
        "type": str(proxy.type),
        "address": proxy.ip_addresses[0],
        "cluster": proxy.cluster,
        "from": kind,
        "assumed": kind != "Pod",
    }


def _cells(row: dict[str, str | bool]) -> tuple[str, ...]:
    *cells, kind, is_assumed = row.values()
    return (*map(str, cells), f"{kind} (assumed)" if is_assumed else str(kind))
