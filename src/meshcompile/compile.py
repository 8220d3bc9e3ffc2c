"""One proxy compiled: resolve what it gets, emit messages from that, patch them. A pure function, no IO."""

from msgspec import Struct

from meshcompile.diagnostics import Diagnostic
from meshcompile.emit.resources import Resources, emit
from meshcompile.patch import patched
from meshcompile.patch.report import PatchReport
from meshcompile.proxy import Proxy
from meshcompile.resolve.findings import by_place
from meshcompile.resolve.resolved import OnDemandResolver, resolve
from meshcompile.snapshot.snapshot import Snapshot

__all__ = ["Compiled", "Resources", "compiled"]


class Compiled(Struct, frozen=True):
    """What istiod sends to a proxy, findings about it, and the outcome of each EnvoyFilter patch."""

    resources: Resources
    diagnostics: tuple[Diagnostic, ...]
    patches: tuple[PatchReport, ...] = ()


def compiled(snapshot: Snapshot, proxy: Proxy) -> Compiled:
    """One proxy's configuration."""
    resolved = resolve(snapshot, proxy)
    done = patched(emit(resolved), resolved, OnDemandResolver(snapshot, resolved.facts))
    return Compiled(done.resources, by_place(resolved.findings, done.findings), done.reports)
