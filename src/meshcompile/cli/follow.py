"""Keep a folder of files for Envoy up to date while the input changes: file xDS.

Only files whose content changes are replaced. An edit with new errors is not applied: Envoy keeps the last
configuration without them.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from meshcompile.cli import exit_codes
from meshcompile.cli.console import complain
from meshcompile.cli.file_xds import XdsFindings, described, write_xds, xds_arguments
from meshcompile.cli.inputs import mesh_arguments, path_arguments, proxy_options, reported, wanted_proxy
from meshcompile.cli.watch import accepted_edit, followed_input, refuse_what_cannot_be_watched
from meshcompile.cli.watch import described as described_edit
from meshcompile.words import counted

if TYPE_CHECKING:  # nothing of the compiler is imported until a command runs
    from meshcompile import Mesh
    from meshcompile.serve.followed_mesh import FollowedMesh


def arguments(parser: argparse.ArgumentParser) -> None:
    which = proxy_options(parser)
    which.add_argument("--all-proxies", action="store_true", help="every proxy of the input (the default)")
    parser.add_argument(
        "--output-dir", type=Path, metavar="DIR", required=True, help="write files DIR/PROXY/lds.json etc."
    )
    xds_arguments(parser)
    path_arguments(parser)
    mesh_arguments(parser)


def run(options: argparse.Namespace) -> int:
    import gc

    gc.enable()  # this command does not end soon
    refuse_what_cannot_be_watched(options)
    XdsFolderWatch(options).run()
    return exit_codes.INTERRUPTED


class XdsFolderWatch:
    """A folder that follows the input. `is_behind` if it could not be written, so that it is tried again.

    `reported` are the findings about the last files.
    """

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.wanted = None if options.proxy is None and options.node is None else wanted_proxy(options)
        self.reported: XdsFindings = {}
        self.is_behind = False

    def run(self) -> None:
        """Follow the input until the user interrupts."""
        from meshcompile.source.following import edits

        followed, before = followed_input(self.options)
        self.write(followed.good, first=True)
        complain(f"watching {counted(len(before), 'file')}; stop with Ctrl-C")
        for found in edits(followed.paths, before):
            if found:
                self.apply(followed, found)
            elif self.is_behind:
                self.write(followed.good)

    def apply(self, followed: FollowedMesh, found: dict[str, bool]) -> None:
        """Write what an edit changes, or say why it is not applied."""
        mesh = accepted_edit(followed, found, "the files")
        if mesh is not None:
            complain(described_edit(found))
            self.write(mesh)

    def write(self, mesh: Mesh, first: bool = False) -> None:
        """Write the files. A folder that cannot be written is tried again with the next look."""
        from meshcompile import UnknownProxy

        try:
            change, findings = write_xds(mesh, self.wanted, self.options)
        except OSError as error:
            self._complain_of_the_folder(error)
        except UnknownProxy as error:
            if first:
                raise
            complain(f"{error}; the files stay as they are")
        else:
            self.is_behind = False
            reported((found for found in findings if found not in self.reported), self.options)
            self.reported = findings
            complain(described(change, self.options.output_dir))

    def _complain_of_the_folder(self, error: OSError) -> None:
        if not self.is_behind:
            complain(f"{error.filename or self.options.output_dir}: {error.strerror}; trying again until it works")
        self.is_behind = True
