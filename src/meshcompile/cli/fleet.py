"""Print a table of all proxies: the number of resources, their size, and fingerprints of their content."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from meshcompile.cli.console import complain
from meshcompile.cli.hints import hint_at_missing_proxies
from meshcompile.cli.inputs import load_mesh, mesh_arguments, path_arguments, reported
from meshcompile.cli.progress import counting, progress
from meshcompile.cli.render import rendered
from meshcompile.cli.workers import executor, worker_arguments
from meshcompile.words import counted

if TYPE_CHECKING:  # nothing of the compiler is imported until a command runs
    from meshcompile import Mesh
    from meshcompile.encoded import Measure
    from meshcompile.fleet.summary import ProxySummary

FORMATS = ("table", "json", "yaml")
SHOWN = 8
"""The hexadecimal digits of a fingerprint in the table."""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-o", "--output", choices=FORMATS, default="table", help="(default: %(default)s)")
    worker_arguments(parser)
    path_arguments(parser)
    mesh_arguments(parser)


def run(options: argparse.Namespace) -> int:
    with progress("loading"):
        mesh = load_mesh(options)
        proxies = mesh.proxies()
    found = list(counting(_summaries(mesh, options), "compiled", len(proxies), "proxy"))
    sys.stdout.write(_table(found) if options.output == "table" else _data(found, options.output))
    hint_at_missing_proxies(mesh)
    if found:
        complain(_distinct(found))
    return reported(mesh.diagnostics, options)


def _summaries(mesh: Mesh, options: argparse.Namespace) -> Iterator[ProxySummary]:
    """The summary of each proxy, in order."""
    from meshcompile.fleet.run import in_this_process, results
    from meshcompile.fleet.summary import Summaries, summaries

    with executor(options) as workers:
        if in_this_process(options.jobs, workers):
            yield from map(Summaries().of, mesh.compile_all())
        else:
            for _, part in results(mesh, mesh.proxies(), summaries, options.jobs, workers):
                yield from part


def _distinct(found: Sequence[ProxySummary]) -> str:
    """`12 proxies with 3 different configurations`."""
    different = len({summary.fingerprint for summary in found})
    return f"{counted(len(found), 'proxy')} with {counted(different, 'different configuration')}"


def _data(found: Iterable[ProxySummary], form: str) -> str:
    return rendered([summary.to_dict() for summary in found], form)


def _table(found: Sequence[ProxySummary]) -> str:
    from meshcompile.encoded import RESOURCE_TYPES
    from meshcompile.output.columns import aligned

    header = ("NAME", "TYPE", "RESOURCES", "BYTES", *(kind.upper() for kind in RESOURCE_TYPES))
    rows = [
        (each.name, each.type, str(each.resources), str(each.size), *map(_cell, each.types.values())) for each in found
    ]
    return aligned([header, *rows], padding=3)


def _cell(measure: Measure) -> str:
    """The first digits of a fingerprint, or `-` for no resources."""
    return measure.fingerprint.hex()[:SHOWN] if measure.count else "-"
