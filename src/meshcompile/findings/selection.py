"""Which codes are wanted: patterns such as `IST`, `MC04`, `MC0410` or `cluster-not-found`."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from meshcompile.diagnostics import Diagnostic

EXACT = 100
"""The specificity of a name: more than that of any beginning of a code."""


class CodeSelection(Struct, frozen=True):
    """Patterns of codes to select and to ignore. A more specific pattern wins; of equal ones, ignoring wins.

    A pattern is the beginning of a code's id, or a code's whole slug. Without patterns to select, all are selected.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()

    def includes(self, found: Diagnostic) -> bool:
        """True if the finding is wanted."""
        selected = _specificity(found, self.select) if self.select else 0
        return selected > _specificity(found, self.ignore)


def _specificity(found: Diagnostic, patterns: Iterable[str]) -> int:
    """The length of the most specific pattern that matches; -1 if none does."""
    return max((specificity(found.code, found.slug, pattern) for pattern in patterns), default=-1)


def specificity(code: str, slug: str, pattern: str) -> int:
    """How closely a pattern matches a code; -1 if it does not."""
    if pattern == slug:
        return EXACT
    return len(pattern) if code.startswith(pattern.upper()) else -1
