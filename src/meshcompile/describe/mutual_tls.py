"""Mutual TLS in force: what the ports of a workload take, and what clients of a service send."""

from collections.abc import Iterable, Iterator

from meshcompile.describe.description import DescribedFact
from meshcompile.describe.world import DescribedWorld, RunningProxy
from meshcompile.documents import Origin
from meshcompile.models.networking.destination_rule import ClientTLSSettings, TrafficPolicy
from meshcompile.resolve.security.mtls import service_mode
from meshcompile.snapshot.authentication import MutualTlsMode
from meshcompile.snapshot.destination_rules import MergedDestinationRule
from meshcompile.snapshot.service import Service, ServicePort

TAKES = {
    MutualTlsMode.STRICT: "mutual TLS only",
    MutualTlsMode.PERMISSIVE: "mutual TLS and plain text",
    MutualTlsMode.DISABLE: "plain text only",
}
PLAIN, MUTUAL, OTHER = "plain text", "mutual TLS", "TLS of its own"


def server_modes(running: RunningProxy) -> Iterator[DescribedFact]:
    """The mode of each port that a sidecar serves, and the policies that decide it."""
    policy = running.facts.peer_policy
    policies = tuple(DescribedFact(f"PeerAuthentication {each.full_name}", each.origin) for each in policy.policies)
    yield DescribedFact(f"by default, ports take {TAKES[policy.mode]} ({policy.mode})", details=policies)
    for target in running.facts.targets:
        mode = policy.for_port(target.target_port)
        yield DescribedFact(f"port {target.target_port} takes {TAKES[mode]} ({mode})", target.port.origin)
    served = {target.target_port for target in running.facts.targets}
    for port in sorted(policy.ports.keys() - served):
        yield DescribedFact(
            f"the mode {policy.ports[port]} of port {port} has no effect: no Service leads to it", problem=True
        )


def client_modes(world: DescribedWorld, service: Service, servers: Iterable[RunningProxy]) -> Iterator[DescribedFact]:
    """What clients send to each port of a service, by the namespaces of clients that send the same."""
    running = tuple(servers)
    for port in service.ports:
        for namespaces, rule in rules_by_client(world, service):
            said, origin = _sent(world, service, port, rule)
            server = _server_mode(service, port, running)
            clash = _clash(said, server)
            who = f"clients in {', '.join(namespaces)}" if len(namespaces) < len(_clients(world)) else "clients"
            takes = f", and the server takes {TAKES[server]} ({server})" if server is not None else ""
            yield DescribedFact(f"port {port.number}: {who} send {said}{takes}{clash}", origin, bool(clash))


def rules_by_client(
    world: DescribedWorld, service: Service
) -> Iterator[tuple[tuple[str, ...], MergedDestinationRule | None]]:
    """The DestinationRule in force for a service, by the namespaces of clients."""
    groups: dict[tuple[Origin, ...], tuple[list[str], MergedDestinationRule | None]] = {}
    for namespace in _clients(world):
        found = world.snapshot.destination_rules.lookup(namespace, service)
        rule = next(iter(found), None)
        key = tuple(origin for each in found for origin in each.origins)
        groups.setdefault(key, ([], rule))[0].append(namespace)
    for namespaces, rule in groups.values():
        yield tuple(namespaces), rule


def _clients(world: DescribedWorld) -> tuple[str, ...]:
    return tuple(sorted({each.proxy.namespace for each in world.proxies}))


def _sent(
    world: DescribedWorld, service: Service, port: ServicePort, rule: MergedDestinationRule | None
) -> tuple[str, Origin | None]:
    """What a client sends, and the place that says so."""
    policy = None if rule is None else rule.traffic_policy
    settings = _settings(policy, port.number)
    if settings is not None:
        match settings.mode.value:
            case "DISABLE":
                return PLAIN, settings.origin
            case "ISTIO_MUTUAL":
                return MUTUAL, settings.origin
            case mode:
                return f"{OTHER} ({mode})", settings.origin
    if service_mode(world.snapshot, service, port, policy) in (None, MutualTlsMode.DISABLE):
        return PLAIN, None
    endpoints = world.snapshot.endpoints.named(service, port.name)
    able = sum(each.mtls for each in endpoints)
    if not world.snapshot.mesh.enable_auto_mtls or (endpoints and not able):
        return PLAIN, None
    if able < len(endpoints):
        return f"{MUTUAL} to {able} of {len(endpoints)} endpoints, and {PLAIN} to those without a sidecar", None
    return f"{MUTUAL}, as by default", None


def _settings(policy: TrafficPolicy | None, port: int) -> ClientTLSSettings | None:
    """The TLS settings for a port. Port settings replace those of all ports."""
    if policy is None:
        return None
    own = next((each for each in policy.port_level_settings if each.port and each.port.number == port), None)
    return policy.tls if own is None else own.tls


def _server_mode(service: Service, port: ServicePort, servers: tuple[RunningProxy, ...]) -> MutualTlsMode | None:
    for running in servers:
        for target in running.facts.targets:
            if (target.service.hostname, target.port.number) == (service.hostname, port.number):
                return running.facts.peer_policy.for_port(target.target_port)
    return None


def _clash(sent: str, mode: MutualTlsMode | None) -> str:
    """Why the server refuses what clients send; "" if it does not."""
    match mode:
        case MutualTlsMode.STRICT if sent == PLAIN or sent.startswith(OTHER):
            return ": requests fail"
        case MutualTlsMode.DISABLE if sent == MUTUAL:
            return ": requests fail"
        case _:
            return ""
