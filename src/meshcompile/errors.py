"""Exceptions of the public API, and the argument checks that raise them.

Mistakes inside an object are reported as a Diagnostic instead.
"""

from collections.abc import Iterable, Mapping
from typing import TypeVar

T = TypeVar("T")


class MeshcompileError(Exception):
    """The base class of all errors that meshcompile raises deliberately."""


class InvalidArgument(MeshcompileError, ValueError):
    """An invalid argument, such as a node without an id."""


class UnknownProxy(MeshcompileError):
    """No proxy has this name. `candidates` are similar names."""

    def __init__(self, name: str, candidates: tuple[str, ...] = ()) -> None:
        hint = f"; did you mean {' or '.join(candidates)}?" if candidates else ""
        super().__init__(f"no proxy named {name!r}{hint}")
        self.name = name
        self.candidates = candidates


class UnknownObject(MeshcompileError):
    """No object or proxy has this name. `candidates` are similar names."""

    def __init__(self, name: str, candidates: tuple[str, ...] = ()) -> None:
        hint = f"; did you mean {' or '.join(candidates)}?" if candidates else ""
        super().__init__(f"no object or proxy is named {name!r}{hint}")
        self.name = name
        self.candidates = candidates


class MissingExtra(MeshcompileError, ImportError):
    """A feature needs an optional package. `extra` names the extra of meshcompile that installs it."""

    def __init__(self, extra: str, purpose: str) -> None:
        super().__init__(f"to {purpose}, install the extra: pip install 'meshcompile[{extra}]'")
        self.extra = extra


def texts(name: str, given: Iterable[str]) -> tuple[str, ...]:
    """An argument that is a list of strings. Raises InvalidArgument for a single string, and for another type."""
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise InvalidArgument(f"`{name}` must be a list of strings, not {described(given)}")
    return tuple(instance(f"{name}[{index}]", text, str) for index, text in enumerate(given))


def keyed(name: str, given: Mapping[str, T] | None, of: type | None = None) -> Mapping[str, T]:
    """An argument that maps strings to values, all of one type if `of` is given. Empty for None.

    Raises InvalidArgument for another type.
    """
    if given is None:
        return {}
    if not isinstance(given, Mapping) or not all(isinstance(key, str) for key in given):
        raise InvalidArgument(f"`{name}` must be a mapping with string keys, not {described(given)}")
    for key, value in given.items():
        if of is not None:
            instance(f"{name}[{key!r}]", value, of)
    return given


def instance(name: str, given: T, *of: type) -> T:
    """The argument, if it has one of these types. Raises InvalidArgument for another."""
    if not isinstance(given, of):
        expected = " or ".join(type_.__name__ for type_ in of)
        raise InvalidArgument(f"`{name}` must be of type {expected}, not {described(given)}")
    return given


def described(given: object) -> str:
    """The type of a value, and the value itself if it is short."""
    match given:
        case None:
            return "None"
        case bool() | int() | float():
            return f"{type(given).__name__} {given}"
        case _:
            return type(given).__name__
