"""What an author may have meant."""

from collections.abc import Collection
from difflib import get_close_matches

COMPARED = 500
"""The most names that are compared: comparing takes long, and among more than these a guess is worth little."""


def did_you_mean(name: str, known: Collection[str]) -> str:
    """`did you mean ...?` with the known name that comes closest; "" when none comes close."""
    close = get_close_matches(name, known, n=1) if len(known) <= COMPARED else []
    return f"did you mean `{close[0]}`?" if close else ""
