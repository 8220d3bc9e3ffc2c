"""Exceptions of the public API, and the checks of arguments that raise them.

Everything that a user can do wrong inside an object is a Diagnostic instead.
"""

from collections.abc import Iterable, Mapping
from typing import TypeVar

T = TypeVar("T")


class MeshcompileError(Exception):
    """Base of every error that meshcompile raises on purpose."""


class InvalidArgument(MeshcompileError, ValueError):
    """An argument that cannot be used, such as a node without an id."""


class UnknownProxy(MeshcompileError):
    """No proxy of that name; `candidates` are names that come close."""

    def __init__(self, name: str, candidates: tuple[str, ...] = ()) -> None:
        hint = f"; did you mean {' or '.join(candidates)}?" if candidates else ""
        super().__init__(f"no proxy named {name!r}{hint}")
        self.name = name
        self.candidates = candidates


class MissingExtra(MeshcompileError, ImportError):
    """Something needs an optional package; `extra` names the extra of meshcompile that installs it."""

    def __init__(self, extra: str, purpose: str) -> None:
        super().__init__(f"to {purpose}, install the extra: pip install 'meshcompile[{extra}]'")
        self.extra = extra


def texts(name: str, given: Iterable[str]) -> tuple[str, ...]:
    """An argument that is several texts. Raises InvalidArgument for a single one, and for another type."""
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise InvalidArgument(f"`{name}` must be a list of texts, not {described(given)}")
    return tuple(instance(f"{name}[{index}]", text, str) for index, text in enumerate(given))


def keyed(name: str, given: Mapping[str, T] | None, of: type | None = None) -> Mapping[str, T]:
    """An argument that maps texts to something, to values of one type if that is given; empty for None.

    Raises InvalidArgument for another type.
    """
    if given is None:
        return {}
    if not isinstance(given, Mapping) or not all(isinstance(key, str) for key in given):
        raise InvalidArgument(f"`{name}` must be a mapping from texts, not {described(given)}")
    for key, value in given.items():
        if of is not None:
            instance(f"{name}[{key!r}]", value, of)
    return given


def instance(name: str, given: T, *of: type) -> T:
    """The argument, which must be of one of these types. Raises InvalidArgument for another."""
    if not isinstance(given, of):
        wanted = " or ".join(each.__name__ for each in of)
        raise InvalidArgument(f"`{name}` must be of type {wanted}, not {described(given)}")
    return given


def described(given: object) -> str:
    """The type of a value, and short values themselves."""
    match given:
        case None:
            return "None"
        case bool() | int() | float():
            return f"{type(given).__name__} {given}"
        case _:
            return type(given).__name__
