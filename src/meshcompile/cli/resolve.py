"""Print the resolved configuration of a proxy, before it becomes Envoy messages, with the source of each part."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from meshcompile.cli.hints import hint_at_missing_proxies
from meshcompile.cli.inputs import load_mesh, mesh_arguments, reported, wanted_proxy
from meshcompile.cli.render import FORMATS, rendered

if TYPE_CHECKING:  # nothing of the compiler is imported until a command runs
    from meshcompile import Mesh, Proxy


def arguments(parser: argparse.ArgumentParser) -> None:
    from pathlib import Path

    parser.add_argument(
        "proxy",
        nargs="?",
        metavar="PROXY",
        help="pod.namespace or kind/name.namespace, for example deployment/web.shop",
    )
    parser.add_argument(
        "--node", type=Path, metavar="FILE", help="file with the node of a proxy's Envoy bootstrap, as JSON"
    )
    parser.add_argument("-o", "--output", choices=FORMATS, default="yaml", help="(default: %(default)s)")
    mesh_arguments(parser)


def run(options: argparse.Namespace) -> int:
    proxy = wanted_proxy(options)
    mesh = load_mesh(options)

    from meshcompile.output.resolved import resolved_data
    from meshcompile.resolve.resolved import resolve

    resolved = resolve(mesh.snapshot, _proxy(mesh, proxy))
    sys.stdout.write(rendered(resolved_data(resolved), options.output))
    return reported((*mesh.diagnostics, *resolved.findings), options)


def _proxy(mesh: Mesh, proxy: Proxy | str) -> Proxy:
    from meshcompile import UnknownProxy

    if not isinstance(proxy, str):
        return proxy
    try:
        return mesh.proxy(proxy)
    except UnknownProxy:
        hint_at_missing_proxies(mesh)
        raise
