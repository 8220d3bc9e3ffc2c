"""The VirtualServices that share a host. At a gateway, Envoy tries the rules of all of them."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from msgspec import Struct

from meshcompile.models.networking.virtual_service import MESH_GATEWAY, HTTPMatchRequest
from meshcompile.snapshot.virtual_services import MergedVirtualService
from meshcompile.values.hosts import covering, is_wildcard, subset_of


class Neighbours(Struct, frozen=True):
    """VirtualServices by (gateway, host). `wildcards` are the wildcard hosts of each gateway."""

    by_host: Mapping[tuple[str, str], tuple[MergedVirtualService, ...]]
    concrete: Mapping[str, tuple[str, ...]]

    def sharing(self, virtual_service: MergedVirtualService) -> Iterator[MergedVirtualService]:
        """The VirtualServices that may match requests for the same hosts: itself, and the others at its gateways."""
        yield virtual_service
        for gateway in virtual_service.gateways:
            if gateway != MESH_GATEWAY:
                for host in virtual_service.hosts:
                    yield from self._of(gateway, host)

    def _of(self, gateway: str, host: str) -> Iterator[MergedVirtualService]:
        names = set(covering(host))
        if is_wildcard(host):
            names |= {name for name in self.concrete.get(gateway, ()) if subset_of(name, host)}
        for name in names:
            yield from self.by_host.get((gateway, name), ())


def neighbours(virtual_services: tuple[MergedVirtualService, ...]) -> Neighbours:
    """The index of all VirtualServices."""
    by_host: dict[tuple[str, str], list[MergedVirtualService]] = defaultdict(list)
    hosts: dict[str, dict[str, None]] = defaultdict(dict)
    for virtual_service in virtual_services:
        for gateway in virtual_service.gateways:
            for host in virtual_service.hosts if gateway != MESH_GATEWAY else ():
                by_host[gateway, host].append(virtual_service)
                hosts[gateway][host] = None
    return Neighbours(
        {key: tuple(group) for key, group in by_host.items()},
        {gateway: tuple(names) for gateway, names in hosts.items()},
    )


def matches_of(virtual_service: MergedVirtualService) -> Iterator[HTTPMatchRequest | None]:
    """Every match of the HTTP rules, in order. None stands for a rule without matches."""
    for rule in virtual_service.http:
        yield from rule.match or (None,)
