"""Compares the proxies of two meshes. Proxies that differ in the same way are compared once."""

from collections.abc import Callable, Hashable, Mapping

from meshcompile.compare.authorization import PolicyComparisons
from meshcompile.compare.compilation import Compilation, compilation
from meshcompile.compare.grouping import OutboundKeys
from meshcompile.compare.inbound import (
    INBOUND_LISTENER,
    InboundChange,
    clients_of,
    inbound_diff,
    inbound_key,
    inbound_names,
)
from meshcompile.compare.pairs import ConfigPair
from meshcompile.compare.proxies import other_identities
from meshcompile.compare.proxy_diff import ProxyDiff, proxy_diff
from meshcompile.compare.witnesses import Clients
from meshcompile.mesh import Mesh
from meshcompile.proxy import Proxy

Seen = Callable[[Compilation, Compilation, ConfigPair], None]


class ProxyComparison:
    """Compares proxies of two meshes."""

    def __init__(self, before: Mesh, after: Mesh, clients: Clients, names: Mapping[str, str], seen: Seen) -> None:
        """The comparison.

        Args:
            before: The mesh before the change.
            after: The mesh after it.
            clients: The workloads that can be clients.
            names: The workload of each proxy, by the proxy's ID.
            seen: Called with both compilations of each proxy.
        """
        self.before, self.after, self.clients, self.names, self.seen = before, after, clients, names, seen
        self.policies = PolicyComparisons()
        self._keys = OutboundKeys()
        self._known: dict[Hashable, tuple[ConfigPair, ProxyDiff]] = {}
        self._servers: dict[Hashable, InboundChange] = {}

    def of(self, old: Proxy, new: Proxy) -> ProxyDiff:
        """What changes for a proxy of both meshes."""
        was = compilation(self.before, old)
        now = compilation(self.after, new, was)
        pair = ConfigPair(was.config, now.config)
        self.seen(was, now, pair)
        if not pair.changed:
            return UNCHANGED
        self.policies.add(self.names[old.id], pair)
        if INBOUND_LISTENER in pair.changed.get("listeners", {}) or pair.before.proxy.ip_addresses != new.ip_addresses:
            return self._inbound(pair)
        if old.is_waypoint and "listeners" in pair.changed:
            return proxy_diff(pair, other_identities(self.clients, self.names[old.id]))
        key = self._keys.key(pair)
        if key not in self._known:
            self._known[key] = pair, proxy_diff(pair)
        return self._known[key][1]

    def _inbound(self, pair: ConfigPair) -> ProxyDiff:
        """What changes for a server. Clients other than itself show it, unless no other does."""
        name = self.names[pair.before.proxy.id]
        names = inbound_names(pair)
        key = inbound_key(pair, names)
        known = self._servers.get(key)
        if known is not None and not any(self.clients.get(each) == name for each in clients_of(known.diff)):
            return inbound_diff(known, pair, names)
        found = proxy_diff(pair, other_identities(self.clients, name))
        if key is not None:
            self._servers[key] = InboundChange(pair, found, names)
        return found


UNCHANGED = ProxyDiff((), (), (), ())
