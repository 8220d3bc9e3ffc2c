"""All Gateways that select one router, merged."""

from dataclasses import dataclass

from meshcompile.proxy import Proxy
from meshcompile.snapshot.snapshot import Snapshot


@dataclass(frozen=True, eq=False)
class MergedGateway:
    """The servers of every Gateway that selects a router, by port."""


def merged_gateway(snapshot: Snapshot, proxy: Proxy) -> MergedGateway:
    """The merged gateway of a proxy; empty when it is not a router."""
    return MergedGateway()
