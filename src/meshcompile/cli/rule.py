"""Print the page of a code: what it means, why it matters, examples, and how to solve it. Without a code, list all."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from meshcompile.cli import exit_codes
from meshcompile.cli.console import UsageError
from meshcompile.cli.parser import suggested

if TYPE_CHECKING:
    from meshcompile import Code

FORMATS = ("text", "json")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("code", nargs="?", metavar="CODE", help="id or name, such as IST0101 or unknown-field")
    parser.add_argument("--all", action="store_true", help="print the pages of all codes")
    parser.add_argument("-o", "--output", choices=FORMATS, default="text", help="format (default: %(default)s)")


def run(options: argparse.Namespace) -> int:
    from meshcompile.codes import every_code

    known = sorted(every_code(), key=lambda code: code.id)
    selected = known if options.code is None else [_named(options.code, known)]
    if options.output == "json":
        from meshcompile.cli.render import rendered

        sys.stdout.write(rendered([_data(code) for code in selected], "json"))
    elif options.code or options.all:
        sys.stdout.write("\n".join(page(code) for code in selected))
    else:
        sys.stdout.write("".join(f"{code.id:<7}  {code.severity:<7}  {code.slug}\n" for code in selected))
    return exit_codes.OK


def page(code: Code) -> str:
    """The page of a code, as Markdown."""
    return f"# {code.id} {code.slug}\n\nSeverity: {code.severity}\n\n{_text(code)}\n"


def _data(code: Code) -> dict[str, str]:
    return {"code": code.id, "slug": code.slug, "severity": str(code.severity), "docs": _text(code)}


def _text(code: Code) -> str:
    from meshcompile import codes  # here for a fast start

    return codes.page(code)


def _named(name: str, known: Sequence[Code]) -> Code:
    """The code with an id or a name. Raises UsageError if there is none."""
    found = next((code for code in known if name.upper() == code.id or name == code.slug), None)
    if found is None:
        names = [each for code in known for each in (code.id, code.slug)]
        raise UsageError(f"there is no code {name!r}{suggested(name, names)}; `meshcompile rule` lists all")
    return found
