"""The entry point: find the command, run it, and turn what went wrong into a message and an exit status.

`meshcompile --help` answers from here, without argparse: nothing but this module and its table is imported.
"""

from __future__ import annotations

import sys

from meshcompile.cli import exit_codes
from meshcompile.cli.commands import overview

TYPE_CHECKING = False  # `typing` takes longer to import than all else here
if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that the arguments name; the exit status."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    if given[:1] in (["-h"], ["--help"]):
        sys.stdout.write(overview())
        return exit_codes.OK
    if not given:
        sys.stderr.write(overview())
        return exit_codes.USAGE
    if given == ["--version"]:
        given = ["version"]
    return _run(given)


def _run(arguments: Sequence[str]) -> int:
    import gc

    from meshcompile.cli.parser import parser

    gc.disable()  # a command ends soon, and needs all that it makes until then
    options = parser(arguments[0] if arguments else "").parse_args(arguments)
    try:
        status: int = options.run(options)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return exit_codes.INTERRUPTED
    except BrokenPipeError:
        return _reader_left()
    except Exception as error:
        return _failure(error)
    return status


def _reader_left() -> int:
    """Whoever read the output has seen enough: nothing more may be written, and that is no failure."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return exit_codes.OK


def _failure(error: Exception) -> int:
    """Say what went wrong; the exit status for it."""
    from meshcompile import MeshcompileError, UnknownProxy, UnreadableInput
    from meshcompile.cli.console import UsageError, complain, print_diagnostics

    match error:
        case UnreadableInput():
            print_diagnostics(error.diagnostics, sys.stderr)
            return exit_codes.UNREADABLE
        case UnknownProxy(candidates=()):
            complain(f"{error}; `meshcompile proxies` lists those there are")
            return exit_codes.USAGE
        case MeshcompileError() | UsageError():
            complain(str(error))
            return exit_codes.USAGE
        case OSError():  # of a file that the command itself reads or writes
            complain(f"{error.filename or 'output'}: {error.strerror or error}")
            return exit_codes.UNREADABLE
        case _:
            import traceback

            traceback.print_exception(error)
            complain("this is a bug in meshcompile; the lines above say where")
            return exit_codes.INTERNAL
