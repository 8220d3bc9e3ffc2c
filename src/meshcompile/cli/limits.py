"""The options for the limits on input."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING

from meshcompile.documents.limits import DEEPEST, DEFAULT_LIMITS, Limits

if TYPE_CHECKING:
    Group = argparse._ArgumentGroup

UNITS = {"": 1, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "k": 10**3, "M": 10**6, "G": 10**9}
_SIZE = re.compile(rf"([0-9]{{1,15}})({'|'.join(UNITS)})")


def limit_arguments(group: Group) -> None:
    """Add an option for each limit."""
    group.add_argument(
        "--max-size", type=size, default=DEFAULT_LIMITS.total_size, metavar="SIZE", dest="total_size",
        help="maximum size of all input, in bytes or with a unit, for example 512Mi (default: 512Mi)",
    )  # fmt: skip
    group.add_argument(
        "--max-document-size", type=size, default=DEFAULT_LIMITS.document_size, metavar="SIZE", dest="document_size",
        help="maximum size of a document (default: 64Mi)",
    )  # fmt: skip
    group.add_argument(
        "--max-depth", type=_depth, default=DEFAULT_LIMITS.depth, metavar="N", dest="depth",
        help=f"maximum nesting of mappings and lists, up to {DEEPEST} (default: %(default)s)",
    )  # fmt: skip
    group.add_argument(
        "--max-aliases", type=_number, default=DEFAULT_LIMITS.expanded, metavar="N", dest="expanded",
        help="maximum number of entries that the aliases of a document expand to (default: %(default)s)",
    )  # fmt: skip


def limits(options: argparse.Namespace) -> Limits:
    """The limits that the options set."""
    return Limits(options.depth, options.expanded, options.document_size, options.total_size)


def size(text: str) -> int:
    """A number of bytes, with or without a unit in the syntax of Kubernetes."""
    match = _SIZE.fullmatch(text)
    if match is None:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a size: expected a number of bytes, with or without a unit, for example 64Mi"
        )
    return int(match[1]) * UNITS[match[2]]


def _depth(text: str) -> int:
    depth = _number(text)
    if not 0 < depth <= DEEPEST:
        raise argparse.ArgumentTypeError(f"{text} is not a valid depth: expected 1 to {DEEPEST}")
    return depth


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number")
    return int(text)
