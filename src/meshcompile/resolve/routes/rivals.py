"""Names and domains of virtual hosts, each given to the first that claims it: istiod's `dedupeDomains`."""

from collections.abc import Iterator

from msgspec import Struct, field

from meshcompile.codes.routes import DUPLICATE_DOMAIN, SHADOWED_VIRTUAL_SERVICE
from meshcompile.diagnostics import Diagnostic, Related
from meshcompile.documents import Origin
from meshcompile.resolve.routes.claims import Claim
from meshcompile.resolve.routes.table import Origins
from meshcompile.snapshot.virtual_services import MergedVirtualService


class Contender(Struct, frozen=True):
    """A host and the domains that it wants; `variants` are those that only abbreviate or complete its name."""

    host: str
    domains: tuple[str, ...]
    variants: frozenset[str]
    origins: Origins


class Rivals(Struct):
    """What is taken on a port, by whom; `known_hosts` are the full names of services, kept free of short forms."""

    known_hosts: frozenset[str]
    findings: list[Diagnostic] = field(default_factory=list)
    _names: dict[str, Claim] = field(default_factory=dict)
    _domains: dict[str, tuple[str, Claim]] = field(default_factory=dict)

    def take(self, name: str, contender: Contender, claim: Claim) -> tuple[str, ...]:
        """The domains that nobody had; none when somebody had the name of the virtual host."""
        owner = self._names.get(name)
        if owner is None:
            self._names[name] = claim
            return tuple(self._free(contender, claim))
        if owner is not claim and owner.virtual_service is not None and claim.virtual_service is not None:
            self.findings.append(_shadowed(contender.host, claim, owner, owner.virtual_service))
        return ()

    def _free(self, contender: Contender, claim: Claim) -> Iterator[str]:
        """The domains that nobody had. A variant of a name is left to the service whose full name it is."""
        for domain in contender.domains:
            key, is_variant = domain.lower(), domain in contender.variants
            owner = self._domains.get(key)
            if owner is None:
                if not (is_variant and domain in self.known_hosts):
                    self._domains[key] = (contender.host, claim)
                    yield domain
            elif owner[0] != contender.host and not is_variant:
                self.findings.append(_duplicate(domain, contender.host, claim, *owner))


def _shadowed(host: str, claim: Claim, owner: Claim, winner: MergedVirtualService) -> Diagnostic:
    return SHADOWED_VIRTUAL_SERVICE(
        _place(host, claim),
        host=host,
        other=f"{winner.namespace}/{winner.name}",
        related=(Related("the one that routes it", _place(host, owner)),),
    )


def _duplicate(domain: str, host: str, claim: Claim, other: str, owner: Claim) -> Diagnostic:
    return DUPLICATE_DOMAIN(
        _place(host, claim),
        domain=domain,
        host=host,
        other=other,
        port=claim.port,
        related=(Related(f"{other} comes from here", _place(other, owner)),),
    )


def _place(host: str, claim: Claim) -> Origin:
    """Where a claim names the host; the claim itself where it does not."""
    virtual_service = claim.virtual_service
    if virtual_service is None or host not in virtual_service.hosts:
        return claim.origins[0]
    return virtual_service.origin.at("spec", "hosts", virtual_service.hosts.index(host))
