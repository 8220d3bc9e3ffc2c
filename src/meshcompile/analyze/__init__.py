"""Checks across resources, which no single resource shows. One module per check."""

from collections.abc import Callable, Iterable

from meshcompile.analyze.conflicting_destination_rules import conflicting_destination_rules
from meshcompile.analyze.conflicting_mtls import conflicting_mtls
from meshcompile.analyze.endpoints_without_pods import endpoints_without_pods
from meshcompile.analyze.idle_destination_rules import idle_destination_rules
from meshcompile.analyze.nothing_allowed import nothing_allowed
from meshcompile.analyze.policies_without_workloads import policies_without_workloads
from meshcompile.analyze.proxy_settings import proxy_settings
from meshcompile.analyze.shadowed_services import shadowed_services
from meshcompile.analyze.telemetries import telemetries
from meshcompile.diagnostics import Diagnostic
from meshcompile.snapshot.snapshot import Snapshot

CHECKS: tuple[Callable[[Snapshot], Iterable[Diagnostic]], ...] = (
    conflicting_destination_rules,
    conflicting_mtls,
    endpoints_without_pods,
    idle_destination_rules,
    nothing_allowed,
    policies_without_workloads,
    proxy_settings,
    shadowed_services,
    telemetries,
)


def analyzed(snapshot: Snapshot) -> tuple[Diagnostic, ...]:
    """What all checks find, by place."""
    return tuple(sorted({finding for check in CHECKS for finding in check(snapshot)}))
