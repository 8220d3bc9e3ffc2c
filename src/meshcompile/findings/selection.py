"""The selection of codes by patterns such as `IST`, `MC04`, `MC0410` or `cluster-not-found`."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from meshcompile.diagnostics import Diagnostic

EXACT = 100
"""The specificity of a slug: higher than that of any prefix."""


class CodeSelection(Struct, frozen=True):
    """Patterns of codes to select and to ignore. The more specific pattern applies; of equal ones, ignoring does.

    A pattern is a prefix of a code's ID, or a code's whole slug. Without patterns to select, all codes are selected.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()

    def includes(self, diagnostic: Diagnostic) -> bool:
        """True if the finding is selected."""
        selected = _specificity(diagnostic, self.select) if self.select else 0
        return selected > _specificity(diagnostic, self.ignore)


def _specificity(diagnostic: Diagnostic, patterns: Iterable[str]) -> int:
    """The length of the most specific pattern that matches; -1 if none does."""
    return max((specificity(diagnostic.code, diagnostic.slug, pattern) for pattern in patterns), default=-1)


def specificity(code: str, slug: str, pattern: str) -> int:
    """The specificity of a pattern that matches a code; -1 if it does not match."""
    if pattern == slug:
        return EXACT
    return len(pattern) if code.startswith(pattern.upper()) else -1
