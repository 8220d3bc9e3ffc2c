"""The description of a subject: a table of the sections of each kind."""

from collections.abc import Callable, Iterator

from meshcompile.describe import destinations, gateways, mutual_tls, policies, routing, services, usage
from meshcompile.describe.description import DescribedFact, DescribedSection, Description, section
from meshcompile.describe.subjects import subject
from meshcompile.describe.world import DescribedWorld, RunningProxy
from meshcompile.models.base import Resource
from meshcompile.models.networking.destination_rule import DestinationRule
from meshcompile.proxy import Proxy, ProxyType
from meshcompile.snapshot.service import Service

Sections = Iterator[DescribedSection]


def description(world: DescribedWorld, name: str) -> Description:
    """What a name stands for, described. Raises UnknownObject, with similar names."""
    found = subject(world.mesh, name)
    if found.resource is not None:
        return _of_object(world, found.resource)
    if found.proxy is None:
        raise AssertionError("a subject is a proxy or an object")
    return _of_proxy(world, found.proxy)


def _of_object(world: DescribedWorld, resource: Resource) -> Description:
    sections = SECTIONS.get(resource.kind, _of_other)
    return Description(
        resource.kind, resource.name, resource.namespace, resource.origin, tuple(sections(world, resource))
    )


def _of_proxy(world: DescribedWorld, proxy: Proxy) -> Description:
    name = next((each.workload for each in world.mesh.named_proxies if each.pod_id == proxy.id), proxy.id)
    running = world.running(proxy, name)
    workload = name.rpartition(".")[0]
    sections = tuple(_proxy_sections(world, running))
    return Description("Proxy", workload, proxy.namespace, world.mesh.origin_of(proxy), sections)


def _proxy_sections(world: DescribedWorld, running: RunningProxy) -> Sections:
    yield from section("proxy", _proxy(world, running))
    yield from section("services", _targets(running))
    if running.proxy.type is ProxyType.SIDECAR:
        yield from section("mutual TLS", mutual_tls.server_modes(running))
    yield from section("policies", policies.policies(world, running))
    yield from section("gateways", _served(world, running))
    yield from section("behind the waypoint", _behind(running))
    hosts = frozenset(target.service.hostname for target in running.facts.targets)
    if running.proxy.type is ProxyType.SIDECAR:
        yield from section("exposed by gateways", gateways.exposure(world, hosts))


def _proxy(world: DescribedWorld, running: RunningProxy) -> Iterator[DescribedFact]:
    proxy = running.proxy
    account = proxy.service_account or "default"
    yield DescribedFact(
        f"{proxy.type.value} of Istio {proxy.node_metadata.istio_version}, service account {account}, pod {proxy.id}"
    )
    sidecar = running.facts.scope.sidecar
    if sidecar is not None:
        yield DescribedFact(f"Sidecar {sidecar.full_name} limits what it sees", sidecar.origin)


def _targets(running: RunningProxy) -> Iterator[DescribedFact]:
    for target in running.facts.targets:
        port = f"port {target.port.number} ({target.port.name})" if target.port.name else f"port {target.port.number}"
        yield DescribedFact(f"{target.service.hostname} {port} on {target.target_port}", target.port.origin)
    if not running.facts.targets:
        yield DescribedFact("no Service selects it", problem=True)


def _served(world: DescribedWorld, running: RunningProxy) -> Iterator[DescribedFact]:
    for port, merged in running.facts.gateway.servers.items():
        for server in merged.servers:
            hosts = ", ".join(server.hosts)
            yield DescribedFact(
                f"port {port.number} {port.protocol} for {hosts}: Gateway {server.gateway}", server.origin
            )
    if running.proxy.is_router and not running.facts.gateway.servers:
        yield DescribedFact("no Gateway selects it", problem=True)


def _behind(running: RunningProxy) -> Iterator[DescribedFact]:
    for service in running.facts.behind.services:
        yield DescribedFact(f"{service.hostname}", service.origin)


def _of_service(world: DescribedWorld, resource: Resource) -> Sections:
    for service in services.services_of(world, resource):
        yield from _service_sections(world, service)
    yield from section("findings", usage.findings(world, resource))


def _service_sections(world: DescribedWorld, service: Service) -> Sections:
    running = services.behind(world, service)
    yield from section(f"ports of {service.hostname}", services.ports(world, service))
    yield from section("workloads", services.servers(world, service))
    yield from section("mutual TLS", mutual_tls.client_modes(world, service, running))
    yield from section("routing in the mesh", services.routing(world, service))
    yield from section("waypoint", services.waypoint(world, service))
    yield from section("exposed by gateways", gateways.exposure(world, frozenset((service.hostname,))))
    held = {(fact.say, fact.origin): fact for each in running for fact in policies.policies(world, each)}
    yield from section("policies of its workloads", held.values())


def _of_routes(world: DescribedWorld, resource: Resource) -> Sections:
    yield from section("hosts", routing.hosts(world, resource))
    yield from section("rules", routing.rules(world, resource))
    yield from _of_other(world, resource)


def _of_destination_rule(world: DescribedWorld, resource: Resource) -> Sections:
    if isinstance(resource, DestinationRule):
        yield from section("clients", destinations.clients(world, resource))
        yield from section("subsets", destinations.subsets(world, resource))
    yield from _of_other(world, resource)


def _of_gateway(world: DescribedWorld, resource: Resource) -> Sections:
    if not gateways.gateways_of(world, resource):  # a waypoint, or a Gateway of another controller
        yield from _of_other(world, resource)
        return
    yield from section("servers", gateways.servers(world, resource))
    yield from section("proxies", gateways.gateway_proxies(world, resource))
    yield from section("routes", gateways.routes(world, resource))
    yield from section("status", usage.conditions(world, resource))
    yield from section("findings", usage.findings(world, resource))


def _of_other(world: DescribedWorld, resource: Resource) -> Sections:
    yield from section("proxies", usage.usage(world, resource))
    yield from section("status", usage.conditions(world, resource))
    yield from section("findings", usage.findings(world, resource))


SECTIONS: dict[str, Callable[[DescribedWorld, Resource], Sections]] = {
    "Service": _of_service,
    "ServiceEntry": _of_service,
    "VirtualService": _of_routes,
    **dict.fromkeys(("HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "Ingress"), _of_routes),
    "DestinationRule": _of_destination_rule,
    "Gateway": _of_gateway,
}
"""The sections of each kind. The other kinds say which proxies use them, and what the checks found."""
