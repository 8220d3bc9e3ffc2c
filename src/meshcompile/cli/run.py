"""Run proxies on this machine: real Envoys that follow the files of the input."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from meshcompile.cli import exit_codes
from meshcompile.cli.bootstrap_options import bootstrap_arguments
from meshcompile.cli.console import UsageError, complain, counted, print_diagnostics
from meshcompile.cli.inputs import load_mesh, mesh_arguments, proxy_argument, reported, wanted_proxy
from meshcompile.cli.watch import described as described_edit
from meshcompile.cli.watch import refuse_what_cannot_be_watched, watched_paths

if TYPE_CHECKING:  # nothing of the compiler is imported until a command runs
    from meshcompile.cli.local_proxies import LocalProxies
    from meshcompile.serve.followed_mesh import FollowedMesh


def arguments(parser: argparse.ArgumentParser) -> None:
    proxy_argument(parser)
    parser.add_argument(
        "--mesh", action="store_true", dest="whole_mesh",
        help="run all proxies, each at an address of its own in 127.0.0.0/8, with echo servers as applications (Linux)",
    )  # fmt: skip
    parser.add_argument(
        "--address", default="127.0.0.1", metavar="IP",
        help="address of listeners that are bound to all addresses in a Pod (default: %(default)s)",
    )  # fmt: skip
    bootstrap_arguments(parser)
    mesh_arguments(parser)


def run(options: argparse.Namespace) -> int:
    import gc

    gc.enable()  # this command does not end soon
    refuse_what_cannot_be_watched(options)
    if options.flavour != "envoy":
        raise UsageError("`run` starts upstream Envoy, which lacks the extensions of --flavour istio")
    signal.signal(signal.SIGTERM, _interrupted)
    with tempfile.TemporaryDirectory(prefix="meshcompile-run-") as folder:
        return _run(options, Path(folder))


def _interrupted(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def _run(options: argparse.Namespace, folder: Path) -> int:
    from meshcompile.cli.local_proxies import LocalProxies, OneProxy, WholeMesh
    from meshcompile.running.binary import envoy_binary
    from meshcompile.serve.followed_mesh import FollowedMesh
    from meshcompile.source.following import changes, looks, stamps

    if options.whole_mesh and (options.proxy or options.node):
        raise UsageError("--mesh runs all proxies: name none")
    binary, paths = envoy_binary(), watched_paths(options)
    before = stamps(paths)
    followed = FollowedMesh(load_mesh(options), paths)
    reported(followed.good.diagnostics, options)
    chosen = WholeMesh(options, folder) if options.whole_mesh else OneProxy(options, wanted_proxy(options))
    with LocalProxies(binary, folder, chosen) as proxies:
        for line in proxies.show(followed.good):
            complain(line)
        complain(
            f"{counted(len(proxies.running), 'proxy')} live; watching {counted(len(before), 'file')}; stop with Ctrl-C"
        )
        for now in looks(paths):
            found = changes(before, now)
            before = now
            if found:
                _apply(proxies, followed, found)
            for line in proxies.troubles():
                complain(line)
            if proxies.has_ended:
                return exit_codes.FINDINGS
    return exit_codes.OK


def _apply(proxies: LocalProxies, followed: FollowedMesh, found: dict[str, bool]) -> None:
    """Apply an edit, or say why it is not applied."""
    from meshcompile import MeshcompileError
    from meshcompile.serve.followed_mesh import MeshAccepted, MeshRefused

    match followed.after(found):
        case MeshAccepted(mesh=mesh):
            try:
                lines = proxies.show(mesh)
            except MeshcompileError as error:
                lines = [f"{error}; the proxies stay as they are"]
            complain(f"{described_edit(found)}: {'; '.join(lines) or 'no proxy changes'}")
        case MeshRefused() as refused:
            print_diagnostics(refused.diagnostics, sys.stderr)
            complain(f"{described_edit(found)}: {refused.reason}; the proxies stay as they are")
        case _:
            complain(f"{described_edit(found)}: nothing to compile has changed")
