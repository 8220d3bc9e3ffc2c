"""Trust domains in policies. A mesh that changes its trust domain keeps the old one as an alias.

Follows istiod's `trustdomain.Bundle`.
"""

from collections.abc import Iterable, Iterator

from msgspec import Struct

# The placeholder in policies for the mesh's own trust domain.
OWN = "cluster.local"


class TrustDomains(Struct, frozen=True):
    """The trust domains of a mesh: its own, then the aliases."""

    names: tuple[str, ...]

    def principals(self, principals: Iterable[str]) -> tuple[str, ...]:
        """The principals (`td/ns/shop/sa/catalog`), with one in every trust domain for each of the mesh's own.

        A principal without a trust domain, or with a foreign one, stays the same.
        """
        return tuple(alias for principal in principals for alias in self._aliases(principal))

    def expanded(self, domains: Iterable[str]) -> tuple[str, ...]:
        """The trust domains without duplicates. Each trust domain of the mesh expands to all of them."""
        names = (name for domain in domains for name in (self.names if domain in self.names else (domain,)))
        return tuple(dict.fromkeys(names))

    def _aliases(self, principal: str) -> Iterable[str]:
        domain, *rest = principal.split("/")
        if len(rest) != 4 or domain == "*":
            return (principal,)
        if domain != OWN and not any(_overlap(domain, name) for name in self.names):
            return (principal,)
        return dict.fromkeys(self._in_each(principal, domain, "/".join(rest)))

    def _in_each(self, principal: str, domain: str, identity: str) -> Iterator[str]:
        for name in self.names:
            # `*-td` already covers `old-td` and `new-td`.
            covered = domain.startswith("*") and name.endswith(domain[1:])
            yield principal if covered else f"{name}/{identity}"


def _overlap(a: str, b: str) -> bool:
    """True when the names are equal, or when one starts or ends with a `*` that covers the other."""
    return a == b or b == "*" or _covers(a, b) or _covers(b, a)


def _covers(pattern: str, text: str) -> bool:
    if pattern.endswith("*") and text.startswith(pattern[:-1]):
        return True
    return pattern.startswith("*") and text.endswith(pattern[1:])
