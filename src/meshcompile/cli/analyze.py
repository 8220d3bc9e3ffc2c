"""Check each object in the input, and how objects fit together: dangling references and conflicts.

The findings are the output: they go to stdout.
"""

from __future__ import annotations

import argparse

from meshcompile.cli.validate import arguments, checked

__all__ = ["arguments", "run"]


def run(options: argparse.Namespace) -> int:
    return checked(options, lambda mesh: sorted({*mesh.diagnostics, *mesh.analyze()}), complete=True)
