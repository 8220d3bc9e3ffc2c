"""The connections that come to each filter chain of a listener.

Envoy asks for one criterion after the other and keeps the chains with the most specific match, as
`meshcompile.simulate.filter_chain_match` does. The dimensions are `port`, `destination`, `source`, `source_port`,
`tls`, `sni`, and `first:A,B`: the first of these application protocols that the client offers, or that it speaks.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import reduce
from ipaddress import IPv4Network, IPv6Network
from typing import TypeAlias

from msgspec import Struct

from meshcompile.envoy.config.core import CidrRange
from meshcompile.envoy.config.listener import (
    FilterChain,
    FilterChainMatch,
    Listener,
    ListenerFilterChainMatchPredicate,
    ListenerFilterChainMatchPredicateMatchSet,
)
from meshcompile.envoy.extensions.filters.listener.http_inspector import HttpInspector
from meshcompile.envoy.extensions.filters.listener.original_dst import OriginalDst
from meshcompile.envoy.extensions.filters.listener.original_src import OriginalSrc
from meshcompile.envoy.extensions.filters.listener.proxy_protocol import ProxyProtocol
from meshcompile.envoy.extensions.filters.listener.tls_inspector import TlsInspector
from meshcompile.envoy.type import Int32Range
from meshcompile.simulate.cidr import network
from meshcompile.simulate.string_match import type_name
from meshcompile.spaces import (
    EVERYTHING,
    NO_REQUESTS,
    Space,
    Undecided,
    any_of,
    choices,
    ending_with,
    exactly,
    ranges,
    space,
)
from meshcompile.symbolic.addresses import addresses
from meshcompile.symbolic.rbac import PORTS
from meshcompile.symbolic.subjects import NAMES

FIRST = "first:"
"""The first letters of dimensions for the application protocol of a connection, with the names that count."""


class InspectedConnections(Struct, frozen=True):
    """Connections of which listener filters know the same. `protocols` says whether they know the protocol."""

    connections: Space
    transport: str
    server_name: bool
    protocols: bool


class ChainConnections(Struct, frozen=True):
    """The connections that come to a filter chain. `chain` is None for those that no chain takes."""

    chain: FilterChain | None
    connections: Space


def chain_connections(listener: Listener) -> tuple[ChainConnections, ...]:
    """The connections of each filter chain of a listener, in the order of the chains; last those of the default one.

    Raises:
        Undecided: The listener has a filter or a criterion that cannot be expressed.
    """
    if listener.filter_chain_matcher is not None:
        raise Undecided(f"the listener {listener.name} has a matcher for its filter chains")
    found: dict[int | None, list[Space]] = {index: [] for index in (*range(len(listener.filter_chains)), None)}
    matches = {
        index: chain.filter_chain_match or FilterChainMatch() for index, chain in enumerate(listener.filter_chains)
    }
    for inspection in _inspections(listener):
        for index, connections in _split(matches, inspection, inspection.connections, 0):
            found[index].append(connections)
    chains = (*listener.filter_chains, listener.default_filter_chain)
    return tuple(ChainConnections(chain, any_of(found[i])) for chain, i in zip(chains, found, strict=True))


def _inspections(listener: Listener) -> Iterator[InspectedConnections]:
    """The connections by what listener filters find out about them."""
    names, protocols = _inspected(listener, TlsInspector), _inspected(listener, HttpInspector)
    known = (TlsInspector, HttpInspector, OriginalDst, OriginalSrc, ProxyProtocol)
    for each in listener.listener_filters:
        if not isinstance(each.typed_config, known):
            raise Undecided(f"the listener filter {each.name} ({type_name(each.typed_config)}) is not evaluated")
    secured, plain = space(tls=choices(True)), space(tls=choices(False), sni=exactly(""))
    yield InspectedConnections(secured & space(sni=NAMES) & names, "tls", True, True)
    yield InspectedConnections((secured & space(sni=NAMES)) - names, "raw_buffer", False, False)
    yield InspectedConnections(plain & protocols, "raw_buffer", False, True)
    yield InspectedConnections(plain - protocols, "raw_buffer", False, False)


def _inspected(listener: Listener, kind: type) -> Space:
    """The connections that a listener filter looks at."""
    filters = (each for each in listener.listener_filters if isinstance(each.typed_config, kind))
    return any_of(EVERYTHING if each.filter_disabled is None else ~_met(each.filter_disabled) for each in filters)


def _met(predicate: ListenerFilterChainMatchPredicate) -> Space:
    """The connections for which a condition on connections holds."""
    match predicate:
        case ListenerFilterChainMatchPredicate(any_match=bool(wanted)):
            return EVERYTHING if wanted else NO_REQUESTS
        case ListenerFilterChainMatchPredicate(destination_port_range=Int32Range(start=start, end=end)):
            return space(port=ranges([(start, end)], PORTS))
        case ListenerFilterChainMatchPredicate(not_match=ListenerFilterChainMatchPredicate() as inner):
            return ~_met(inner)
        case ListenerFilterChainMatchPredicate(or_match=ListenerFilterChainMatchPredicateMatchSet(rules=rules)):
            return any_of(map(_met, rules))
        case ListenerFilterChainMatchPredicate(and_match=ListenerFilterChainMatchPredicateMatchSet(rules=rules)):
            return reduce(Space.__and__, map(_met, rules), EVERYTHING)
        case _:
            return NO_REQUESTS


Matches: TypeAlias = dict[int, FilterChainMatch]
"""The chains that are left, by index."""
Region: TypeAlias = tuple[Space, Sequence[int]]
"""Connections, and the chains that are left for them."""
Criterion: TypeAlias = Callable[[Matches, InspectedConnections], Iterator[Region]]


def _split(
    matches: Matches, inspection: InspectedConnections, connections: Space, at: int
) -> Iterator[tuple[int | None, Space]]:
    """The connections by chain, from a criterion on."""
    if not matches:
        yield None, connections
    elif at == len(CRITERIA):
        yield min(matches), connections
    else:
        for region, kept in CRITERIA[at](matches, inspection):
            inside = connections & region
            if not inside.is_empty:
                yield from _split({index: matches[index] for index in kept}, inspection, inside, at + 1)


def _ports(matches: Matches, _: InspectedConnections) -> Iterator[Region]:
    named = sorted({each.destination_port for each in matches.values() if each.destination_port})
    for port in named:
        one = ranges([(port, port + 1)], PORTS)
        yield space(port=one), [i for i, each in matches.items() if each.destination_port == port]
    others = ~ranges([(port, port + 1) for port in named], PORTS)
    yield (space(port=others) if named else EVERYTHING), [i for i, m in matches.items() if not m.destination_port]


def _addresses(dimension: str, ranges_of: Callable[[FilterChainMatch], Sequence[CidrRange]]) -> Criterion:
    """The criterion of an address: the longest range that has it decides."""

    def regions(matches: Matches, _: InspectedConnections) -> Iterator[Region]:
        networks: dict[IPv4Network | IPv6Network, CidrRange] = {}
        for cidr in (cidr for each in matches.values() for cidr in ranges_of(each)):
            networks.setdefault(network(cidr), cidr)
        if any(one.prefixlen == 0 for one in networks) and not all(map(ranges_of, matches.values())):
            raise Undecided("a filter chain names all addresses, and another one none: Envoy takes either")
        rest = EVERYTHING
        for one in sorted(networks, key=lambda each: (-each.prefixlen, str(each))):
            inside = space({dimension: addresses(networks[one])})
            yield rest & inside, [i for i, m in matches.items() if _has(one, ranges_of(m))]
            rest = rest - inside
        yield rest, [index for index, each in matches.items() if not ranges_of(each)]

    return regions


def _has(one: IPv4Network | IPv6Network, cidrs: Sequence[CidrRange]) -> bool:
    """Whether some ranges have a network."""
    return any(network(cidr) == one for cidr in cidrs)


def _server_names(matches: Matches, inspection: InspectedConnections) -> Iterator[Region]:
    rest = NAMES
    names = {name for each in matches.values() for name in each.server_names} if inspection.server_name else set()
    for name in sorted(names, key=lambda each: (each.startswith("*."), -len(each), each)):
        wild = name.startswith("*.")
        taken = ending_with(name[1:]) - exactly(name[1:]) if wild else exactly(name)
        yield space(sni=rest & taken), [i for i, each in matches.items() if name in each.server_names]
        rest = rest - taken
    unnamed = [index for index, each in matches.items() if not each.server_names]
    yield (space(sni=rest) if inspection.server_name else EVERYTHING), unnamed


def _transport(matches: Matches, inspection: InspectedConnections) -> Iterator[Region]:
    named = [index for index, each in matches.items() if each.transport_protocol == inspection.transport]
    yield EVERYTHING, named or [index for index, each in matches.items() if not each.transport_protocol]


def _protocols(matches: Matches, inspection: InspectedConnections) -> Iterator[Region]:
    unnamed = [index for index, each in matches.items() if not each.application_protocols]
    named = sorted({name for each in matches.values() for name in each.application_protocols})
    if not named or not inspection.protocols:
        yield EVERYTHING, unnamed
        return
    dimension = f"{FIRST}{','.join(named)}"
    for name in named:
        yield space({dimension: choices(name)}), [i for i, m in matches.items() if name in m.application_protocols]
    yield space({dimension: choices(None)}), unnamed


def _source_types(matches: Matches, _: InspectedConnections) -> Iterator[Region]:
    if any(each.source_type not in ("", "ANY") for each in matches.values()):
        raise Undecided("a filter chain asks for the type of the source")
    yield EVERYTHING, list(matches)


def _source_ports(matches: Matches, _: InspectedConnections) -> Iterator[Region]:
    named = sorted({port for each in matches.values() for port in each.source_ports})
    for port in named:
        one = ranges([(port, port + 1)], PORTS)
        yield space(source_port=one), [i for i, each in matches.items() if port in each.source_ports]
    others = ~ranges([(port, port + 1) for port in named], PORTS)
    yield (space(source_port=others) if named else EVERYTHING), [i for i, m in matches.items() if not m.source_ports]


CRITERIA: tuple[Criterion, ...] = (
    _ports,
    _addresses("destination", lambda match: match.prefix_ranges),
    _server_names,
    _transport,
    _protocols,
    _addresses("source", lambda match: match.direct_source_prefix_ranges),
    _source_types,
    _addresses("source", lambda match: match.source_prefix_ranges),
    _source_ports,
)
"""In Envoy's order."""
