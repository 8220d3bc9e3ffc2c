"""Findings without duplicates from two checks of the same rule."""

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from meshcompile.codes.routes import UNREACHABLE_RULE
from meshcompile.codes.validation import UNREACHABLE_RULE as ISTIO_UNREACHABLE_RULE
from meshcompile.diagnostics import Diagnostic


def without_repeats(diagnostics: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    """The diagnostics, with one for each unreachable rule.

    Istio's own validation finds many of these rules. Its finding stays, and gains the reference to the earlier rule.
    """
    found = tuple(diagnostics)
    ours = {each.origin: each for each in found if each.code == UNREACHABLE_RULE.id}
    said = {each.origin for each in found if each.code == ISTIO_UNREACHABLE_RULE.id}
    for each in found:
        if each.code == ISTIO_UNREACHABLE_RULE.id and each.origin in ours:
            yield replace(each, related=ours[each.origin].related)
        elif each.code != UNREACHABLE_RULE.id or each.origin not in said:
            yield each
