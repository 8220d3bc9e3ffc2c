"""The virtual hosts of a port in one namespace.

A client has other names than clients elsewhere only for the services of its own namespace: `catalog` in addition to
`catalog.shop`. So the clients of all namespaces share the virtual hosts of all other services.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from meshcompile.diagnostics import Diagnostic
from meshcompile.resolve.routes.claims import EVERY_PORT, HTTP_PORT, HostClaim
from meshcompile.resolve.routes.domains import namespace_of, service_domains
from meshcompile.resolve.routes.route_key import RouteKey
from meshcompile.resolve.routes.table import VirtualHost
from meshcompile.snapshot.service import Service


class NamedService(Struct, frozen=True):
    """A service that got its name on a port, and the claim that routes it.

    `position` is that of its virtual host; None when other services have all of its domains.
    """

    host: str
    service: Service
    claim: HostClaim
    position: int | None


class AssignedDomains(Struct, frozen=True):
    """The virtual hosts of a port in the order of claims, and the findings about them.

    `services` are by the namespaces in which they have further names. `labels` are the domains of one label, in lower
    case: such names are short for others only in their own namespace.
    """

    virtual_hosts: tuple[VirtualHost, ...]
    findings: tuple[Diagnostic, ...]
    services: Mapping[str, Sequence[NamedService]]
    labels: frozenset[str]


def domains_of(
    named_host: str, service: Service, claim: HostClaim, client: RouteKey, port: int
) -> tuple[tuple[str, ...], frozenset[str]]:
    """The domains of a service on a port, or on EVERY_PORT, and the variants among them."""
    only = claim.port if port == EVERY_PORT else None
    return service_domains(service, named_host, only, client.domain, client.addressing)


def with_port_only(domains: tuple[str, ...], claim: HostClaim, port: int) -> tuple[str, ...]:
    """The domains that a claim can have: where ports share a table, only domains with a port tell ports apart."""
    if port != EVERY_PORT or claim.port == HTTP_PORT:
        return domains
    return tuple(domain for domain in domains if ":" in domain)


def in_namespace(
    assigned: AssignedDomains,
    virtual_hosts: Sequence[VirtualHost | Diagnostic],
    elsewhere: RouteKey,
    client: RouteKey,
    port: int,
) -> tuple[VirtualHost | Diagnostic, ...] | None:
    """The virtual hosts for a client in a namespace, from those for a client `elsewhere`, in no namespace.

    None if a name in the namespace is also a name of something else. Then the order of all claims decides.
    """
    result, taken = list(virtual_hosts), set(assigned.labels)
    for named in assigned.services.get(namespace_of(client.domain), ()):
        names, _ = domains_of(named.host, named.service, named.claim, client, port)
        known, _ = domains_of(named.host, named.service, named.claim, elsewhere, port)
        added = set(names) - set(known)
        labels = {name.lower() for name in added}
        if named.position is None or not taken.isdisjoint(labels):
            return None
        taken |= labels
        shared = virtual_hosts[named.position]
        assert isinstance(shared, VirtualHost)
        own = added.union(shared.domains)
        domains = tuple(dict.fromkeys(name for name in names if name in own))
        result[named.position] = replace(shared, domains=with_port_only(domains, named.claim, port))
    return tuple(result)
