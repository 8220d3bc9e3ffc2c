"""Principals in the trust domains of a mesh."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from meshcompile.resolve.security.trust_domains import TrustDomains

names = st.text("abc", min_size=1, max_size=3)
domains = st.lists(names, min_size=1, max_size=4, unique=True).map(lambda found: TrustDomains(tuple(found)))


@given(domains, names, names)
def test_own_principals_are_in_every_trust_domain(mesh: TrustDomains, namespace: str, account: str) -> None:
    """`cluster.local` is replaced by each trust domain of the mesh, in order."""
    found = mesh.principals([f"cluster.local/ns/{namespace}/sa/{account}"])
    assert found == tuple(f"{name}/ns/{namespace}/sa/{account}" for name in mesh.names)


@given(domains, st.text("ab*/", max_size=12))
def test_nothing_is_lost(mesh: TrustDomains, principal: str) -> None:
    """Values that are not principals, or match any trust domain, are unchanged."""
    parts = principal.split("/")
    if len(parts) != 5 or parts[0] == "*":
        assert mesh.principals([principal]) == (principal,)
    else:
        assert mesh.principals([principal])


@given(domains)
def test_expanding_twice_is_expanding_once(mesh: TrustDomains) -> None:
    """Expanding trust domains is idempotent."""
    once = mesh.expanded([mesh.names[0], "other"])
    assert mesh.expanded(once) == once
