"""The route configurations of one proxy."""

from meshcompile.resolve.facts import ProxyFacts
from meshcompile.resolve.routes.gateway import gateway_table
from meshcompile.resolve.routes.route_key import route_key
from meshcompile.resolve.routes.sidecar import TableKey, sidecar_table
from meshcompile.resolve.routes.table import RouteTable
from meshcompile.snapshot.snapshot import Snapshot

__all__ = ["RouteTable", "route_table"]


def route_table(snapshot: Snapshot, facts: ProxyFacts, name: str) -> RouteTable:
    """The route configuration with this name, for the proxy."""
    if facts.proxy.is_router:
        return gateway_table(snapshot, facts, name)
    return sidecar_table(snapshot, TableKey(facts.scope.key, route_key(snapshot, facts.proxy, facts.config), name))
