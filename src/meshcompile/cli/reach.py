"""Say who can call a service, and under which conditions, with a request for each way."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from meshcompile.cli import exit_codes
from meshcompile.cli.console import UsageError, complain
from meshcompile.cli.inputs import load_mesh, mesh_arguments
from meshcompile.cli.render import rendered

if TYPE_CHECKING:  # nothing of the compiler is imported until a command runs
    from collections.abc import Iterator

    from meshcompile import Reach, ReachRow

GRAPHS = ("dot", "mermaid", "svg")
NO_GRAPHVIZ = "--graph svg needs `dot` of Graphviz; --graph dot and --graph mermaid do not"
DRAWING_SECONDS = 60


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--to", required=True, metavar="HOST[:PORT]", help="service: NAME.NAMESPACE or a host")
    parser.add_argument(
        "--from", dest="sender", default="", metavar="WHO",
        help="outside, mesh, ns/NAMESPACE, a workload or a principal (default: all)",
    )  # fmt: skip
    parser.add_argument("--path", default="", metavar="PATH", help="path, with `*` at its start or end (default: all)")
    parser.add_argument("-o", "--output", choices=("table", "json"), default="table", help="(default: %(default)s)")
    parser.add_argument("--graph", choices=GRAPHS, help="draw it instead; svg needs Graphviz")
    mesh_arguments(parser)


def run(options: argparse.Namespace) -> int:
    found = load_mesh(options).reach(options.to, sender=options.sender, path=options.path)
    sys.stdout.write(_printed(found, options))
    for reason in found.unknown:
        complain(f"unknown: {reason}")
    return exit_codes.OK


def _printed(found: Reach, options: argparse.Namespace) -> str:
    from meshcompile.prove.graph import dot, mermaid

    match options.graph:
        case "dot":
            return dot(found)
        case "mermaid":
            return mermaid(found)
        case "svg":
            return _drawn(dot(found))
        case _:
            return rendered(found.to_dict(), "json") if options.output == "json" else _table(found)


def _drawn(text: str) -> str:
    """The drawing that Graphviz makes of a text."""
    import shutil
    import subprocess

    program = shutil.which("dot")
    if program is None:
        raise UsageError(NO_GRAPHVIZ)
    try:
        done = subprocess.run(
            [program, "-Tsvg"], input=text, capture_output=True, text=True, check=True, timeout=DRAWING_SECONDS
        )
    except (subprocess.SubprocessError, OSError) as error:
        raise UsageError(f"`dot` of Graphviz failed: {error}") from error
    return done.stdout


def _table(found: Reach) -> str:
    from meshcompile.output.columns import aligned

    if not found.rows:
        return "" if found.unknown else f"no request reaches {found.service}\n"
    rows = (("FROM", "TO", "REQUESTS", "BECAUSE OF"), *(line for row in found.rows for line in _lines(row)))
    return aligned(rows, padding=3)


MOST_SHOWN = 4
"""The number of callers in a table."""


def _lines(row: ReachRow) -> Iterator[tuple[str, str, str, str]]:
    """The lines of a row: one per alternative, and one per exception."""
    because, *further = _deciding(row)
    who, to = _who(row), f"{row.server}:{row.port}"
    for number, conditions in enumerate(row.any_of):
        text = ", ".join(map(str, conditions)) or "any request"
        doubt = f" (unknown: {row.reason})" if row.reason else ""
        yield (who, to, f"{text}{doubt}", because) if number == 0 else ("", "", f"or {text}", "")
    yield from (("", "", "", place) for place in further)
    for each in row.unless:
        texts = " or ".join(", ".join(map(str, one)) or "any request" for one in each.any_of)
        place = f"{each.places[0].file}:{each.places[0].line}" if each.places else each.rule
        yield "", "", f"unless {texts}", place


def _deciding(row: ReachRow) -> list[str]:
    """The places of the rules that let requests through, or of the route of a gateway."""
    if not (row.rule or row.places):
        return ["no policy"]
    places = [f"{each.file}:{each.line}" for each in row.places[: max(1, len(row.policies))]]
    return places or [row.rule]


def _who(row: ReachRow) -> str:
    """Who sends the requests of a row."""
    from meshcompile.explain.request import OUTSIDE
    from meshcompile.prove.rows import PLAIN_TEXT

    if row.via and OUTSIDE in row.callers:
        return f"outside, by {row.via}"
    more = len(row.callers) - MOST_SHOWN
    named = [*row.callers[:MOST_SHOWN], *([f"{more} more"] if more > 0 else [])]
    who = ", ".join([*named, *(["plain text"] if PLAIN_TEXT in row.connections else [])]) or "any principal"
    return f"{who}, by {row.via}" if row.via else who
