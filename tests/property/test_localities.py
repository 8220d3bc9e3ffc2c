"""Locality load balancing, for groups and settings of any kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from hypothesis import given
from hypothesis import strategies as st

from meshcompile.behaviour import ISTIO_1_30
from meshcompile.models.networking.localities import LocalityDistribute, LocalityFailover
from meshcompile.proxy import ProxyType
from meshcompile.resolve.endpoints.locality_balancing import LocalitySettings, balanced, covers
from meshcompile.resolve.endpoints.locality_groups import LbEndpoint, LocalityGroup, total_weight
from meshcompile.resolve.endpoints.split_horizon import reachable
from meshcompile.resolve.scope.clients import ClientKey
from meshcompile.snapshot.networks import NetworkGateway, NetworkGateways
from meshcompile.values.localities import Locality


def client(where: Locality, labels: Mapping[str, str], network: str = "") -> ClientKey:
    """A sidecar of this locality, with these labels, in this network."""
    return ClientKey(
        type=ProxyType.SIDECAR,
        cluster="Kubernetes",
        network=network,
        visible_networks=None,
        locality=where,
        node_name="",
        labels=tuple(sorted(labels.items())),
        has_labels=True,
        ipv4=True,
        ipv6=False,
        certificates=None,
        preserves_header_case=False,
        credential_socket=False,
        file_credential_socket=False,
        opens_tunnels=True,
    )


parts = st.sampled_from(["", "a", "b"])
localities = st.builds(Locality, parts, parts, parts)
labels = st.dictionaries(st.sampled_from(["zone", "tier"]), st.sampled_from(["x", "z"]), max_size=2)
endpoints = st.builds(
    LbEndpoint,
    address=st.sampled_from(["10.0.0.1", "10.0.0.2", "10.0.0.3"]),
    port=st.just(80),
    weight=st.integers(1, 5),
    telemetry=st.just(";;;;"),
    tls_mode=st.sampled_from(["", "istio"]),
    network=st.sampled_from(["", "home", "away"]),
    labels=labels,
)


@st.composite
def groups(draw: st.DrawFn) -> tuple[LocalityGroup, ...]:
    wheres = draw(st.lists(localities, unique=True, max_size=4))
    found = [(where, tuple(draw(st.lists(endpoints, min_size=1, max_size=4)))) for where in wheres]
    return tuple(LocalityGroup(where, members, total_weight(members)) for where, members in found)


failovers = st.lists(st.builds(LocalityFailover, from_=parts, to=parts), max_size=2).map(tuple)
priorities = st.lists(st.sampled_from(["zone", "tier", "tier=x"]), unique=True, max_size=3).map(tuple)
settings = st.builds(LocalitySettings, failover=failovers, failover_priority=priorities, forced=st.booleans())


def members(found: Sequence[LocalityGroup]) -> Counter[LbEndpoint]:
    return Counter(endpoint for group in found for endpoint in group.endpoints)


@given(groups(), settings, localities, labels, st.booleans())
def test_failover(
    found: tuple[LocalityGroup, ...], wanted: LocalitySettings, where: Locality, own: dict[str, str], notices: bool
) -> None:
    """Failover keeps all endpoints and their weights, and numbers priorities from 0 without gaps."""
    result = balanced(found, wanted, client(where, own), notices)
    assert members(result) == members(found)
    ranks = {group.priority for group in result}
    assert ranks == set(range(len(ranks)))
    assert all(group.weight == total_weight(group.endpoints) for group in result)


@given(groups(), localities)
def test_nearest_first(found: tuple[LocalityGroup, ...], where: Locality) -> None:
    """A group that shares more of the client's locality never has a lower priority."""
    result = balanced(found, LocalitySettings(), client(where, {}), True)
    ranked = sorted(result, key=lambda group: group.priority)
    shared = [_shared(where, group.locality) for group in ranked]
    assert shared == sorted(shared, reverse=True)


def _shared(a: Locality, b: Locality) -> int:
    return next((index for index, (x, y) in enumerate(zip(a, b, strict=True)) if x != y), 3)


@given(groups(), st.dictionaries(st.sampled_from(["a/*", "b/a/*", "b/b"]), st.integers(1, 100), min_size=1), localities)
def test_distribution(found: tuple[LocalityGroup, ...], shares: dict[str, int], where: Locality) -> None:
    """A group has endpoints exactly if a share covers it, with at least its part of that share."""
    distribute = (LocalityDistribute(from_="*", to=shares),)
    result = balanced(found, LocalitySettings(distribute=distribute), client(where, {}), False)
    for before, after in zip(found, result, strict=True):
        covering = [share for rule, share in shares.items() if covers(rule, before.locality)]
        assert bool(after.endpoints) == bool(covering)
        assert not covering or after.weight is None or 1 <= after.weight <= max(covering)


@given(groups(), st.integers(1, 3), st.sampled_from(["", "home"]))
def test_gateways_carry_the_weight(found: tuple[LocalityGroup, ...], count: int, network: str) -> None:
    """Weights are scaled equally, and the weight behind gateways is divided without remainder."""
    far = tuple(NetworkGateway(f"192.0.2.{n}", 443, "away") for n in range(count))
    gateways = NetworkGateways({"away": far}, {}, count)
    proxy = client(Locality(), {}, network)
    result = reachable(found, gateways, proxy, ISTIO_1_30)
    for before, after in zip(found, result, strict=True):
        kept = [e for e in before.endpoints if e.network != "away" or e.takes_mutual_tls]
        assert (after.weight or 0) == count * sum(endpoint.weight for endpoint in kept)
