"""VirtualServices by their hosts."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from meshcompile.queries import Key, query
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.snapshot.virtual_services import MergedVirtualService
from meshcompile.values.hosts import covering, is_wildcard, subset_of


class RoutedHosts(Struct, frozen=True):
    """VirtualServices in order of precedence, and their positions by host (in lower case)."""

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
        """The VirtualServices that share a host with these hosts, in order. A VirtualService can appear twice."""
        overlapping = {routed for host in hosts for routed in self._overlapping(host.lower())}
        for position in sorted({position for host in overlapping for position in self.positions[host]}):
            yield self.virtual_services[position]

    def _overlapping(self, host: str) -> Iterator[str]:
        """The known hosts that overlap a host: the host itself, wildcards that cover it, and hosts that it covers."""
        if is_wildcard(host):
            yield from (routed for routed in self.positions if subset_of(routed, host))
        candidates = covering(host) if self.has_wildcards else (host,)
        yield from (routed for routed in candidates if routed in self.positions)


class GatewayKey(Key, frozen=True):
    """A gateway (`namespace/name`), and the namespace of a proxy that runs it."""

    namespace: str
    gateway: str


@query
def routed_at_gateway(snapshot: Snapshot, key: GatewayKey) -> RoutedHosts:
    """The VirtualServices that are bound to a gateway and visible to the proxy's namespace."""
    return RoutedHosts.of(snapshot.virtual_services.for_gateway(key.namespace, key.gateway))
