"""Run proxies on this machine: real Envoys that follow the files of the input."""

from __future__ import annotations

import argparse
import signal
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from meshcompile.cli import exit_codes
from meshcompile.cli.bootstrap_options import bootstrap_arguments
from meshcompile.cli.console import UsageError, complain
from meshcompile.cli.inputs import mesh_arguments, proxy_argument, wanted_proxy
from meshcompile.cli.watch import accepted_edit, followed_input, refuse_what_cannot_be_watched
from meshcompile.cli.watch import described as described_edit
from meshcompile.words import counted

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
    from meshcompile.source.following import edits

    if options.whole_mesh and (options.proxy or options.node):
        raise UsageError("--mesh runs all proxies: name none")
    binary = envoy_binary()
    followed, before = followed_input(options)
    chosen = WholeMesh(options, folder) if options.whole_mesh else OneProxy(options, wanted_proxy(options))
    with LocalProxies(binary, folder, chosen) as proxies:
        for line in proxies.show(followed.good):
            complain(line)
        complain(
            f"{counted(len(proxies.running), 'proxy')} live; watching {counted(len(before), 'file')}; stop with Ctrl-C"
        )
        for found in edits(followed.paths, before):
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

    mesh = accepted_edit(followed, found, "the proxies")
    if mesh is None:
        return
    try:
        lines = proxies.show(mesh)
    except MeshcompileError as error:
        lines = [f"{error}; the proxies stay as they are"]
    complain(f"{described_edit(found)}: {'; '.join(lines) or 'no proxy changes'}")
