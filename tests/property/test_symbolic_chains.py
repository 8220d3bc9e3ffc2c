"""The connections of filter chains are those for which Envoy's algorithm chooses the chain."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from meshcompile.envoy.config.core import CidrRange
from meshcompile.envoy.config.listener import (
    FilterChain,
    FilterChainMatch,
    Listener,
    ListenerFilter,
    ListenerFilterChainMatchPredicate,
)
from meshcompile.envoy.extensions.filters.listener.http_inspector import HttpInspector
from meshcompile.envoy.extensions.filters.listener.tls_inspector import TlsInspector
from meshcompile.envoy.type import Int32Range
from meshcompile.simulate import ClientHello, DownstreamConnection, Spoken
from meshcompile.simulate.filter_chain_match import chosen_chain
from meshcompile.simulate.listener_filters import inspected
from meshcompile.spaces import Undecided
from meshcompile.symbolic.addresses import number
from meshcompile.symbolic.chains import FIRST, chain_connections
from meshcompile.symbolic.subjects import dimensions

PROTOCOLS = ("istio", "istio-http/1.1", "h2", "http/1.1", "h2c")
cidrs = st.sampled_from([("10.0.0.0", 8), ("10.1.0.0", 16), ("10.1.0.5", 32), ("0.0.0.0", 0), ("2001:db8::", 32)]).map(
    lambda pair: CidrRange(address_prefix=pair[0], prefix_len=pair[1])
)
blocks = st.just(()) | st.lists(cidrs, max_size=2).map(tuple)
matches = st.builds(
    FilterChainMatch,
    destination_port=st.sampled_from([None, None, 80, 81]),
    prefix_ranges=blocks,
    server_names=st.just(()) | st.lists(st.sampled_from(["a.b", "*.b", "*.a.b", "c"]), max_size=2).map(tuple),
    transport_protocol=st.sampled_from(["", "", "tls", "raw_buffer"]),
    application_protocols=st.just(()) | st.lists(st.sampled_from(PROTOCOLS), max_size=3).map(tuple),
    source_prefix_ranges=blocks,
    source_ports=st.sampled_from([(), (), (1,), (1, 2)]),
)
disabled = st.none() | st.sampled_from([80, 81]).map(
    lambda port: ListenerFilterChainMatchPredicate(destination_port_range=Int32Range(start=port, end=port + 1))
)


@st.composite
def listeners(draw: st.DrawFn) -> Listener:
    """A listener with filter chains that several connections can come to."""
    inspectors = draw(st.sampled_from([(), (TlsInspector,), (HttpInspector,), (TlsInspector, HttpInspector)]))
    return Listener(
        listener_filters=tuple(
            ListenerFilter(name=kind.__name__, typed_config=kind(), filter_disabled=draw(disabled))
            for kind in inspectors
        ),
        filter_chains=tuple(
            FilterChain(name=str(index), filter_chain_match=each)
            for index, each in enumerate(draw(st.lists(st.none() | matches, min_size=1, max_size=5)))
        ),
    )


addresses = st.sampled_from(["10.0.0.1", "10.1.0.1", "10.1.0.5", "192.0.2.1", "2001:db8::1"])
hellos = st.builds(
    ClientHello,
    sni=st.sampled_from(["", "a.b", "x.b", "x.a.b", "b", ".b", "c"]),
    alpn=st.lists(st.sampled_from(PROTOCOLS), unique=True, max_size=3).map(tuple),
)
connections = st.builds(
    DownstreamConnection,
    destination=addresses,
    port=st.sampled_from([80, 81, 82]),
    source=addresses,
    source_port=st.sampled_from([1, 2, 3]),
    spoken=st.sampled_from([Spoken.HTTP11, Spoken.HTTP2, Spoken.TCP]),
    tls=st.none() | hellos,
)


def by_dimension(listener: Listener, connection: DownstreamConnection, names: set[str]) -> dict[str, Any]:
    """A connection by dimension."""
    hello = connection.tls
    seen = inspected(listener, connection, None)
    return {
        "port": connection.port,
        "destination": number(connection.destination),
        "source": number(connection.source),
        "source_port": connection.source_port,
        "tls": hello is not None,
        "sni": hello.sni if hello is not None else "",
        **{
            name: next(
                (each for each in seen.application_protocols if each in name.removeprefix(FIRST).split(",")), None
            )
            for name in names
            if name.startswith(FIRST)
        },
    }


def names_all_or_none(listener: Listener) -> bool:
    """Whether one chain names all addresses and another one none, so that Envoy takes either."""
    matches = [each.filter_chain_match or FilterChainMatch() for each in listener.filter_chains]
    for ranges in ([m.prefix_ranges for m in matches], [m.source_prefix_ranges for m in matches]):
        if not all(ranges) and any(not one.prefix_len for each in ranges for one in each):
            return True
    return False


@settings(max_examples=150)
@given(listeners(), st.lists(connections, min_size=5, max_size=30))
def test_connections_come_to_the_chain_that_envoy_chooses(listener: Listener, made: list[DownstreamConnection]) -> None:
    """Each connection is in the space of the chosen chain, and in no other one."""
    assume(not names_all_or_none(listener))
    found = chain_connections(listener)
    names = dimensions(each.connections for each in found)
    for connection in made:
        chosen = chosen_chain(listener.filter_chains, inspected(listener, connection, None), "").index
        values = by_dimension(listener, connection, names)
        taking = [index for index, each in enumerate(found) if each.connections.accepts(values)]
        assert taking == [len(found) - 1 if chosen is None else chosen]


def test_chains_for_all_addresses_and_for_none_are_undecided() -> None:
    """Envoy takes either of two chains if one names all addresses and the other one none."""
    every = FilterChainMatch(source_prefix_ranges=(CidrRange(address_prefix="0.0.0.0", prefix_len=0),))
    listener = Listener(filter_chains=(FilterChain(name="any"), FilterChain(name="every", filter_chain_match=every)))
    with pytest.raises(Undecided, match="names all addresses"):
        chain_connections(listener)
