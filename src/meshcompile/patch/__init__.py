"""EnvoyFilter: patches of the emitted resources, in istiod's order.

`patched` applies all EnvoyFilters of a proxy. The modules:

    values      the values of patches, as messages
    patcher     which patches match what, and the record of their changes
    applied     the resources of a proxy, patched one after the other
    listeners, routes, clusters, extensions      one kind of resource each
    merge, lists, editing      merging JSON, changing lists, changing messages
    asked       the names that patched listeners request over RDS and ECDS
"""

from msgspec import Struct

from meshcompile.diagnostics import Diagnostic
from meshcompile.emit.resources import Resources
from meshcompile.patch.report import PatchReport
from meshcompile.resolve.resolved import OnDemandResolver, Resolved


class Patched(Struct, frozen=True):
    """The resources of a proxy after its EnvoyFilters are applied.

    `findings` come from patching, and from the route tables that are in use. `reports` has the outcome of each patch,
    in the order in which they apply.
    """

    resources: Resources
    findings: tuple[Diagnostic, ...]
    reports: tuple[PatchReport, ...] = ()


def patched(resources: Resources, resolved: Resolved, on_demand: OnDemandResolver) -> Patched:
    """The patched resources. `on_demand` resolves those that only patches bring into use."""
    if not resolved.patches.all:
        return Patched(resources, tuple(finding for table in resolved.route_tables for finding in table.findings))
    from meshcompile.patch.applied import applied  # imported only if a proxy has patches, for a fast start

    return applied(resources, resolved, on_demand)
