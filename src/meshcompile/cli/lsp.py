"""Run a language server on standard input and output, for editors. Needs the extra `lsp`.

Without inputs, the server reads the folder that the editor opens.
"""

from __future__ import annotations

import argparse

from meshcompile.cli import exit_codes
from meshcompile.cli.inputs import mesh_arguments, path_arguments


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(select=[], ignore=[], suppress=[])
    path_arguments(parser)
    mesh_arguments(parser)


def run(options: argparse.Namespace) -> int:
    from meshcompile import MissingExtra

    try:
        from meshcompile.lsp.server import serve
    except ModuleNotFoundError as error:
        raise MissingExtra("lsp", "run the language server") from error
    serve(options)
    return exit_codes.OK
