"""Print the JSON Schema of a kind, or the list of kinds."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from meshcompile.cli import exit_codes
from meshcompile.cli.console import UsageError
from meshcompile.cli.render import rendered, write_files


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "kind", nargs="?", metavar="KIND", help="for example VirtualService or networking.istio.io/VirtualService"
    )
    parser.add_argument(
        "--output-dir", type=Path, metavar="DIR", help="write the schemas of all kinds to files, for editors"
    )


def run(options: argparse.Namespace) -> int:
    from meshcompile.models.registry import KINDS

    if options.output_dir:
        from meshcompile.models.schema import all_schema, file_name, kind_schema

        schemas = {file_name(kind): kind_schema(kind) for kind in KINDS} | {"all.json": all_schema()}
        write_files(options.output_dir, {name: rendered(schema, "json") for name, schema in schemas.items()})
    elif options.kind:
        sys.stdout.write(_schema(options.kind))
    else:
        sys.stdout.write("".join(f"{kind.group or 'core'}/{kind.name}\n" for kind in KINDS))
    return exit_codes.OK


def _schema(name: str) -> str:
    """The schema of the first kind with this name, with or without its group."""
    from meshcompile.models.registry import KINDS
    from meshcompile.models.schema import kind_schema

    for kind in KINDS:
        if name.lower() in (kind.name.lower(), f"{kind.group or 'core'}/{kind.name}".lower()):
            return rendered(kind_schema(kind), "json")
    from difflib import get_close_matches

    near = get_close_matches(name, [kind.name for kind in KINDS], n=2)
    raise UsageError(f"no kind named {name!r}" + (f"; did you mean {' or '.join(near)}?" if near else ""))
