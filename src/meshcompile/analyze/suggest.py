"""Suggestions for misspelled names."""

from collections.abc import Collection
from difflib import get_close_matches

from meshcompile.diagnostics import Applicability, Fix
from meshcompile.documents import Origin
from meshcompile.documents.edits import NewValue
from meshcompile.values.typos import is_typo

COMPARED = 500
"""The maximum number of names to compare. Comparing is slow, and a guess among more names is rarely right."""


def did_you_mean(name: str, known: Collection[str]) -> str:
    """`did you mean ...?` with the most similar known name; "" if no name is similar."""
    return question(most_similar(name, known))


def question(meant: str) -> str:
    """`did you mean ...?` with a name; "" without one."""
    return f"did you mean `{meant}`?" if meant else ""


def most_similar(name: str, known: Collection[str]) -> str:
    """The most similar known name; "" if no name is similar."""
    close = get_close_matches(name, known, n=1) if len(known) <= COMPARED else []
    return close[0] if close else ""


def name_fixes(place: Origin, name: str, meant: str) -> tuple[Fix, ...]:
    """The name that is meant in place of the one that is written. It is safe if that is a typing error."""
    certainty = Applicability.SAFE if is_typo(name, meant) else Applicability.UNSAFE
    return (Fix(f"write `{meant}`", (NewValue(place, meant),), certainty),) if meant else ()
