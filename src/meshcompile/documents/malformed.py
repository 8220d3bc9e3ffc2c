"""Text that is not YAML, or that exceeds the limits, by kind of error."""

from __future__ import annotations

from enum import StrEnum

import yaml
from yaml.reader import ReaderError

from meshcompile.documents.libyaml import Mark
from meshcompile.documents.position import Position


class YamlFault(StrEnum):
    """The kinds of errors in a text."""

    SYNTAX = "syntax"
    CHARACTER = "character"
    DUPLICATE_KEY = "duplicate key"
    VALUE = "value"
    ANCHOR = "anchor"
    TOO_DEEP = "too deep"
    TOO_MANY_ALIASES = "too many aliases"


class Malformed(Exception):
    """A text that cannot be read. `problem` is a sentence about the reason, and `position` is where reading failed."""

    def __init__(self, fault: YamlFault, problem: str, position: Position, suggestion: str = "") -> None:
        super().__init__(problem)
        self.fault = fault
        self.problem = problem
        self.position = position
        self.suggestion = suggestion

    def further_down(self, lines: int) -> Malformed:
        """The same error, in a text that begins `lines` lines earlier."""
        return Malformed(
            self.fault, self.problem, Position(self.position.line + lines, self.position.column), self.suggestion
        )


def position_of(mark: Mark) -> Position:
    """The position of libyaml's mark, which counts from 0."""
    return Position(mark.line + 1, mark.column + 1)


def from_libyaml(error: yaml.YAMLError | UnicodeEncodeError, text: str) -> Malformed:
    """libyaml's error, with advice for common mistakes."""
    if isinstance(error, UnicodeEncodeError):
        start = text.index(error.object[error.start])
        return _bad_character(ord(text[start]), error.reason, text[:start])
    if isinstance(error, ReaderError):
        before = text.encode(errors="surrogatepass")[: error.position].decode(errors="replace")
        return _bad_character(int(error.character), error.reason, before)
    if not isinstance(error, yaml.MarkedYAMLError):
        return Malformed(YamlFault.SYNTAX, str(error), Position(1, 1))
    unclosed = error.problem == "found unexpected end of stream"
    mark = (unclosed and error.context_mark) or error.problem_mark or error.context_mark
    position = position_of(mark) if mark else Position(1, 1)
    problem = error.problem or "the text is truncated"
    context = f" ({error.context})" if error.context else ""
    return Malformed(YamlFault.SYNTAX, problem + context, position, _advice(problem, _line(text, position)))


def position_after(text: str) -> Position:
    """The position after `text`."""
    return Position(text.count("\n") + 1, len(text) - text.rfind("\n"))


_ADVICE = {
    "mapping values are not allowed": "put quotes around a text that contains `: `, or check the indentation",
    "did not find expected key": "check the indentation of this line and of the ones before it",
    "did not find expected '-' indicator": "indent every item of a list by the same number of spaces",
    "could not find expected ':'": "a key needs a `:` and a space after it; check the indentation too",
    "found unexpected end of stream": "close the quotes",
    "did not find expected ',' or ']'": "close the `[` list with `]`",
    "did not find expected ',' or '}'": "close the `{` mapping with `}`",
    "found a tab character": "indent with spaces, not tabs",
    "found undefined tag handle": "remove the tag: no Kubernetes object needs one",
    "block sequence entries are not allowed": "begin a list on a line of its own, under its key",
}


def _advice(problem: str, line: str) -> str:
    if problem.startswith("found character that cannot start any token"):
        return "indent with spaces, not tabs" if "\t" in line else "put quotes around a text that begins with @ ` or %"
    return next((advice for start, advice in _ADVICE.items() if problem.startswith(start)), "")


def _line(text: str, position: Position) -> str:
    """The line of the position, up to a few characters after it."""
    lines = text.split("\n", position.line)
    return lines[position.line - 1][: position.column + 1] if len(lines) >= position.line else ""


def _bad_character(character: int, reason: str, before: str) -> Malformed:
    suggestion = "remove the character, or write it as an escape in double quotes"
    return Malformed(YamlFault.CHARACTER, f"U+{character:04X}: {reason}", position_after(before), suggestion)
