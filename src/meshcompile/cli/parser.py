"""The parser of the command line. A command's own arguments are added only when it is the one that is asked for."""

from __future__ import annotations

import argparse
from importlib import import_module

from meshcompile.cli.commands import COMMANDS


def parser(command: str | None = None) -> argparse.ArgumentParser:
    """The parser of all commands, with the arguments of this one, or of every one."""
    top = argparse.ArgumentParser(
        prog="meshcompile", usage="meshcompile [-h] COMMAND ...", formatter_class=HelpFormatter
    )
    commands = top.add_subparsers(title="commands", metavar="COMMAND", prog="meshcompile", required=True)
    for known in COMMANDS:
        own = commands.add_parser(known.name, help=known.help, aliases=known.aliases, formatter_class=HelpFormatter)
        if command is None or command in (known.name, *known.aliases):
            module = import_module(f"meshcompile.cli.{known.module}")
            own.description = module.__doc__
            own.set_defaults(run=module.run)
            module.arguments(own)
    return top


class HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Help with wide columns."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=32)
