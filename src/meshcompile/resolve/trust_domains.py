"""Trust domains in policies: a mesh that changes its trust domain keeps the old one as an alias.

Follows istiod's `trustdomain.Bundle`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

# In policies, the mesh's own trust domain whatever it is called.
OWN = "cluster.local"


@dataclass(frozen=True)
class TrustDomains:
    """The trust domains of a mesh: its own first, then the aliases."""

    names: tuple[str, ...]

    def principals(self, principals: Iterable[str]) -> tuple[str, ...]:
        """The principals (`td/ns/shop/sa/catalog`), each of the mesh's own in every one of its trust domains.

        What names no trust domain, or a foreign one, stays as it is.
        """
        return tuple(alias for principal in principals for alias in self._aliases(principal))

    def expanded(self, domains: Iterable[str]) -> tuple[str, ...]:
        """The trust domains, each of the mesh's own replaced by all of them; each once."""
        found = (name for domain in domains for name in (self.names if domain in self.names else (domain,)))
        return tuple(dict.fromkeys(found))

    def _aliases(self, principal: str) -> Iterable[str]:
        domain, *rest = principal.split("/")
        if len(rest) != 4 or domain == "*":
            return (principal,)
        if domain != OWN and not any(_overlap(domain, name) for name in self.names):
            return (principal,)
        return dict.fromkeys(self._in_each(principal, domain, "/".join(rest)))

    def _in_each(self, principal: str, domain: str, identity: str) -> Iterator[str]:
        for name in self.names:
            # `*-td` stands for `old-td` and `new-td` already.
            covered = domain.startswith("*") and name.endswith(domain[1:])
            yield principal if covered else f"{name}/{identity}"


def _overlap(a: str, b: str) -> bool:
    """True when the names are equal, or one has a `*` in front or at the end that covers the other."""
    return a == b or b == "*" or _covers(a, b) or _covers(b, a)


def _covers(pattern: str, text: str) -> bool:
    if pattern.endswith("*") and text.startswith(pattern[:-1]):
        return True
    return pattern.startswith("*") and text.endswith(pattern[1:])
