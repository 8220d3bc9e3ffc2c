"""Labels and selectors.

A selector selects a workload when every one of its pairs is among the workload's labels; an empty selector selects
everything. What *absent* means differs per kind and is decided where the selector is read.
"""

from collections.abc import Mapping

Labels = Mapping[str, str]

NO_LABELS: Labels = {}


def selects(selector: Labels, labels: Labels) -> bool:
    """True when every pair of the selector is among the labels (an empty selector selects everything)."""
    return all(labels.get(key) == value for key, value in selector.items())
