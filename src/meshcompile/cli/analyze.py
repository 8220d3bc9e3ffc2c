"""Check each object in the input, and how objects fit together: dangling references and conflicts.

The findings are the output: they go to stdout.
"""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from operator import attrgetter
from typing import TYPE_CHECKING

from meshcompile.cli import validate

if TYPE_CHECKING:  # nothing of the compiler is imported until a command runs
    from meshcompile import Mesh
    from meshcompile.diagnostics import Diagnostic


def arguments(parser: argparse.ArgumentParser) -> None:
    validate.arguments(parser)
    parser.add_argument(
        "--at", type=_time, metavar="TIME",
        help="report certificates in Secrets that are not valid at this time: 2030-01-31 or 2030-01-31T12:00:00Z",
    )  # fmt: skip


def run(options: argparse.Namespace) -> int:
    return validate.checked(options, lambda mesh: findings(mesh, options.at), complete=True)


def findings(mesh: Mesh, at: datetime | None = None) -> list[Diagnostic]:
    """The findings about single objects and across objects, each cause once, by exact position."""
    from meshcompile.analyze.restated import joined, without_general

    malformed = mesh.config_cluster.malformed
    found = without_general({*joined(mesh.diagnostics, mesh.analyze(at), malformed)})
    return sorted(found, key=attrgetter("sort_key"))  # a position is computed once, not in every comparison


def _time(text: str) -> datetime:
    """A time in ISO 8601. Without a zone, it is in UTC."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time such as 2030-01-31 or 2030-01-31T12:00:00Z") from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
