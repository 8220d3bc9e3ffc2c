"""The ratios of the last committed run, and what differs from it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

LAST = Path(__file__).resolve().parent / "last.json"
NOTABLE = 1.15
"""A ratio that grew or fell by more than this is shown. Less is noise."""


def last() -> Mapping[str, float]:
    """The ratios of the last committed run, by key."""
    ratios: dict[str, float] = json.loads(LAST.read_text()) if LAST.exists() else {}
    return ratios


def keep(ratios: Mapping[str, float]) -> Mapping[str, float]:
    """Keep the ratios for the next comparison. What was not measured this time stays as it was."""
    kept = {**last(), **{key: float(f"{value:.4g}") for key, value in ratios.items()}}
    LAST.write_text(json.dumps(kept, indent=2) + "\n")
    return kept


def changes(before: Mapping[str, float], now: Mapping[str, float]) -> Iterator[str]:
    """A line for each ratio that changed notably, the worst first."""
    both = {key: value / before[key] for key, value in now.items() if before.get(key) and value}
    for key, change in sorted(both.items(), key=lambda item: -item[1]):
        if change > NOTABLE or change < 1 / NOTABLE:
            yield f"{change:5.2f} times the last: {key}: {now[key]:.3g}, was {before[key]:.3g}"
    for key in before.keys() - now.keys():
        if key.partition(":")[0] in {each.partition(":")[0] for each in now}:
            yield f"not measured any more: {key}"
