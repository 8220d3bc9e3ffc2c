"""The conditions of patches on listeners and their parts, in istiod's order."""

from collections.abc import Iterator, Sequence

from meshcompile.envoy.config.listener import Filter, FilterChain, FilterChainMatch, Listener
from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpFilter
from meshcompile.models.networking.envoy_filter import ApplyTo
from meshcompile.patch.patcher import Check, Checks
from meshcompile.resolve.envoy_filters import Condition, Patch

VIRTUAL_LISTENERS = frozenset({"virtualInbound", "virtualOutbound"})
NO_CRITERIA = FilterChainMatch()


def listener_checks(patch: Patch, listener: Listener) -> Iterator[Check]:
    """The conditions of a patch on a listener. The ports of virtual listeners are those of their filter chains."""
    match = patch.match.listener
    if match is None:
        return
    yield Condition.LISTENER_NAME, match.name in ("", listener.name), (listener.name,)
    if patch.apply_to is ApplyTo.LISTENER or listener.name not in VIRTUAL_LISTENERS:
        yield Condition.LISTENER_PORT, match.port_number in (0, _port(listener)), (_port(listener),)


def _port(listener: Listener) -> int | None:
    """The port that a listener binds; None for a listener without a port."""
    address = listener.address.socket_address if listener.address else None
    return None if address is None else address.port_value or 0


def chain_checks(patch: Patch, listener: Listener, chain: FilterChain) -> Iterator[Check]:
    """The conditions of a patch on a filter chain."""
    match = patch.match.listener
    if match is None:
        return
    criteria = chain.filter_chain_match or NO_CRITERIA
    port = criteria.destination_port
    if listener.name in VIRTUAL_LISTENERS:
        yield Condition.LISTENER_PORT, match.port_number in (0, port), (port,)
    chain_match = match.filter_chain
    if chain_match is None:
        return
    protocols = chain_match.application_protocols.split(",") if chain_match.application_protocols else ()
    yield Condition.CHAIN_NAME, chain_match.name in ("", chain.name), (chain.name,)
    yield Condition.CHAIN_SNI, not chain_match.sni or chain_match.sni in criteria.server_names, criteria.server_names
    transport = criteria.transport_protocol
    yield Condition.CHAIN_TRANSPORT, chain_match.transport_protocol in ("", transport), (transport,)
    offered = criteria.application_protocols
    yield Condition.CHAIN_PROTOCOLS, set(protocols) <= set(offered), offered
    yield Condition.CHAIN_PORT, chain_match.destination_port in (0, port), (port,)


def filter_checks(filters: Sequence[Filter], index: int) -> Checks:
    """The conditions of patches on a network filter. They use the filter's current name."""

    def checks(patch: Patch) -> Iterator[Check]:
        name = filters[index].name
        yield Condition.FILTER, filter_name(patch) in (None, name), (name,)

    return checks


def sub_filter_checks(filters: Sequence[HttpFilter], index: int) -> Checks:
    """The conditions of patches on an HTTP filter. They use the filter's current name."""

    def checks(patch: Patch) -> Iterator[Check]:
        name = filters[index].name
        yield Condition.SUB_FILTER, sub_filter_name(patch) in (None, name), (name,)

    return checks


def filter_name(patch: Patch) -> str | None:
    """The network filter that a patch matches; None for any."""
    listener = patch.match.listener
    chain = listener.filter_chain if listener else None
    return chain.filter.name if chain and chain.filter else None


def sub_filter_name(patch: Patch) -> str | None:
    """The HTTP filter that a patch matches; None for any."""
    listener = patch.match.listener
    chain = listener.filter_chain if listener else None
    sub_filter = chain.filter.sub_filter if chain and chain.filter else None
    return sub_filter.name if sub_filter else None
