"""Why an object cannot be injected."""

from __future__ import annotations

from typing import Any

from meshcompile.documents.position import Path


class InjectionProblem(Exception):
    """A reason, and the place in the object that causes it."""

    def __init__(self, message: str, path: Path = (), suggestion: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.path = path
        self.suggestion = suggestion

    def below(self, *path: str | int) -> InjectionProblem:
        """The same problem, seen from a value further up."""
        return InjectionProblem(self.message, (*path, *self.path), self.suggestion)


def described(value: Any) -> str:
    """What a value of the input is, for messages."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return f"the number {value}"
        case str():
            return f"the text {value!r}"
        case list():
            return "a list"
        case _:
            return "an object"
