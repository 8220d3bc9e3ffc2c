"""Connections to the filter chains of a waypoint, which chooses them by the address that a client calls."""

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from meshcompile.compare.policies import allowed_identities
from meshcompile.envoy.config.listener import FilterChain, Listener
from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpConnectionManager
from meshcompile.envoy.protobuf import StringValue
from meshcompile.envoy.xds.core import TypedExtensionConfig
from meshcompile.envoy.xds.type.matcher import (
    IPMatcher,
    Matcher,
    MatcherMatcherTree,
    MatcherMatcherTreeMatchMap,
    MatcherOnMatch,
)
from meshcompile.simulate import DownstreamConnection
from meshcompile.simulate.rbac_conditions import PEER_PRINCIPAL

MESH_IDENTITY = "spiffe://cluster.local/ns/default/sa/default"


def at_chain(connection: DownstreamConnection, listener: Listener, chain: FilterChain) -> DownstreamConnection:
    """A connection that a matcher of addresses leads to a filter chain, as it comes out of a tunnel."""
    address, port = next(_leads(listener.filter_chain_matcher, chain.name), (connection.destination, 0))
    managers = (each.typed_config for each in chain.filters)
    manager = next((each for each in managers if isinstance(each, HttpConnectionManager)), None)
    allowed = allowed_identities(manager) if manager is not None else ()
    named = as_client(connection, next(iter(allowed), MESH_IDENTITY))
    return replace(named, destination=address, port=port or connection.port or ANY_PORT, listener=listener.name)


ANY_PORT = 80


def as_client(connection: DownstreamConnection, identity: str) -> DownstreamConnection:
    """The connection of a client with a SPIFFE identity, which is known at the end of a tunnel."""
    return replace(connection, filter_state={PEER_PRINCIPAL: identity})


def served_at(chain: str) -> str:
    """The host that a filter chain of a waypoint is for, from its name: `inbound-vip|80|http|HOST`; "" for another."""
    return chain.rpartition("|")[2] if chain.startswith("inbound-vip|") else ""


def _leads(matcher: Matcher | None, chain: str) -> Iterator[tuple[str, int]]:
    """The addresses and ports that lead to a chain."""
    tree = (matcher.matcher_tree if matcher is not None else None) or MatcherMatcherTree()
    match tree:
        case MatcherMatcherTree(custom_match=TypedExtensionConfig(typed_config=IPMatcher(range_matchers=ranges))):
            for each in ranges:
                found = next(_ports(each.on_match, chain), None) if each.on_match is not None else None
                if found is not None and each.ranges:
                    yield each.ranges[0].address_prefix, found
        case _:
            return


def _ports(on_match: MatcherOnMatch, chain: str, port: int = 0) -> Iterator[int]:
    match on_match:
        case MatcherOnMatch(action=TypedExtensionConfig(typed_config=StringValue(value=name))) if name == chain:
            yield port
        case MatcherOnMatch(matcher=Matcher() as inner):
            for key, each in (*_branches(inner).items(), *_otherwise(inner)):
                yield from _ports(each, chain, int(key) if key.isdecimal() else port)
        case _:
            return


def _branches(matcher: Matcher) -> Mapping[str, MatcherOnMatch]:
    match matcher.matcher_tree:
        case MatcherMatcherTree(exact_match_map=MatcherMatcherTreeMatchMap(map=found)):
            return found
        case _:
            return {}


def _otherwise(matcher: Matcher) -> Iterator[tuple[str, MatcherOnMatch]]:
    if matcher.on_no_match is not None:
        yield "", matcher.on_no_match
