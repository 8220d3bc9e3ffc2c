"""The virtual hosts of a sidecar's port. Each domain is in one of them.

Follows istiod's `BuildSidecarOutboundVirtualHosts`.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property

from msgspec import Struct
from msgspec.structs import replace

from meshcompile.diagnostics import Diagnostic
from meshcompile.queries import Key, query
from meshcompile.resolve.routes.claims import (
    EVERY_PORT,
    EgressListenerKey,
    HostClaim,
    RoutePort,
    claims,
    route_port,
)
from meshcompile.resolve.routes.domain_table import Candidate, DomainTable
from meshcompile.resolve.routes.domains import host_with_port, in_brackets, namespaces_of
from meshcompile.resolve.routes.local_names import (
    AssignedDomains,
    NamedService,
    domains_of,
    in_namespace,
    with_port_only,
)
from meshcompile.resolve.routes.route_key import RouteKey
from meshcompile.resolve.routes.table import ANY_DOMAIN, VirtualHost
from meshcompile.resolve.scope.sidecar import EgressListener, SidecarScope
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.values.ports import Protocol, protocol_named


class PortVirtualHosts(Struct, frozen=True, dict=True):
    """The virtual hosts of a port, sorted by name, and the findings about them."""

    virtual_hosts: tuple[VirtualHost, ...]
    findings: tuple[Diagnostic, ...]

    def only_for(self, host: str, name: str) -> tuple[VirtualHost, ...]:
        """The virtual host of one service, for every domain. The listener of a sniffed port serves one service only."""
        matches = {virtual_host: None for domain in (host, name) for virtual_host in self._by_domain.get(domain, ())}
        if len(matches) != 1:
            return tuple(matches)
        return tuple(replace(virtual_host, domains=(ANY_DOMAIN,)) for virtual_host in matches)

    @cached_property
    def _by_domain(self) -> Mapping[str, list[VirtualHost]]:
        index: dict[str, list[VirtualHost]] = {}
        for each in self.virtual_hosts:
            for domain in each.domains:
                index.setdefault(domain, []).append(each)
        return index


class PortKey(Key, frozen=True):
    """A port of an egress listener, or EVERY_PORT, for one kind of client."""

    listener: EgressListenerKey
    client: RouteKey
    port: int


def port_key(scope: SidecarScope, client: RouteKey, port: int, name: str) -> PortKey | None:
    """The key of a port; None when no egress listener serves it. `name` identifies a unix socket, whose port is 0."""
    rank = scope.egress_rank(port, name)
    if rank is None:
        return None
    routed = EVERY_PORT if _is_http_proxy(scope.egress_listeners[rank]) else port
    return PortKey(EgressListenerKey(scope.key, rank), client, routed)


@query
def virtual_hosts_on(snapshot: Snapshot, key: PortKey) -> PortVirtualHosts:
    """The virtual hosts of a port without the catch-all."""
    claimed = claimed_on(snapshot, key)
    virtual_hosts = (each for each in claimed if isinstance(each, VirtualHost))
    return PortVirtualHosts(
        tuple(sorted(virtual_hosts, key=lambda virtual_host: virtual_host.name)),
        tuple(each for each in claimed if isinstance(each, Diagnostic)),
    )


@query
def claimed_on(snapshot: Snapshot, key: PortKey) -> tuple[VirtualHost | Diagnostic, ...]:
    """The virtual hosts of a port in the order of claims, then findings. An edit keeps what it does not affect."""
    elsewhere = key.client.of_no_namespace
    if elsewhere is not None:
        shared = replace(key, client=elsewhere)
        local = in_namespace(
            assigned_on(snapshot, shared), claimed_on(snapshot, shared), elsewhere, key.client, key.port
        )
        if local is not None:
            return local
    assigned = assigned_on(snapshot, key)
    return (*assigned.virtual_hosts, *assigned.findings)


@query
def assigned_on(snapshot: Snapshot, key: PortKey) -> AssignedDomains:
    """The virtual hosts of a port, each with the domains that no earlier claim has."""
    on_port = route_port(snapshot, key.listener, key.client, key.port)
    host_claims = tuple(claims(snapshot, on_port))
    domain_table = DomainTable(frozenset(name for claim in host_claims for name in _full_names(claim)))
    virtual_hosts: list[VirtualHost] = []
    services: dict[str, list[NamedService]] = {}
    for claim in host_claims:
        for candidate, virtual_host in _virtual_hosts(claim, on_port, domain_table):
            position = None if virtual_host is None else len(virtual_hosts)
            if candidate.service is not None:
                named = NamedService(candidate.host, candidate.service, claim, position)
                for namespace in namespaces_of(candidate.host, candidate.service):
                    services.setdefault(namespace, []).append(named)
            if virtual_host is not None:
                virtual_hosts.append(virtual_host)
    return AssignedDomains(tuple(virtual_hosts), tuple(domain_table.findings), services, domain_table.labels)


def _is_http_proxy(listener: EgressListener) -> bool:
    port = None if listener.spec is None else listener.spec.port
    return port is not None and protocol_named(port.protocol) is Protocol.HTTP_PROXY


def _full_names(claim: HostClaim) -> Iterator[str]:
    for host, _ in claim.services:
        yield from (host, host_with_port(host, claim.port))


def _virtual_hosts(
    claim: HostClaim, on_port: RoutePort, domain_table: DomainTable
) -> Iterator[tuple[Candidate, VirtualHost | None]]:
    """The candidates of a claim that get their name, each with its virtual host; None if all domains have owners."""
    attempt_count = on_port.client.attempt_count
    for candidate in _candidates(claim, on_port):
        name = host_with_port(candidate.host, claim.port)
        taken = domain_table.assign(name, candidate, claim)
        if taken is not None:
            domains = with_port_only(taken, claim, on_port.port)
            yield (
                candidate,
                VirtualHost(name, domains, claim.routes, attempt_count, origins=candidate.origins) if domains else None,
            )


def _candidates(claim: HostClaim, on_port: RoutePort) -> Iterator[Candidate]:
    """The hosts of a claim without a service, then its services."""
    for host in claim.hosts:
        name = host.lower()
        yield Candidate(name, (in_brackets(name),), frozenset(), None, claim.origins)
    for host, service in claim.services:
        domains, variants = domains_of(host, service, claim, on_port.client, on_port.port)
        origins = claim.origins if claim.virtual_service is None else (*claim.origins, service.origin)
        yield Candidate(host, domains, variants, service, origins)
