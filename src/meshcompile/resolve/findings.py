"""What resolving has to say: diagnostics about conflicts, rules without effect, and what is not supported."""

from collections.abc import Iterable
from itertools import chain

from meshcompile.diagnostics import Diagnostic


def by_place(*found: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """All diagnostics, each once, by place."""
    return tuple(sorted(dict.fromkeys(chain.from_iterable(found))))
