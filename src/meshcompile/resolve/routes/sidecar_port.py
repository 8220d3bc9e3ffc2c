"""The virtual hosts of a sidecar's port, each domain in one only: istiod's `BuildSidecarOutboundVirtualHosts`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from meshcompile.diagnostics import Diagnostic
from meshcompile.ports import Protocol, protocol_named
from meshcompile.resolve.routes.claims import EVERY_PORT, HTTP_PORT, Claim, Listening, claims
from meshcompile.resolve.routes.domains import host_with_port, in_brackets, service_domains
from meshcompile.resolve.routes.proxy_headers import counts_attempts
from meshcompile.resolve.routes.rivals import Contender, Rivals
from meshcompile.resolve.routes.shared import proxy_traits
from meshcompile.resolve.routes.table import ANY_DOMAIN, VirtualHost
from meshcompile.resolve.scope import EgressListener
from meshcompile.resolve.view import View


@dataclass(frozen=True)
class OnPort:
    """The virtual hosts of a port, sorted by name, and what there is to say about them."""

    virtual_hosts: tuple[VirtualHost, ...]
    findings: tuple[Diagnostic, ...]

    def only_for(self, host: str, name: str) -> tuple[VirtualHost, ...]:
        """The virtual host of one service, for every domain: a sniffed port's listener is the service's alone."""
        found = {each: None for domain in (host, name) for each in self._by_domain.get(domain, ())}
        if len(found) != 1:
            return tuple(found)
        return tuple(replace(each, domains=(ANY_DOMAIN,)) for each in found)

    @cached_property
    def _by_domain(self) -> Mapping[str, list[VirtualHost]]:
        index: dict[str, list[VirtualHost]] = {}
        for each in self.virtual_hosts:
            for domain in each.domains:
                index.setdefault(domain, []).append(each)
        return index


def virtual_hosts_on(view: View, port: int, name: str) -> OnPort:
    """The virtual hosts of a port without the catch-all; `name` tells unix sockets, whose port is 0, apart.

    All sidecars that would get the same share them.
    """
    listener = view.scope.egress_listener(port, name)
    if listener is None:
        return OnPort((), ())
    routed = EVERY_PORT if _is_http_proxy(listener) else port
    key = ("virtual hosts", listener, routed, proxy_traits(view))
    return view.scope.memo.once(key, lambda: _on_port(Listening(view, listener, routed)))


def _is_http_proxy(listener: EgressListener) -> bool:
    port = None if listener.spec is None else listener.spec.port
    return port is not None and protocol_named(port.protocol) is Protocol.HTTP_PROXY


def _on_port(listening: Listening) -> OnPort:
    wanted = tuple(claims(listening))
    rivals = Rivals(frozenset(name for claim in wanted for name in _full_names(claim)))
    made = [each for claim in wanted for each in _virtual_hosts(claim, listening, rivals)]
    return OnPort(tuple(sorted(made, key=lambda each: each.name)), tuple(rivals.findings))


def _full_names(claim: Claim) -> Iterator[str]:
    for host, _ in claim.services:
        yield from (host, host_with_port(host, claim.port))


def _virtual_hosts(claim: Claim, listening: Listening, rivals: Rivals) -> Iterator[VirtualHost]:
    """The virtual hosts of a claim, each with the domains that no other has taken."""
    attempt_count = counts_attempts(listening.view)
    # Where ports share a table, only the domains that name their port can tell those of a host apart.
    port_only = listening.port == EVERY_PORT and claim.port != HTTP_PORT
    for contender in _contenders(claim, listening):
        name = host_with_port(contender.host, claim.port)
        taken = rivals.take(name, contender, claim)
        domains = tuple(domain for domain in taken if ":" in domain) if port_only else taken
        if domains:
            yield VirtualHost(name, domains, claim.routes, attempt_count, origins=contender.origins)


def _contenders(claim: Claim, listening: Listening) -> Iterator[Contender]:
    """The hosts of a claim that no service has, then its services."""
    for host in claim.hosts:
        name = host.lower()
        yield Contender(name, (in_brackets(name),), frozenset(), claim.origins)
    port = claim.port if listening.port == EVERY_PORT else None
    for host, service in claim.services:
        domains, variants = service_domains(host, service, port, listening.view.proxy)
        origins = claim.origins if claim.virtual_service is None else (*claim.origins, service.origin)
        yield Contender(host, domains, variants, origins)
