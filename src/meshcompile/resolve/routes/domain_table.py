"""The names and domains of virtual hosts. The first claim gets each of them. Follows istiod's `dedupeDomains`."""

from collections.abc import Iterator

from msgspec import Struct, field

from meshcompile.codes.routes import DUPLICATE_DOMAIN, SHADOWED_VIRTUAL_SERVICE
from meshcompile.diagnostics import Diagnostic, Related
from meshcompile.documents import Origin
from meshcompile.resolve.routes.claims import HostClaim
from meshcompile.resolve.routes.table import Origins
from meshcompile.snapshot.service import Service
from meshcompile.snapshot.virtual_services import MergedVirtualService


class Candidate(Struct, frozen=True):
    """A host and the domains that it claims, with its service if it has one.

    `variants` are the domains that abbreviate or complete its name.
    """

    host: str
    domains: tuple[str, ...]
    variants: frozenset[str]
    service: Service | None
    origins: Origins


class DomainTable(Struct):
    """The names and domains of a port, with their owners.

    `known_hosts` are the full names of services, which no variant of another name can take.
    """

    known_hosts: frozenset[str]
    findings: list[Diagnostic] = field(default_factory=list)
    _names: dict[str, HostClaim] = field(default_factory=dict)
    _domains: dict[str, tuple[str, HostClaim]] = field(default_factory=dict)

    def assign(self, name: str, candidate: Candidate, claim: HostClaim) -> tuple[str, ...] | None:
        """The domains that a candidate gets: those without an owner. None if the virtual host has an owner."""
        owner = self._names.get(name)
        if owner is None:
            self._names[name] = claim
            free = tuple(self._free(candidate, claim))
            return candidate.domains if len(free) == len(candidate.domains) else free
        if owner is not claim and owner.virtual_service is not None and claim.virtual_service is not None:
            self.findings.append(_shadowed(candidate.host, claim, owner, owner.virtual_service))
        return None

    @property
    def labels(self) -> frozenset[str]:
        """The domains of one label, such as `catalog`, `catalog:80` and `*.catalog`, in lower case."""
        return frozenset(domain for domain in self._domains if "." not in domain.removeprefix("*."))

    def _free(self, candidate: Candidate, claim: HostClaim) -> Iterator[str]:
        """The domains without an owner. A variant that is the full name of another service stays free for it."""
        owners, variants, own = self._domains, candidate.variants, (candidate.host, claim)
        for domain in candidate.domains:
            key = domain.lower()
            owner = owners.get(key)
            if owner is None:
                if domain not in self.known_hosts or domain not in variants:
                    owners[key] = own
                    yield domain
            elif owner[0] != candidate.host and domain not in variants:
                self.findings.append(_duplicate(domain, candidate.host, claim, *owner))


def _shadowed(host: str, claim: HostClaim, owner: HostClaim, winner: MergedVirtualService) -> Diagnostic:
    return SHADOWED_VIRTUAL_SERVICE(
        _place(host, claim),
        host=host,
        other=f"{winner.namespace}/{winner.name}",
        related=(Related("the one that routes it", _place(host, owner)),),
    )


def _duplicate(domain: str, host: str, claim: HostClaim, other: str, owner: HostClaim) -> Diagnostic:
    return DUPLICATE_DOMAIN(
        _place(host, claim),
        domain=domain,
        host=host,
        other=other,
        port=claim.port,
        related=(Related(f"{other} comes from here", _place(other, owner)),),
    )


def _place(host: str, claim: HostClaim) -> Origin:
    """The place where a claim names the host, or else the place of the claim."""
    virtual_service = claim.virtual_service
    if virtual_service is None or host not in virtual_service.hosts:
        return claim.origins[0]
    return virtual_service.origin.at("spec", "hosts", virtual_service.hosts.index(host))
