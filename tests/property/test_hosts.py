"""The algebra of hosts and the domains of services, for hosts of any kind."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from meshcompile.documents import NOWHERE
from meshcompile.models.base import ObjectMeta
from meshcompile.models.networking.gateway import Gateway, Port, Server
from meshcompile.resolve.gateways.from_gateway import gateway_server
from meshcompile.resolve.outbound.routed_hosts import RoutedHosts
from meshcompile.resolve.routes.domains import short_forms
from meshcompile.resolve.routes.gateway import ServerHosts
from meshcompile.snapshot.virtual_services import MergedVirtualService
from meshcompile.values.hosts import overlaps, specificity, subset_of

labels = st.sampled_from(["a", "b", "svc", "shop", "cluster", "local", "com"])
names = st.lists(labels, min_size=1, max_size=5).map(".".join)
hosts = st.one_of(names, names.map(lambda name: f"*.{name}"), st.just("*"))


@given(hosts, hosts)
def test_overlap_is_symmetric(a: str, b: str) -> None:
    """Overlapping is symmetric, and a subset overlaps."""
    assert overlaps(a, b) == overlaps(b, a)
    assert not subset_of(a, b) or overlaps(a, b)


@given(hosts, hosts, hosts)
def test_subsets_are_ordered(a: str, b: str, c: str) -> None:
    """Being a subset is reflexive, transitive and antisymmetric."""
    assert subset_of(a, a)
    assert not (subset_of(a, b) and subset_of(b, c)) or subset_of(a, c)
    assert not (subset_of(a, b) and subset_of(b, a)) or a == b


@given(hosts, hosts)
def test_a_subset_is_at_least_as_specific(a: str, b: str) -> None:
    """A subset of a wildcard sorts before it."""
    assert not subset_of(a, b) or specificity(a) <= specificity(b)


@given(st.lists(hosts, min_size=1, max_size=6, unique=True), st.lists(hosts, min_size=1, max_size=6, unique=True))
def test_shared_hosts_are_the_intersection(of_server: list[str], of_routes: list[str]) -> None:
    """The hosts of a server and a VirtualService intersect in the narrower host of every overlapping pair."""
    pairs = ((a, b) for a in of_server for b in of_routes if overlaps(a, b))
    expected = {a if subset_of(a, b) else b for a, b in pairs}
    server = Server(port=Port(number=80, protocol="HTTP", name="http"), hosts=tuple(of_server))
    gateway = Gateway(metadata=ObjectMeta(name="gw", namespace="edge"))
    assert set(ServerHosts(gateway_server(gateway, server, 80)).shared_with(tuple(of_routes), "shop")) == expected


@given(names, names)
def test_short_forms_are_heads_of_the_name(name: str, domain: str) -> None:
    """A short name is a prefix of its full host."""
    for short in short_forms(name, domain):
        assert name.startswith(short)


def routing(hosts: list[str]) -> MergedVirtualService:
    """A VirtualService for some hosts, without rules."""
    return MergedVirtualService("v", "shop", "", tuple(hosts), ("mesh",), frozenset("*"), (), (), (), origin=NOWHERE)


host_lists = st.lists(hosts, min_size=1, max_size=4, unique=True)


@given(st.lists(host_lists, max_size=6), host_lists)
def test_index_of_routed_hosts(of_routes: list[list[str]], wanted: list[str]) -> None:
    """The index finds exactly the VirtualServices with an overlapping host, in their order."""
    virtual_services = [routing(each) for each in of_routes]
    expected = [vs for vs in virtual_services if any(overlaps(a, b) for a in vs.hosts for b in wanted)]
    assert list(RoutedHosts.of(virtual_services).overlapping(wanted)) == expected
