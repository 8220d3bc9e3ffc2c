"""Counts of findings by code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from meshcompile.diagnostics import Diagnostic


def statistics(diagnostics: Iterable[Diagnostic]) -> list[dict[str, Any]]:
    """`{"count", "code", "slug"}` by code, the most frequent first."""
    counts = Counter((diagnostic.code, diagnostic.slug) for diagnostic in diagnostics)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [{"count": count, "code": code, "slug": slug} for (code, slug), count in ordered]


def statistics_text(diagnostics: Iterable[Diagnostic]) -> str:
    """One line per code."""
    rows = statistics(diagnostics)
    width = max((len(str(row["count"])) for row in rows), default=0)
    return "".join(f"{row['count']:>{width}}  {row['code']:<7}  {row['slug']}\n" for row in rows)
