"""Suggestions for misspelled names."""

from collections.abc import Collection
from difflib import get_close_matches

COMPARED = 500
"""The maximum number of names to compare. Comparing is slow, and a guess among more names is rarely right."""


def did_you_mean(name: str, known: Collection[str]) -> str:
    """`did you mean ...?` with the most similar known name; "" if no name is similar."""
    close = get_close_matches(name, known, n=1) if len(known) <= COMPARED else []
    return f"did you mean `{close[0]}`?" if close else ""
