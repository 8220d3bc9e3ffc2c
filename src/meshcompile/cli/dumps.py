"""Config dumps among the inputs of a command."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from meshcompile.cli.console import UsageError
from meshcompile.cli.limits import limits

if TYPE_CHECKING:  # nothing of the compiler is imported until a command runs
    from meshcompile.config_dump import ConfigDump

STDIN = "-"


def read_dump(path: str, options: argparse.Namespace) -> ConfigDump:
    """The config dump in a file, or on standard input for `-`."""
    from meshcompile.config_dump import parsed_config_dump

    if path == STDIN:
        return parsed_config_dump(sys.stdin.buffer.read(), "<stdin>", limits(options))
    return parsed_config_dump(Path(path).read_bytes(), path, limits(options))


def is_dump(path: str) -> bool:
    """Whether a path is that of a file with a config dump."""
    from meshcompile.config_dump import is_config_dump

    return _may_be_dump(path) and is_config_dump(Path(path).read_bytes())


def dump_of(options: argparse.Namespace) -> ConfigDump | None:
    """The config dump that `-f` names; None for other files. Raises UsageError for a dump beside other input."""
    from meshcompile.config_dump import parsed_config_dump

    dumps = list(filter(is_dump, options.files))
    if not dumps:
        return None
    if len(options.files) > 1:
        raise UsageError(f"{dumps[0]} is a config dump, which holds all of a proxy: pass it as the only -f")
    return parsed_config_dump(Path(dumps[0]).read_bytes(), dumps[0], limits(options))


def _may_be_dump(path: str) -> bool:
    """Whether a path is a file with an object of JSON, without a look at all of it."""
    if path == STDIN or not Path(path).is_file():
        return False
    with Path(path).open("rb") as file:
        return file.read(64).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")
