"""The parser of the command line. Only the arguments of the requested command are added."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import Any, NoReturn

from meshcompile.cli import exit_codes
from meshcompile.cli.commands import COMMANDS


def parser(command: str | None = None) -> Parser:
    """The parser of this command; without a known command, that of all commands.

    Only a known command has its arguments. Without a name, every command has them.
    """
    top = Parser(prog="meshcompile", usage="meshcompile [-h] COMMAND ...")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", prog="meshcompile", required=True)
    asked = [known for known in COMMANDS if command in (known.name, *known.aliases)]
    for known in asked or COMMANDS:
        own = commands.add_parser(known.name, help=known.help, aliases=known.aliases)
        if asked or command is None:
            module = import_module(f"meshcompile.cli.{known.module}")
            own.description = module.__doc__
            own.set_defaults(run=module.run)
            module.arguments(own)
    return top


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """The options of the arguments. Exits with a message if they are invalid."""
    options, extra = parser(arguments[0] if arguments else "").parse_known_args(arguments)
    paths = getattr(options, "paths", getattr(options, "suites", None))
    unknown = [word for word in extra if paths is None or _is_option(word)]
    if unknown:
        asked: Parser = options.parser
        asked.error(_unknown(unknown[0], option_strings(asked)))
    if paths is not None:
        paths.extend(extra)  # argparse takes only one group of positional arguments: those between options are left
    return options


def actions(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """The arguments of a command. argparse has no public list of them; shtab and argcomplete also read this one."""
    return parser._actions


def option_strings(parser: argparse.ArgumentParser) -> list[str]:
    """The spellings of all options of a command."""
    return [spelling for action in actions(parser) for spelling in action.option_strings]


def suggested(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'compile'?`, or an empty text if no known word is similar."""
    from difflib import get_close_matches  # only needed for mistakes

    close = get_close_matches(word, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def listed(choices: Iterable[str]) -> str:
    """`; choose from json, yaml`, for a word without a similar one."""
    return f"; choose from {', '.join(choices)}"


class Parser(argparse.ArgumentParser):
    """A parser without abbreviated options, with short errors and suggestions.

    `options.given` has the destinations of the options on the line. `options.parser` is the command's parser.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**{"formatter_class": HelpFormatter, "allow_abbrev": False, **settings})
        self.register("action", None, _Store)
        self.register("action", "store", _Store)
        self.set_defaults(parser=self, given=frozenset())

    def error(self, message: str) -> NoReturn:
        """Exit with the message and a hint at the help."""
        name = self.prog.removeprefix("meshcompile").strip()
        sys.stderr.write(f"meshcompile{f' {name}' if name else ''}: {message.removeprefix('argument ')}\n")
        sys.stderr.write(f"see `{self.prog} --help`\n")
        raise SystemExit(self.get_default("usage_status") or exit_codes.USAGE)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Reject an invalid choice. argparse has no public way to change this message."""
        if action.choices is None or value in action.choices:
            return
        choices = list(map(str, action.choices))
        wrong, meant = repr(str(value)), suggested(str(value), choices)
        if isinstance(action, argparse._SubParsersAction):
            raise argparse.ArgumentError(None, f"no such {str(action.metavar).lower()}: {wrong}{meant}")
        raise argparse.ArgumentError(action, f"no such choice: {wrong}{meant or listed(choices)}")


class _Store(argparse.Action):
    """Store the value, and record that the option was given."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        setattr(namespace, self.dest, values)
        if option_string:
            namespace.given |= {self.dest}


class HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Help with wide columns."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=32)


def _is_option(word: str) -> bool:
    return word.startswith("-") and word != "-"


def _unknown(word: str, known: Iterable[str]) -> str:
    if not _is_option(word):
        return f"unexpected argument {word!r}"
    return f"no such option: {word}{suggested(word.partition('=')[0], known)}"
