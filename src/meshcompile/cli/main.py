"""The entry point: finds the command, runs it, and converts errors to a message and an exit status.

`meshcompile --help` is answered here without argparse: only this module and its table of commands are imported.
"""

from __future__ import annotations

import sys

from meshcompile.cli import exit_codes
from meshcompile.cli.commands import overview

TYPE_CHECKING = False  # `typing` takes longer to import than all else here
if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return the exit status."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    if given[:1] in (["-h"], ["--help"]):
        sys.stdout.write(overview())
        return exit_codes.OK
    if not given:
        sys.stderr.write(overview())
        return exit_codes.USAGE
    if given[0] == "__complete":  # what a completion script asks
        from meshcompile.cli.complete import complete

        return complete(given[1:])
    if given == ["--version"]:
        given = ["version"]
    return _run(given)


def _run(arguments: Sequence[str]) -> int:
    import atexit
    import gc
    import os

    from meshcompile.cli.parser import parsed

    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # to look for them takes as long as to read a file
    gc.disable()  # a command ends soon, and needs all that it makes until then
    atexit.register(gc.freeze)  # the process ends faster if Python does not look for garbage in all objects once more
    options = parsed(arguments)
    try:
        if hasattr(options, "config"):  # a command that reads a mesh
            from meshcompile.cli.inputs import configure

            configure(options)
        status: int = _watched(options) if getattr(options, "watch", False) else options.run(options)
        if not sys.stdout.closed:  # the language server closes it
            sys.stdout.flush()
    except KeyboardInterrupt:
        return exit_codes.INTERRUPTED
    except BrokenPipeError:
        return _reader_left()
    except Exception as error:
        from meshcompile.cli.failures import failed

        return failed(error, options)
    return status


def _watched(options: argparse.Namespace) -> int:
    import gc

    from meshcompile.cli.watch import watched

    gc.enable()  # this command does not end soon
    return watched(options)


def _reader_left() -> int:
    """Stop writing, because the reader of the output has closed the pipe. This is not a failure."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return exit_codes.OK
