"""Reports of failed commands: a message on stderr, and JSON on stdout if the user requested data."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from meshcompile.cli import exit_codes
from meshcompile.cli.console import InvalidConfiguration, UsageError, complain, print_diagnostics

if TYPE_CHECKING:
    from meshcompile import Diagnostic


class Failure(Struct, frozen=True):
    """The reason why a command failed."""

    status: int
    message: str
    diagnostics: tuple[Diagnostic, ...] = ()
    candidates: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """`{"error": {...}}`, a form that successful commands never print."""
        return {
            "error": {
                "status": self.status,
                "message": self.message,
                "candidates": list(self.candidates),
                "diagnostics": as_data(self.diagnostics),
            }
        }


def failed(error: Exception, options: argparse.Namespace) -> int:
    """Report an error, and return its exit status."""
    failure = _failure(error, getattr(options, "usage_status", exit_codes.USAGE))
    if failure.diagnostics:
        print_diagnostics(failure.diagnostics, sys.stderr)
    else:
        complain(failure.message)
    if isinstance(error, UsageError):
        print(f"see `{options.parser.prog} --help`", file=sys.stderr)
    if form := asked_format(options):
        from meshcompile.cli.render import rendered

        sys.stdout.write(rendered(failure.to_dict(), form))
    return failure.status


def asked_format(options: argparse.Namespace) -> str:
    """`json` or `yaml` if the user requested it, else "". The default of a command does not count."""
    form = getattr(options, "output", "")
    return form if form in ("json", "yaml") and "output" in options.given else ""


def as_data(diagnostics: Iterable[Diagnostic]) -> list[dict[str, Any]]:
    """Findings as plain JSON values."""
    return [diagnostic.to_dict() for diagnostic in diagnostics]


def _failure(error: Exception, usage: int) -> Failure:
    from meshcompile import MeshcompileError, UnknownObject, UnknownProxy, UnreadableInput

    match error:
        case UnreadableInput():
            return Failure(exit_codes.UNREADABLE, str(error), error.diagnostics)
        case InvalidConfiguration():
            return Failure(usage, str(error), error.diagnostics)
        case UnknownProxy(candidates=()):
            return Failure(usage, f"{error}; `meshcompile proxies` lists the available ones")
        case UnknownProxy() | UnknownObject():
            return Failure(usage, str(error), candidates=error.candidates)
        case MeshcompileError() | UsageError():
            return Failure(usage, str(error))
        case OSError():  # of a file that the command itself reads or writes
            return Failure(exit_codes.UNREADABLE, f"{error.filename or 'output'}: {error.strerror or error}")
        case _:
            import traceback

            traceback.print_exception(error)
            return Failure(exit_codes.INTERNAL, "this is a bug in meshcompile: please report it with the lines above")
