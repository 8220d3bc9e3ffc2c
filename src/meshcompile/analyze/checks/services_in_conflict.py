"""Services that cannot share a listener or a domain of a sidecar.

A sidecar is resolved only if some services have an address and a port in common, and only SIDECARS of them are.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import islice

from meshcompile.analyze.context import Context
from meshcompile.analyze.fleet import sidecars
from meshcompile.codes.listeners import LISTENER_CONFLICT, PROTOCOL_CONFLICT
from meshcompile.codes.routes import DUPLICATE_DOMAIN
from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Origin
from meshcompile.resolve.facts import ProxyFacts
from meshcompile.snapshot.service import UNSPECIFIED_ADDRESS, Registry, Service, ServicePort
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.values.ports import Protocol

SIDECARS = 16
"""The most sidecars that are resolved."""
CONFLICTS = frozenset({LISTENER_CONFLICT.id, PROTOCOL_CONFLICT.id})
WITHOUT_NAMES = frozenset({Protocol.TCP, Protocol.MONGO, Protocol.MYSQL, Protocol.REDIS, Protocol.AUTO})
"""Protocols whose connections do not carry the host."""
REPORTED_WITHOUT_ADDRESS = frozenset({Protocol.TCP, Protocol.AUTO})
"""Protocols of ServiceEntries without addresses that another check reports."""

Use = tuple[Service, ServicePort]
Socket = tuple[str, int]


def services_in_conflict(context: Context) -> Iterator[Diagnostic]:
    """A finding for each port that gets no listener, and each domain that belongs to another service."""
    snapshot = context.snapshot
    ports, domains = _of_listeners(snapshot), _of_domains(snapshot)
    if not ports and not domains:
        return
    from meshcompile.resolve.routes import route_table  # for a fast start: few meshes have conflicts

    found: dict[Origin, Diagnostic] = {}
    for facts in islice(sidecars(snapshot), SIDECARS):
        for each in _conflicts(snapshot, facts, ports) if ports else ():
            found.setdefault(each.origin, each)
        for number in sorted(set(domains.values())):
            for each in route_table(snapshot, facts, str(number)).findings:
                if each.code == DUPLICATE_DOMAIN.id and each.origin in domains:
                    found.setdefault(each.origin, each)
        if found.keys() >= ports | domains.keys():
            break
    yield from found.values()


def _conflicts(snapshot: Snapshot, facts: ProxyFacts, ports: frozenset[Origin]) -> Iterator[Diagnostic]:
    from meshcompile.resolve.listeners.proxy_listeners import listeners  # for a fast start, as above

    found = listeners(snapshot, facts).findings
    return (each for each in found if each.code in CONFLICTS and each.origin in ports)


def _of_listeners(snapshot: Snapshot) -> frozenset[Origin]:
    """The places of ports that may conflict with those of other services."""
    uses: dict[Socket, list[Use]] = defaultdict(list)
    for service in snapshot.services.all:
        for port in service.ports:
            if port.protocol in WITHOUT_NAMES:
                uses[service.address, port.number].append((service, port))
            elif port.protocol.is_http:
                uses[UNSPECIFIED_ADDRESS, port.number].append((service, port))
    shared = (group for group in uses.values() if len(group) > 1 and _may_conflict(group))
    return frozenset(
        port.origin or service.origin
        for group in shared
        for service, port in group
        if not _is_reported(service, port, group)
    )


def _may_conflict(group: list[Use]) -> bool:
    """True for several hosts, unless routes or names distinguish all of their requests."""
    from meshcompile.resolve.outbound.egress import SERVER_FIRST  # for a fast start: few meshes share ports

    protocols = [port.protocol for _, port in group if not port.protocol.is_http]
    hosts = {service.hostname for service, _ in group}
    is_mixed = not SERVER_FIRST.isdisjoint(protocols)
    return len(hosts) > 1 and (is_mixed or (len(protocols) > 1 and set(protocols) != {Protocol.AUTO}))


def _is_reported(service: Service, port: ServicePort, group: list[Use]) -> bool:
    """True for a ServiceEntry whose address is the cause, which other checks say."""
    if service.registry is not Registry.EXTERNAL:
        return service.address == UNSPECIFIED_ADDRESS  # each endpoint has an address
    if service.address == UNSPECIFIED_ADDRESS:
        return port.protocol in REPORTED_WITHOUT_ADDRESS
    return sum(each.registry is Registry.EXTERNAL for each, _ in group) > 1


def _of_domains(snapshot: Snapshot) -> Mapping[Origin, int]:
    """The places of services that share an address and a port for HTTP, with the port."""
    uses: dict[Socket, list[Service]] = defaultdict(list)
    for service in snapshot.services.all:
        if service.address != UNSPECIFIED_ADDRESS:
            for port in service.ports:
                if port.protocol.is_http:
                    uses[service.address, port.number].append(service)
    shared = {socket: group for socket, group in uses.items() if len({each.hostname for each in group}) > 1}
    return {service.origin: number for (_, number), group in shared.items() for service in group}
