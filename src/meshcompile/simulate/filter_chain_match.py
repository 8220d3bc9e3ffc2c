"""The filter chain of a connection (`listener_manager/filter_chain_manager_impl.cc`).

Envoy asks for one criterion after the other. At each, it keeps the chains with the most specific match and forgets the
others: there is no way back.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from meshcompile.envoy.config.listener import FilterChain, FilterChainMatch
from meshcompile.simulate.cidr import longest_match
from meshcompile.simulate.listener_filters import InspectedConnection
from meshcompile.simulate.streams import FailedCheck, NearMiss

Specificity = Callable[[FilterChainMatch, InspectedConnection], int | None]


@dataclass(frozen=True, slots=True)
class Criterion:
    """One criterion: how specifically a chain matches it, None for not at all, and what it wants and what there is."""

    field: str
    subject: str
    specificity: Specificity
    wanted: Callable[[FilterChainMatch], str]
    found: Callable[[InspectedConnection], str]


@dataclass(frozen=True, slots=True)
class ChosenChain:
    """The index of the chain, or None if none matches. `near_misses` are the chains that some criterion ruled out.

    `depends_on` is an input of a matcher that is not known.
    """

    index: int | None
    near_misses: tuple[NearMiss, ...] = ()
    depends_on: str = ""


def chosen_chain(chains: Sequence[FilterChain], connection: InspectedConnection, pointer: str) -> ChosenChain:
    """The chain that matches a connection. `pointer` is the place of the chains."""
    left = list(range(len(chains)))
    misses: list[NearMiss] = []
    for criterion in CRITERIA:
        ranked = {index: criterion.specificity(_match(chains[index]), connection) for index in left}
        best = max((rank for rank in ranked.values() if rank is not None), default=None)
        kept = [index for index in left if best is not None and ranked[index] == best]
        misses += (_miss(chains[i], f"{pointer}/{i}", criterion, connection) for i in left if i not in kept)
        left = kept
    return ChosenChain(left[0] if left else None, tuple(misses))


def _match(chain: FilterChain) -> FilterChainMatch:
    return chain.filter_chain_match or FilterChainMatch()


def _miss(chain: FilterChain, pointer: str, criterion: Criterion, connection: InspectedConnection) -> NearMiss:
    wanted = criterion.wanted(_match(chain)) or "one that no other chain has"
    place = f"{pointer}/filterChainMatch/{criterion.field}"
    return NearMiss(pointer, chain.name, (FailedCheck(place, criterion.subject, wanted, criterion.found(connection)),))


def _exact(wanted: Iterable[object], found: object) -> int | None:
    """2 for one of the wanted values, 1 if none is wanted."""
    values = tuple(wanted)
    return 1 if not values else 2 if found in values else None


def _destination_port(match: FilterChainMatch, connection: InspectedConnection) -> int | None:
    return _exact((match.destination_port,) if match.destination_port else (), connection.connection.port)


def _destination_address(match: FilterChainMatch, connection: InspectedConnection) -> int | None:
    if not match.prefix_ranges:
        return 0
    return longest_match(match.prefix_ranges, connection.connection.destination)


def _server_name(match: FilterChainMatch, connection: InspectedConnection) -> int | None:
    """More for a longer name, most for the name itself."""
    if not match.server_names:
        return 0
    name = connection.server_name
    if name in match.server_names:
        return 1000
    return max((len(each) for each in match.server_names if each[:2] == "*." and _under(name, each[1:])), default=None)


def _under(name: str, suffix: str) -> bool:
    return name.endswith(suffix) and len(name) > len(suffix)


def _transport_protocol(match: FilterChainMatch, connection: InspectedConnection) -> int | None:
    return _exact((match.transport_protocol,) if match.transport_protocol else (), connection.transport_protocol)


def _application_protocols(match: FilterChainMatch, connection: InspectedConnection) -> int | None:
    """More for a protocol that the client names earlier."""
    if not match.application_protocols:
        return 0
    offered = connection.application_protocols
    return max(
        (len(offered) - i for i, each in enumerate(offered) if each in match.application_protocols), default=None
    )


def _direct_source_address(match: FilterChainMatch, connection: InspectedConnection) -> int | None:
    if not match.direct_source_prefix_ranges:
        return 0
    return longest_match(match.direct_source_prefix_ranges, connection.connection.source)


def _source_type(match: FilterChainMatch, connection: InspectedConnection) -> int | None:
    source, destination = connection.connection.source, connection.connection.destination
    is_local = source == destination or ip_address(source).is_loopback
    wanted = {"SAME_IP_OR_LOOPBACK": True, "EXTERNAL": False}.get(match.source_type)
    return 1 if wanted is None else 2 if wanted == is_local else None


def _source_address(match: FilterChainMatch, connection: InspectedConnection) -> int | None:
    if not match.source_prefix_ranges:
        return 0
    return longest_match(match.source_prefix_ranges, connection.connection.source)


def _source_port(match: FilterChainMatch, connection: InspectedConnection) -> int | None:
    return _exact(match.source_ports, connection.connection.source_port)


def _ranges(ranges: Iterable[object]) -> str:
    return ", ".join(f"{getattr(r, 'address_prefix', '')}/{getattr(r, 'prefix_len', 0) or 0}" for r in ranges)


CRITERIA = (
    Criterion(
        "destinationPort",
        "destination port",
        _destination_port,
        lambda match: str(match.destination_port or ""),
        lambda c: str(c.connection.port),
    ),
    Criterion(
        "prefixRanges",
        "destination address",
        _destination_address,
        lambda match: _ranges(match.prefix_ranges),
        lambda c: c.connection.destination,
    ),
    Criterion(
        "serverNames", "server name", _server_name, lambda match: ", ".join(match.server_names), lambda c: c.server_name
    ),
    Criterion(
        "transportProtocol",
        "transport protocol",
        _transport_protocol,
        lambda match: match.transport_protocol,
        lambda c: c.transport_protocol,
    ),
    Criterion(
        "applicationProtocols",
        "application protocol",
        _application_protocols,
        lambda match: ", ".join(match.application_protocols),
        lambda c: ", ".join(c.application_protocols),
    ),
    Criterion(
        "directSourcePrefixRanges",
        "source address",
        _direct_source_address,
        lambda match: _ranges(match.direct_source_prefix_ranges),
        lambda c: c.connection.source,
    ),
    Criterion("sourceType", "source", _source_type, lambda match: match.source_type, lambda c: c.connection.source),
    Criterion(
        "sourcePrefixRanges",
        "source address",
        _source_address,
        lambda match: _ranges(match.source_prefix_ranges),
        lambda c: c.connection.source,
    ),
    Criterion(
        "sourcePorts",
        "source port",
        _source_port,
        lambda match: ", ".join(map(str, match.source_ports)),
        lambda c: str(c.connection.source_port),
    ),
)
