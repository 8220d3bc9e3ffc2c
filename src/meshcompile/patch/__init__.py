"""EnvoyFilter: changes of what was emitted, in the order in which istiod makes them.

`patched` is all that a proxy's EnvoyFilters do. What belongs together:

    values      what patches say, as messages
    patcher     which patches are for what, and the account of what they did
    applied     the resources of a proxy, patched one after the other
    listeners, routes, clusters, extensions      a kind of resource each
    merge, lists, editing      merging JSON, changing lists, changing messages
    asked       what patched listeners ask for
"""

from dataclasses import dataclass

from meshcompile.diagnostics import Diagnostic
from meshcompile.emit.resources import Resources
from meshcompile.patch.report import PatchReport
from meshcompile.resolve.resolved import OnDemandResolver, Resolved


@dataclass(frozen=True, slots=True)
class Patched:
    """The resources of a proxy as its EnvoyFilters leave them.

    `findings` is what patching, and the route tables that are in use, have to say; `reports` says what became of each
    patch, in the order in which they are applied.
    """

    resources: Resources
    findings: tuple[Diagnostic, ...]
    reports: tuple[PatchReport, ...] = ()


def patched(resources: Resources, resolved: Resolved, on_demand: OnDemandResolver) -> Patched:
    """The resources, patched. What patches bring into use, and was not resolved, is asked for later."""
    if not resolved.patches.all:
        return Patched(resources, tuple(finding for table in resolved.route_tables for finding in table.findings))
    from meshcompile.patch.applied import applied  # only who patches pays for what it takes

    return applied(resources, resolved, on_demand)
