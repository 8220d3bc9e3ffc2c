"""What a template of the injector prints into YAML, and what YAML makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import yaml

from meshcompile.documents import scalars
from meshcompile.documents.scalars import Unrepresentable
from meshcompile.inject.problems import InjectionProblem

ABSENT = "<no value>"
"""What a template prints for null."""
NIL = "<nil>"
"""What the functions of the templates print for null."""


def printed(value: Any, absent: str = ABSENT) -> str:
    """A value as Go's templates print it."""
    match value:
        case None:
            return absent
        case bool():
            return "true" if value else "false"
        case int() | float():
            return _number(float(value))
        case Mapping():
            return f"map[{' '.join(f'{key}:{printed(value[key], NIL)}' for key in sorted(value))}]"
        case list() | tuple():
            return f"[{' '.join(printed(item, NIL) for item in value)}]"
        case _:
            return str(value)


def _number(value: float) -> str:
    """A double as Go's `%v` prints it: the shortest digits, with an exponent from 1e6 on and below 1e-4."""
    if not value:
        return "0"
    digits = Decimal(repr(value)).normalize()
    exponent = digits.adjusted()
    if -4 <= exponent < 6:
        return f"{digits:f}"
    return f"{digits.scaleb(-exponent):f}e{exponent:+03d}"


def unquoted(text: str) -> Any:
    """The value of a text that a template prints without quotes."""
    stripped = text.strip()
    if not stripped:
        return None
    try:
        return scalars.plain(stripped) if stripped[0] not in "'\"" else stripped
    except Unrepresentable as error:
        raise InjectionProblem(str(error)) from None


def in_double_quotes(text: str) -> str:
    """The value of a text that a template prints between double quotes: escapes in it count.

    Raises InjectionProblem for a text that breaks the quotes.
    """
    if not any(each in text for each in '"\\\n\r\t\x85\u2028\u2029') and text.isprintable():
        return text
    try:
        value = yaml.load(f'"{text}"', yaml.CSafeLoader)
    except yaml.YAMLError:
        value = None
    if not isinstance(value, str):
        raise InjectionProblem(
            f"the text {text!r} does not fit into double quotes, where injection puts it",
            suggestion='write quotes and backslashes in it as \\" and \\\\',
        )
    return value
