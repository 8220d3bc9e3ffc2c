"""Findings of the resolvers: conflicts, rules without effect, and unsupported features."""

from collections.abc import Iterable
from itertools import chain

from meshcompile.diagnostics import Diagnostic


def by_place(*groups: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """All diagnostics in the order of their places, without duplicates."""
    return tuple(sorted(dict.fromkeys(chain.from_iterable(groups))))
