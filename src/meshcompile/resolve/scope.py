"""What a proxy imports: istiod's SidecarScope."""

from dataclasses import dataclass

from meshcompile.proxy import Proxy
from meshcompile.snapshot.snapshot import Snapshot


@dataclass(frozen=True, eq=False)
class SidecarScope:
    """The services and rules that one proxy sees."""


def sidecar_scope(snapshot: Snapshot, proxy: Proxy) -> SidecarScope:
    """The scope of a proxy."""
    return SidecarScope()
