"""Checks across resources, which no single resource shows. One module per check."""

from collections.abc import Callable, Iterable

from meshcompile.analyze.conflicting_mtls import conflicting_mtls
from meshcompile.analyze.nothing_allowed import nothing_allowed
from meshcompile.analyze.policies_without_workloads import policies_without_workloads
from meshcompile.diagnostics import Diagnostic
from meshcompile.snapshot.snapshot import Snapshot

CHECKS: tuple[Callable[[Snapshot], Iterable[Diagnostic]], ...] = (
    conflicting_mtls,
    nothing_allowed,
    policies_without_workloads,
)


def analyzed(snapshot: Snapshot) -> tuple[Diagnostic, ...]:
    """What all checks find, by place."""
    return tuple(sorted({finding for check in CHECKS for finding in check(snapshot)}))
