"""Fixes for fields and values that cannot be read: other names, other quotes, another indentation."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from meshcompile.diagnostics import Applicability, Fix
from meshcompile.documents import Origin, Path
from meshcompile.documents.edits import NewIndentation, NewKey, NewQuotes, NewValue
from meshcompile.values.typos import is_typo

Fields = Callable[[Path], frozenset[str]]
"""The fields of the object at a path."""
STEP = 2
"""The columns by which a key that is not indented is moved."""


def key_fixes(origin: Origin, meant: str | None) -> tuple[Fix, ...]:
    """Another name for a key. It is safe if the key is that name with a typing error."""
    if not meant or meant in _siblings(origin):
        return ()
    return (Fix(f"write `{meant}`", (NewKey(origin, meant),), _certainty(str(origin.path[-1]), meant)),)


def spelling_fixes(origin: Origin, name: str) -> tuple[Fix, ...]:
    """The JSON name in place of protobuf's."""
    return (Fix(f"write `{name}`", (NewKey(origin, name),)),)


def value_fixes(origin: Origin, value: str, meant: str | None) -> tuple[Fix, ...]:
    """Another text for a value. It is safe if the value is that text with a typing error."""
    if not meant:
        return ()
    return (Fix(f"write `{meant}`", (NewValue(origin, meant),), _certainty(value, meant)),)


def quote_fixes(origin: Origin, title: str, quoted: bool) -> tuple[Fix, ...]:
    """Quotes around a value, or none; nothing without a title."""
    return (Fix(title, (NewQuotes(origin, quoted),)),) if title else ()


def indentation_fixes(origin: Origin, written: Any, fields: Fields) -> tuple[Fix, ...]:
    """Another indentation for a field that stands at the wrong level: below an empty key, or of an object around it."""
    inwards = _inwards(origin, written, fields) if origin.document.excerpt else None
    outwards = _outwards(origin, written, fields) if origin.document.excerpt and inwards is None else None
    return tuple(
        Fix(f"indent `{origin.path[-1]}` {'more' if columns > 0 else 'less'}", (NewIndentation(origin, columns),))
        for columns in (inwards, outwards)
        if columns
    )


def _inwards(origin: Origin, written: Any, fields: Fields) -> int | None:
    """The columns to the level below the key before, if that key is empty and its object has the field."""
    *above, name = origin.path
    siblings = _at(written, tuple(above))
    if not isinstance(siblings, Mapping):
        return None
    before = [key for key in _until(siblings, name) if siblings[key] is None]
    empty = next((key for key in reversed(before) if name in fields((*above, key))), None)
    return STEP if empty is not None else None


def _until(keys: Mapping[Any, Any], name: Any) -> Iterator[Any]:
    for key in keys:
        if key == name:
            return
        yield key


def _outwards(origin: Origin, written: Any, fields: Fields) -> int | None:
    """The columns to the level of the nearest object around that lacks the field, if nothing else stands between."""
    *above, name = origin.path
    for length in range(len(above) - 1, -1, -1):
        path = tuple(above[:length])
        around = _at(written, path)
        if not _is_last(written, (*path, *above[length:], name), length + 1, fields):
            return None
        if isinstance(around, Mapping) and name in fields(path) and name not in around:
            first = next(iter(around))
            return origin.at().document.place((*path, first)).key.column - _column(origin)
    return None


def _is_last(written: Any, path: Path, start: int, fields: Fields) -> bool:
    """True if each step of a path, from a length on, is the last entry, aside from other unknown fields."""
    for length in range(start, len(path)):
        container, step = _at(written, path[:length]), path[length]
        keys = list(container) if isinstance(container, Mapping) else list(range(len(container)))
        after = keys[keys.index(step) + 1 :]
        if any(key in fields(path[:length]) or not isinstance(container, Mapping) for key in after):
            return False
    return True


def _column(origin: Origin) -> int:
    return origin.document.place(origin.path).key.column


def _siblings(origin: Origin) -> Any:
    found = _at(origin.document.value, origin.path[:-1])
    return found if isinstance(found, Mapping) else {}


def _at(value: Any, path: Path) -> Any:  # Any, as the data are of any shape
    """The value at a path, which exists."""
    for step in path:
        value = value[step]
    return value


def _certainty(written: str, meant: str) -> Applicability:
    return Applicability.SAFE if is_typo(written, meant) else Applicability.UNSAFE
