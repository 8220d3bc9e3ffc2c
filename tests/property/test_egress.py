"""Merging of listener claims for one address and port."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from meshcompile.resolve.listeners.filter_chain import ChainMatch
from meshcompile.resolve.listeners.traffic import Traffic
from meshcompile.resolve.outbound.egress import SERVER_FIRST, merged_listener
from meshcompile.resolve.outbound.egress_chains import Chain, HttpRoutes
from meshcompile.resolve.outbound.egress_claims import LISTENER_PROTOCOLS, EgressBind, ListenerClaim, ListenerProtocol
from meshcompile.resolve.scope.sidecar import EgressListener
from meshcompile.snapshot.service import Registry, Resolution, Service, ServicePort
from meshcompile.values.ports import Protocol

PLACE = EgressBind(0, EgressListener(None, (), (), {}), (), False)
HTTP = ChainMatch(traffic=Traffic.PLAIN_HTTP)


def claim(name: str, protocol: Protocol) -> ListenerClaim:
    port = ServicePort("port", 80, protocol)
    service = Service(name, "shop", name, Registry.EXTERNAL, Resolution.CLIENT_SIDE_LB, (port,), frozenset({"*"}))
    return ListenerClaim(PLACE, service, port, LISTENER_PROTOCOLS[protocol], ("0.0.0.0",))


def chains_of(asking: ListenerClaim) -> tuple[Chain, ...]:
    """One chain for TCP with the service's name, and one for all HTTP."""
    own = Chain(ChainMatch(server_names=(asking.service.hostname,)), HttpRoutes("", asking.port.protocol))
    http = Chain(HTTP, HttpRoutes("80", asking.port.protocol))
    return {ListenerProtocol.HTTP: (http,), ListenerProtocol.TCP: (own,), ListenerProtocol.AUTO: (own, http)}[
        asking.protocol
    ]


protocols = st.sampled_from(sorted(set(LISTENER_PROTOCOLS) - {Protocol.HTTP_PROXY, Protocol.HBONE}))
groups = st.lists(protocols, min_size=1, max_size=8).map(
    lambda wanted: [claim(f"s{index}", protocol) for index, protocol in enumerate(wanted)]
)


@given(groups)
def test_no_two_chains_take_the_same(group: list[ListenerClaim]) -> None:
    """Envoy rejects a listener with two chains that have equal matches. Merging never creates any."""
    identities = [chain.match.identity for chain in merged_listener(group, chains_of, lambda _: None).chains]
    assert len(identities) == len(set(identities))


@given(groups)
def test_every_claim_is_served_or_reported(group: list[ListenerClaim]) -> None:
    """A claim is part of the listener, is replaced by a later claim, or causes a finding."""
    reported: list[str] = []
    listener = merged_listener(group, chains_of, lambda finding: reported.append(finding.message))
    served = {each.service.hostname for each in listener.claims}
    last = group.index(listener.first)
    for asked in group[last:]:
        assert asked.service.hostname in served or any(f"of {asked.service.hostname} " in m for m in reported)


@given(groups)
def test_server_first_protocols_are_alone(group: list[ListenerClaim]) -> None:
    """If MySQL or MongoDB comes first, no other claim is added."""
    listener = merged_listener(group, chains_of, lambda _: None)
    if listener.first.port.protocol in SERVER_FIRST:
        assert {each.port.protocol for each in listener.claims} == {listener.first.port.protocol}


@given(groups, st.integers(min_value=0, max_value=7))
def test_adding_the_same_claim_again_changes_nothing(group: list[ListenerClaim], index: int) -> None:
    """A service with two claims gets no more chains than with one."""
    again = group[index % len(group)]
    once = merged_listener(group, chains_of, lambda _: None)
    twice = merged_listener([*group, again], chains_of, lambda _: None)
    if again.protocol is not ListenerProtocol.AUTO:
        assert [chain.match.identity for chain in twice.chains][: len(once.chains)] == [
            chain.match.identity for chain in once.chains
        ]
