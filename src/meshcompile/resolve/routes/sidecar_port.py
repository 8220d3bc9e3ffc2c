"""The virtual hosts of a sidecar's port, each domain in one only: istiod's `BuildSidecarOutboundVirtualHosts`."""

from collections.abc import Iterator, Mapping
from functools import cached_property

from msgspec import Struct
from msgspec.structs import replace

from meshcompile.diagnostics import Diagnostic
from meshcompile.queries import Key, query
from meshcompile.resolve.routes.claims import (
    EVERY_PORT,
    HTTP_PORT,
    Claim,
    EgressListenerKey,
    Listening,
    claims,
    listening,
)
from meshcompile.resolve.routes.domains import host_with_port, in_brackets, service_domains
from meshcompile.resolve.routes.rivals import Contender, Rivals
from meshcompile.resolve.routes.shared import RouteKey
from meshcompile.resolve.routes.table import ANY_DOMAIN, VirtualHost
from meshcompile.resolve.scope.sidecar import EgressListener, SidecarScope
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.values.ports import Protocol, protocol_named


class OnPort(Struct, frozen=True, dict=True):
    """The virtual hosts of a port, sorted by name, and what there is to say about them."""

    virtual_hosts: tuple[VirtualHost, ...]
    findings: tuple[Diagnostic, ...]

    def only_for(self, host: str, name: str) -> tuple[VirtualHost, ...]:
        """The virtual host of one service, for every domain: a sniffed port's listener is the service's alone."""
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
    """A port of an egress listener, for one kind of client; EVERY_PORT for all of them."""

    listener: EgressListenerKey
    client: RouteKey
    port: int


def port_key(scope: SidecarScope, client: RouteKey, port: int, name: str) -> PortKey | None:
    """Who routes a port; `name` tells unix sockets, whose port is 0, apart. None when nobody does."""
    rank = scope.egress_rank(port, name)
    if rank is None:
        return None
    routed = EVERY_PORT if _is_http_proxy(scope.egress_listeners[rank]) else port
    return PortKey(EgressListenerKey(scope.key, rank), client, routed)


@query
def virtual_hosts_on(snapshot: Snapshot, key: PortKey) -> OnPort:
    """The virtual hosts of a port without the catch-all."""
    on_port = listening(snapshot, key.listener, key.client, key.port)
    host_claims = tuple(claims(snapshot, on_port))
    rivals = Rivals(frozenset(name for claim in host_claims for name in _full_names(claim)))
    virtual_hosts = [virtual_host for claim in host_claims for virtual_host in _virtual_hosts(claim, on_port, rivals)]
    return OnPort(tuple(sorted(virtual_hosts, key=lambda virtual_host: virtual_host.name)), tuple(rivals.findings))


def _is_http_proxy(listener: EgressListener) -> bool:
    port = None if listener.spec is None else listener.spec.port
    return port is not None and protocol_named(port.protocol) is Protocol.HTTP_PROXY


def _full_names(claim: Claim) -> Iterator[str]:
    for host, _ in claim.services:
        yield from (host, host_with_port(host, claim.port))


def _virtual_hosts(claim: Claim, on_port: Listening, rivals: Rivals) -> Iterator[VirtualHost]:
    """The virtual hosts of a claim, each with the domains that no other has taken."""
    attempt_count = on_port.client.attempt_count
    # Where ports share a table, only the domains that name their port can tell those of a host apart.
    port_only = on_port.port == EVERY_PORT and claim.port != HTTP_PORT
    for contender in _contenders(claim, on_port):
        name = host_with_port(contender.host, claim.port)
        taken = rivals.take(name, contender, claim)
        domains = tuple(domain for domain in taken if ":" in domain) if port_only else taken
        if domains:
            yield VirtualHost(name, domains, claim.routes, attempt_count, origins=contender.origins)


def _contenders(claim: Claim, on_port: Listening) -> Iterator[Contender]:
    """The hosts of a claim that no service has, then its services."""
    for host in claim.hosts:
        name = host.lower()
        yield Contender(name, (in_brackets(name),), frozenset(), claim.origins)
    port = claim.port if on_port.port == EVERY_PORT else None
    for host, service in claim.services:
        domains, variants = service_domains(host, service, port, on_port.client.domain, on_port.client.addressing)
        origins = claim.origins if claim.virtual_service is None else (*claim.origins, service.origin)
        yield Contender(host, domains, variants, origins)
