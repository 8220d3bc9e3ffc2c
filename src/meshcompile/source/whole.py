"""An input as one text, for commands that print its documents again."""

from __future__ import annotations

import os

from meshcompile.diagnostics import Diagnostic
from meshcompile.documents.limits import DEFAULT_LIMITS
from meshcompile.documents.named_text import NamedText
from meshcompile.errors import instance
from meshcompile.source.files import STDIN, content, decoded
from meshcompile.source.reading import UnreadableInput, is_text

Whole = str | bytes | os.PathLike[str] | NamedText
"""A path, `-` for standard input, or a text, told apart as in `load`."""


def whole_text(given: Whole) -> NamedText:
    """The text of an input, with the name of its source. Raises UnreadableInput and InvalidArgument."""
    limit = DEFAULT_LIMITS.total_size
    match instance("text", given, str, bytes, os.PathLike, NamedText):
        case NamedText() as named:
            return named
        case bytes() as data:
            return _named("<text>", decoded("<text>", data, limit))
        case str() as text if is_text(text):
            return _named("<text>", text)
        case path:
            name = os.fspath(path)
            return _named("<stdin>" if name == STDIN else name, content(name, limit))


def _named(name: str, found: str | Diagnostic) -> NamedText:
    if isinstance(found, Diagnostic):
        raise UnreadableInput((found,))
    return NamedText(name, found)
