"""Gateways: the proxies that serve them, their servers, and the routes that are bound to them."""

from collections.abc import Iterator

from meshcompile.describe.description import DescribedFact
from meshcompile.describe.usage import full_name, names
from meshcompile.describe.world import DescribedWorld, RunningProxy
from meshcompile.models.base import Resource
from meshcompile.models.networking.gateway import Gateway
from meshcompile.models.networking.virtual_service import MESH_GATEWAY
from meshcompile.snapshot.virtual_services import MergedVirtualService


def gateways_of(world: DescribedWorld, resource: Resource) -> tuple[Gateway, ...]:
    """The Gateways that an object is, or becomes."""
    document = resource.origin.document
    return tuple(each for each in world.snapshot.gateways.all if each.origin.document is document)


def serving(world: DescribedWorld, gateway: str) -> list[RunningProxy]:
    """The proxies that serve a Gateway, by `namespace/name`."""
    return [each for each in world.proxies if gateway in each.facts.gateway.gateways]


def servers(world: DescribedWorld, resource: Resource) -> Iterator[DescribedFact]:
    """The servers of a Gateway."""
    for gateway in gateways_of(world, resource):
        for server in gateway.spec.servers:
            tls = f", TLS {server.tls.mode.value}" if server.tls is not None else ""
            hosts = ", ".join(server.hosts)
            yield DescribedFact(f"port {server.port.number} {server.port.protocol}{tls} for {hosts}", server.origin)


def gateway_proxies(world: DescribedWorld, resource: Resource) -> Iterator[DescribedFact]:
    """The proxies that serve a Gateway, and the ports on which they listen."""
    found = [each for gateway in gateways_of(world, resource) for each in serving(world, gateway.full_name)]
    if not found:
        yield DescribedFact("no proxy serves it", resource.origin, problem=True)
    for running in dict.fromkeys(found):
        wanted = {gateway.full_name for gateway in gateways_of(world, resource)}
        opened = running.facts.gateway.servers.items()
        ports = sorted({port.number for port, each in opened for s in each.servers if s.gateway in wanted})
        listed = ", ".join(map(str, ports))
        yield DescribedFact(
            f"{running.name} listens on {listed or 'no port of it'}", world.mesh.origin_of(running.proxy), not ports
        )


def routes(world: DescribedWorld, resource: Resource) -> Iterator[DescribedFact]:
    """The VirtualServices and routes that are bound to a Gateway."""
    wanted = {gateway.full_name for gateway in gateways_of(world, resource)}
    found = [each for each in world.snapshot.virtual_services.all if wanted & set(each.gateways)]
    for merged in found:
        yield DescribedFact(f"{full_name(merged)} for {', '.join(merged.hosts)}", merged.origin)
    if not found and wanted:
        yield DescribedFact("no route is bound to it, so HTTP requests get 404", resource.origin, problem=True)


def exposure(world: DescribedWorld, hosts: frozenset[str]) -> Iterator[DescribedFact]:
    """The gateways through which hosts of services are reached from outside."""
    for merged in world.snapshot.virtual_services.all:
        if not hosts & _targets(merged):
            continue
        for name in merged.gateways:
            if name != MESH_GATEWAY:
                yield _exposed(world, merged, name)


def _exposed(world: DescribedWorld, merged: MergedVirtualService, name: str) -> DescribedFact:
    via = f"through {full_name(merged)}"
    gateway = next((each for each in world.snapshot.gateways.all if each.full_name == name), None)
    if gateway is None:
        return DescribedFact(f"{via}: there is no gateway {name}", merged.origin, problem=True)
    proxies = serving(world, name)
    ports = ", ".join(f"{each.port.number} {each.port.protocol}" for each in gateway.spec.servers)
    served = f"served by {names(proxies)}" if proxies else "no proxy serves it"
    hosts = ", ".join(merged.hosts)
    details = (DescribedFact(via, merged.origin),)
    return DescribedFact(f"{hosts} at gateway {name}, port {ports}: {served}", gateway.origin, not proxies, details)


def _targets(merged: MergedVirtualService) -> frozenset[str]:
    tls = (target.destination.host for rule in merged.tls for target in rule.route)
    tcp = (target.destination.host for rule in merged.tcp for target in rule.route)
    return frozenset((*merged.destination_hosts, *tls, *tcp))
