"""VirtualServices by the hosts that they route."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from meshcompile.hosts import covering, is_wildcard, subset_of
from meshcompile.queries import Key, query
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.snapshot.virtual_services import MergedVirtualService


@dataclass(frozen=True)
class RoutedHosts:
    """Some VirtualServices, in order of precedence, and the positions of those that have a host (in lower case)."""

    virtual_services: Sequence[MergedVirtualService]
    positions: Mapping[str, Sequence[int]]
    has_wildcards: bool

    @classmethod
    def of(cls, virtual_services: Sequence[MergedVirtualService]) -> "RoutedHosts":
        positions: dict[str, list[int]] = {}
        for position, virtual_service in enumerate(virtual_services):
            for host in virtual_service.hosts:
                positions.setdefault(host.lower(), []).append(position)
        return cls(virtual_services, positions, any(map(is_wildcard, positions)))

    def overlapping(self, hosts: Iterable[str]) -> Iterator[MergedVirtualService]:
        """The VirtualServices that have a host in common with these, in order; one named twice comes twice."""
        found = {routed for host in hosts for routed in self._overlapping(host.lower())}
        for position in sorted({position for host in found for position in self.positions[host]}):
            yield self.virtual_services[position]

    def _overlapping(self, host: str) -> Iterator[str]:
        """The routed hosts that overlap one: itself, the wildcards over it, and what is under it."""
        if is_wildcard(host):
            yield from (routed for routed in self.positions if subset_of(routed, host))
        candidates = covering(host) if self.has_wildcards else (host,)
        yield from (routed for routed in candidates if routed in self.positions)


class GatewayKey(Key, frozen=True):
    """A gateway (`namespace/name`), and the namespace of a proxy that serves it."""

    namespace: str
    gateway: str


@query
def routed_at_gateway(snapshot: Snapshot, key: GatewayKey) -> RoutedHosts:
    """What is bound to a gateway, as far as the proxy's namespace may see it."""
    return RoutedHosts.of(snapshot.virtual_services.for_gateway(key.namespace, key.gateway))
